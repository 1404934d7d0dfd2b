// Reads a JSON array of queries from standard input and writes, for each, what the official language service says of it:
// its errors with their places, and the columns of its result. The folder of the package is the first argument.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  const full = path.join(process.argv[2], file);
  vm.runInThisContext(fs.readFileSync(full, "utf8"), { filename: full });
}
const { Language } = globalThis.Kusto;
const list = (sequence) => globalThis.System.Linq.Enumerable.from(sequence).ToArray();

function errors(diagnostics) {
  return list(diagnostics)
    .filter((one) => one.Severity === "Error")
    .map((one) => ({ start: one.Start, end: one.Start + one.Length, code: one.Code, message: one.Message }));
}

function judge(query) {
  const code = Language.KustoCode.ParseAndAnalyze(query, Language.GlobalState.Default);
  const columns = code.ResultType && code.ResultType.Columns;
  return {
    errors: errors(code.GetDiagnostics()),
    columns: columns ? list(columns).map((one) => `${one.Name}:${one.Type.Name}`) : null,
    open: Boolean(code.ResultType && code.ResultType.IsOpen),
  };
}

const queries = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(queries.map(judge)));

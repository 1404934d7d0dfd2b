//! What may stand at a place of a query that is being written: tables, operators, columns, functions.
//!
//! It looks at the words before the cursor only, and knows nothing of the terminal.

use kql::{Entry, EntryKind, reference};
use std::collections::BTreeSet;

/// A table and its columns.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// What the completion chooses from.
pub(super) struct Words {
    tables: Vec<Table>,
    entries: Vec<Entry>,
}

/// Words that follow an operator and are no names.
const CLAUSES: &[&str] = &[
    "and",
    "asc",
    "between",
    "by",
    "desc",
    "first",
    "kind",
    "last",
    "nulls",
    "of",
    "on",
    "or",
    "to",
    "typeof",
    "with",
    "with_itemindex",
    "withsource",
];

/// Operators behind which a table stands.
const TABLE_WANTED: &[&str] = &["join", "lookup", "union"];

/// What kind of word is wanted at a place.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Beginning,
    Operator,
    Plugin,
    Expression { aggregates: bool },
}

impl Words {
    pub(super) fn new(tables: Vec<Table>) -> Self {
        Self { tables, entries: reference() }
    }

    /// The tables.
    pub(super) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Where the word before the cursor begins, and what it may become.
    pub(super) fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let before = line.get(..cursor).unwrap_or(line);
        let code = without_texts(before);
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut start = before.len()
            - before.chars().rev().take_while(|letter| is_part(*letter)).map(char::len_utf8).sum::<usize>();
        let mut place = place(code.get(..start).unwrap_or_default());
        // The names of operators have hyphens; nothing else that is completed has.
        if code.get(..start).is_some_and(|code| code.ends_with('-')) {
            let joined = |letter: char| is_part(letter) || letter == '-';
            let whole =
                before.chars().rev().take_while(|letter| joined(*letter)).map(char::len_utf8).sum::<usize>();
            let earlier = self::place(code.get(..before.len() - whole).unwrap_or_default());
            if earlier == Place::Operator {
                (start, place) = (before.len() - whole, earlier);
            }
        }
        // Inside of a text there is nothing to complete.
        if code.len() < before.len() {
            return (before.len(), Vec::new());
        }
        let word = before.get(start..).unwrap_or_default().to_lowercase();
        let mut found: BTreeSet<String> = BTreeSet::new();
        let fits = |name: &str| name.to_lowercase().starts_with(&word);
        let mut add = |name: &str, behind: &str| {
            if fits(name) {
                found.insert(format!("{name}{behind}"));
            }
        };
        match place {
            Place::Beginning => {
                self.tables.iter().for_each(|table| add(&table.name, ""));
                self.of(EntryKind::Source).for_each(|entry| add(entry.name, " "));
            }
            Place::Operator => self.of(EntryKind::Operator).for_each(|entry| add(entry.name, " ")),
            Place::Plugin => self.of(EntryKind::Plugin).for_each(|entry| add(entry.name, "(")),
            Place::Expression { aggregates } => {
                let named: BTreeSet<String> = words(&code).map(str::to_lowercase).collect();
                for table in &self.tables {
                    if named.contains(&table.name.to_lowercase()) {
                        table.columns.iter().for_each(|column| add(column, ""));
                    }
                }
                definitions(&code).for_each(|name| add(name, ""));
                for entry in &self.entries {
                    match entry.kind {
                        EntryKind::Function | EntryKind::Form | EntryKind::Window => add(entry.name, "("),
                        EntryKind::Aggregate if aggregates => add(entry.name, "("),
                        EntryKind::Comparison if entry.name.starts_with(char::is_alphabetic) => {
                            add(entry.name, " ");
                        }
                        EntryKind::Comparison
                        | EntryKind::Aggregate
                        | EntryKind::Source
                        | EntryKind::Operator
                        | EntryKind::Plugin => {}
                    }
                }
                CLAUSES.iter().for_each(|clause| add(clause, " "));
            }
        }
        (start, found.into_iter().collect())
    }

    fn of(&self, kind: EntryKind) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.kind == kind)
    }
}

/// The query with its texts and comments blanked; it ends early inside of a text that does not end.
fn without_texts(query: &str) -> String {
    let mut code = String::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if matches!(first, '"' | '\'') {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, letter)| {
                let ends = *letter == first && !escaped;
                escaped = *letter == '\\' && !escaped;
                ends
            });
            match end {
                Some((at, _)) => at + 1,
                None => return code,
            }
        } else {
            code.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        };
        code.push_str(&" ".repeat(length));
        rest = rest.get(length..).unwrap_or_default();
    }
    code
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).filter(|word| !word.is_empty())
}

/// The names that `let` gives.
fn definitions(code: &str) -> impl Iterator<Item = &str> {
    let mut words = words(code);
    std::iter::from_fn(move || words.by_ref().find(|word| *word == "let").and_then(|_| words.next()))
}

/// What stands at the end of the code before the word.
fn place(code: &str) -> Place {
    let code = code.trim_end();
    // The innermost parenthesis that is open, and what is in it.
    let mut open = Vec::new();
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    let inside = open.last().map_or(code, |at| code.get(at + 1..).unwrap_or_default());
    let outside = open.last().and_then(|at| code.get(..*at)).unwrap_or_default();
    let Some(last) = code.chars().next_back() else { return Place::Beginning };
    if last == '|' {
        return Place::Operator;
    }
    if last == ';' {
        return Place::Beginning;
    }
    let step = inside.rsplit(['|', ';']).next().unwrap_or_default();
    let operator = operator_of(step);
    let outer = operator_of(outside.rsplit(['|', ';']).next().unwrap_or_default());
    if step.trim().is_empty() {
        // A parenthesis was just opened.
        return match outer.as_str() {
            word if TABLE_WANTED.contains(&word) => Place::Beginning,
            "mv-apply" if words(outside).last() == Some("on") => Place::Operator,
            "partition" => Place::Operator,
            _ => Place::Expression { aggregates: takes_aggregates(&outer) },
        };
    }
    if operator == "evaluate" && words(step).count() == 1 {
        return Place::Plugin;
    }
    let piped = code.contains('|');
    if TABLE_WANTED.contains(&operator.as_str()) && (piped || operator == "union") && !step.contains(" on ") {
        return Place::Beginning;
    }
    Place::Expression { aggregates: takes_aggregates(&operator) || takes_aggregates(&outer) }
}

fn takes_aggregates(operator: &str) -> bool {
    matches!(operator, "summarize" | "top-nested" | "evaluate")
}

/// The operator that a step begins with, with its hyphens.
fn operator_of(step: &str) -> String {
    step.trim_start()
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str) -> String {
        let table = |name: &str, columns: &[&str]| Table {
            name: name.to_owned(),
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        };
        let words = Words::new(vec![
            table("Findings", &["severity", "repository", "cve"]),
            table("Images", &["digest", "state"]),
        ]);
        let (start, found) = words.complete(query, query.len());
        format!("{} {}", query.get(start..).unwrap(), found.join(","))
    }

    #[test]
    fn tables_and_sources_begin_a_query() {
        assert_eq!(found("Fi"), "Fi Findings,find ");
        assert_eq!(found("let x = 1; Im"), "Im Images");
        assert_eq!(found("Images | join kind=inner (Fin"), "Fin Findings,find ");
        assert_eq!(found("union Im"), "Im Images");
    }

    #[test]
    fn operators_stand_behind_a_pipe() {
        assert_eq!(found("Findings | wh"), "wh where ");
        assert_eq!(found("Findings | project-a"), "project-a project-away ");
        assert_eq!(found("Findings | mv-apply x = y on (summ"), "summ summarize ");
        assert_eq!(found("Images | where state == 'a' | mv"), "mv mv-apply ,mv-expand ");
    }

    #[test]
    fn columns_of_the_tables_that_are_named_and_functions_stand_in_expressions() {
        assert_eq!(found("Findings | where sev"), "sev severity");
        assert_eq!(found("Findings | where stat"), "stat ");
        assert_eq!(found("findings | extend x = tolow"), "tolow tolower(");
        assert_eq!(found("let mine = 5; Findings | where min"), "min min_of(,mine");
        assert_eq!(found("Findings | where a-sev"), "sev severity");
        assert_eq!(found("Findings | where severity match"), "match matches regex ");
    }

    #[test]
    fn aggregates_and_plugins_stand_where_they_may() {
        assert_eq!(found("Findings | summarize dcount"), "dcount dcount(,dcountif(");
        assert_eq!(found("Findings | where dcount"), "dcount ");
        assert_eq!(found("Findings | summarize round(av"), "av avg(,avgif(");
        assert_eq!(found("Findings | evaluate pi"), "pi pivot(");
    }

    #[test]
    fn nothing_is_completed_inside_of_a_text() {
        assert_eq!(found("Findings | where severity == 'wh"), " ");
        assert_eq!(found("Findings | where severity == 'a' and cv"), "cv cve");
        assert_eq!(found("Findings // | wh\n| ta"), "ta take ");
    }
}

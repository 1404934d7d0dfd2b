//! The Kusto query language over any table: lexer, parser, plan, evaluation.

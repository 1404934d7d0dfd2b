//! How our values stand in columns, and how they are read back.
//!
//! Everything that is read is parsed again: a row that this program did not write is an error, not a value.

use crate::Error;
use jiff::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// A moment as its column holds it.
pub(super) fn moment(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A size as its column holds it. Nothing that is stored has more bytes than `i64` can count.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The limit of a page with one row to spare, by which the next page is noticed.
pub(super) fn with_surplus(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// A value as the JSON text that its column holds.
pub(super) fn json_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    Ok(serde_json::to_string(value)?)
}

/// What a column may hold.
pub(super) fn corrupt(column: &'static str, value: &str) -> Error {
    Error::Corrupt { column, value: value.chars().take(80).collect() }
}

fn parse<T: FromStr>(column: &'static str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| corrupt(column, text))
}

/// Reading columns by name.
pub(super) trait Columns {
    /// A value that the engine knows itself.
    fn plain<T: FromSql>(&self, column: &'static str) -> Result<T, Error>;

    /// A text that is parsed.
    fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, Error> {
        parse(column, &self.plain::<String>(column)?)
    }

    /// A text that is parsed, if there is one.
    fn maybe_parsed<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, Error> {
        self.plain::<Option<String>>(column)?.map(|text| parse(column, &text)).transpose()
    }

    /// A moment.
    fn moment(&self, column: &'static str) -> Result<Timestamp, Error> {
        let micros = self.plain::<i64>(column)?;
        Timestamp::from_microsecond(micros).map_err(|_| corrupt(column, &micros.to_string()))
    }

    /// A moment, if there is one.
    fn maybe_moment(&self, column: &'static str) -> Result<Option<Timestamp>, Error> {
        match self.plain::<Option<i64>>(column)? {
            Some(_) => self.moment(column).map(Some),
            None => Ok(None),
        }
    }

    /// A number that is never negative.
    fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Error> {
        let number = self.plain::<i64>(column)?;
        T::try_from(number).map_err(|_| corrupt(column, &number.to_string()))
    }

    /// A value that was written as JSON.
    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        let text = self.plain::<String>(column)?;
        serde_json::from_str(&text).map_err(|_| corrupt(column, &text))
    }

    /// One of a few words.
    fn word<T>(&self, column: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
        let text = self.plain::<String>(column)?;
        read(&text).ok_or_else(|| corrupt(column, &text))
    }
}

impl Columns for Row<'_> {
    fn plain<T: FromSql>(&self, column: &'static str) -> Result<T, Error> {
        Ok(self.get(column)?)
    }
}

/// All rows of a statement.
pub(super) fn rows<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a statement, if there is one.
pub(super) fn row<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// The only column of the first row.
pub(super) fn value<T: FromSql>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, Error> {
    Ok(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?)
}

/// Whether a statement gives a row.
pub(super) fn exists(connection: &Connection, sql: &str, params: impl Params) -> Result<bool, Error> {
    Ok(connection.prepare_cached(sql)?.exists(params)?)
}

/// How many rows a statement changed.
pub(super) fn change(connection: &Connection, sql: &str, params: impl Params) -> Result<usize, Error> {
    Ok(connection.prepare_cached(sql)?.execute(params)?)
}

//! Why the store could not do it, and whether trying again may help.

use std::fmt;

/// Why the store could not do it. Neither form of its text holds a value that a message brought: the texts go to logs.
#[derive(thiserror::Error)]
pub enum StoreError {
    /// The database said no, or could not be reached.
    #[error("database: {}", text(.0))]
    Database(sqlx::Error),
    /// A migration could not run.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Two transactions wanted the same rows; the whole may be tried again.
    #[error("conflict with another transaction: {0}")]
    Conflict(String),
    /// Somebody else kept a row for longer than a writer waits.
    #[error("others kept a row for too long")]
    Kept,
    /// Somebody else kept the whole database for longer than a writer waits (SQLite has one writer).
    #[error("others kept the database for too long")]
    Busy,
    /// It was asked and did not answer for longer than anything takes; nothing was stored.
    #[error("the database does not answer")]
    NoAnswer,
    /// The commit was sent and no answer came: it may have happened.
    #[error("outcome of the commit is unknown: {0}")]
    CommitUnknown(String),
    /// The head of the lane's chain is not where the lane left it.
    #[error("the chain of evidence went on without this lane")]
    ChainMoved,
    /// The database is of another profile, or not migrated.
    #[error("{0}")]
    NotReady(String),
    /// Another rule set than this node's is active in the register: it writes nothing (design.md 17).
    #[error("another rule set is active in this register than this node has: nir-gateway recompute --activate")]
    OtherRules,
    /// The mark of a page is none, or of another question.
    #[error("the page mark is not of this question")]
    BadMark,
    /// A row that the register wrote cannot be read back. The key may be a DUF number, so only who asks for it sees it.
    #[error("inconsistent row of {table}: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        key: String,
        /// What is wrong with it.
        what: String,
    },
}

impl fmt::Debug for StoreError {
    // The database's own details name the keys of rows; Debug is what a panic or a careless log line prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreError({self})")
    }
}

impl From<sqlx::Error> for StoreError {
    /// Sorted into those that a new try may mend and others.
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|database| database.code()).map(|code| code.into_owned());
        match code.as_deref().map(sort) {
            Some(Sort::Again) => StoreError::Conflict(code.unwrap_or_default()),
            Some(Sort::Kept) => StoreError::Kept,
            Some(Sort::Busy) => StoreError::Busy,
            _ => StoreError::Database(error),
        }
    }
}

impl StoreError {
    /// Whether one job of many may be the cause: then the others are tried without it.
    pub(crate) fn may_be_one_jobs(&self) -> bool {
        match self {
            StoreError::Conflict(_) | StoreError::Kept | StoreError::Inconsistent { .. } => true,
            StoreError::Database(error) => {
                let code = error.as_database_error().and_then(|database| database.code());
                code.is_some_and(|code| sort(&code) == Sort::Data)
            }
            _ => false,
        }
    }

    /// The error of a COMMIT: unless the server said that it did not, it may have committed.
    pub(crate) fn of_commit(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|database| database.code()).map(|code| code.into_owned());
        match code.as_deref().map(sort) {
            Some(Sort::Again | Sort::Kept | Sort::Busy | Sort::Data | Sort::Full) => error.into(),
            // A server that is going down says so also after the commit record was written.
            _ => StoreError::CommitUnknown(text(&error)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Another transaction was first.
    Again,
    /// A lock of a row was not had in time.
    Kept,
    /// The lock of the database was not had in time.
    Busy,
    /// A value that the database does not take.
    Data,
    /// No room; nothing was written.
    Full,
    Other,
}

/// SQLSTATE (five characters) or SQLite's extended result code.
fn sort(code: &str) -> Sort {
    match code {
        // Unique violation, serialization failure, deadlock. SQLite: primary key, unique, stale snapshot.
        "23505" | "40001" | "40P01" | "1555" | "2067" | "517" => return Sort::Again,
        "55P03" => return Sort::Kept,
        "53100" => return Sort::Full,
        // Statement completion unknown.
        "40003" => return Sort::Other,
        _ => {}
    }
    if code.len() == 5 {
        return match &code[..2] {
            // Cardinality, data, integrity, program limits.
            "21" | "22" | "23" | "54" => Sort::Data,
            _ => Sort::Other,
        };
    }
    // SQLite's primary result code is the last byte: BUSY, LOCKED, FULL, TOOBIG, CONSTRAINT, MISMATCH.
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => Sort::Busy,
        Ok(13) => Sort::Full,
        Ok(18..=20) => Sort::Data,
        _ => Sort::Other,
    }
}

/// The error without the values that a message of class 22 (data exception) quotes.
fn text(error: &sqlx::Error) -> String {
    let Some(database) = error.as_database_error() else {
        return match error {
            // What could not be decoded may be quoted.
            sqlx::Error::ColumnDecode { index, .. } => format!("column {index} cannot be read"),
            sqlx::Error::Decode(_) => "a value cannot be read".to_owned(),
            other => other.to_string(),
        };
    };
    let code = database.code().unwrap_or_default();
    if code.len() == 5 && code.starts_with("22") {
        format!("a value was not taken (SQLSTATE {code})")
    } else {
        format!("{} ({code})", database.message())
    }
}

pub(crate) fn inconsistent(table: &'static str, key: &str, what: &str) -> StoreError {
    StoreError::Inconsistent { table, key: key.to_owned(), what: what.to_owned() }
}

/// JSON that cannot be read or written: serde's own text quotes what it found.
pub(crate) fn bad_json(table: &'static str, key: &str, error: &serde_json::Error) -> StoreError {
    inconsistent(table, key, &format!("JSON, {:?} at column {}", error.classify(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_helps() {
        for (code, expected) in [
            ("23505", Sort::Again),
            ("40P01", Sort::Again),
            ("40001", Sort::Again),
            ("1555", Sort::Again),
            ("2067", Sort::Again),
            ("55P03", Sort::Kept),
            ("5", Sort::Busy),
            ("261", Sort::Busy),
            ("6", Sort::Busy),
            ("22021", Sort::Data),
            ("23502", Sort::Data),
            ("54000", Sort::Data),
            ("1299", Sort::Data),
            ("3091", Sort::Data),
            ("13", Sort::Full),
            ("53100", Sort::Full),
            ("57P01", Sort::Other),
            ("08006", Sort::Other),
            ("40003", Sort::Other),
            ("1034", Sort::Other),
            ("1", Sort::Other),
        ] {
            assert_eq!(sort(code), expected, "{code}");
        }
    }

    #[test]
    fn a_key_is_in_neither_text() {
        let error = inconsistent("person", "201017238203", "unknown snapshot format");
        assert_eq!(error.to_string(), "inconsistent row of person: unknown snapshot format");
        assert!(!format!("{error:?}").contains("201017238203"));
        let json = serde_json::from_str::<Vec<i64>>(r#"["201017238203"]"#).unwrap_err();
        let error = bad_json("fact", "201017238203", &json);
        assert!(!format!("{error:?} {error}").contains("201017238203"), "{error}");
    }
}

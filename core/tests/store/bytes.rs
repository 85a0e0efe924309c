//! Every byte of the evidence, changed one at a time by SQL: each is found, and its chain and position named.

use register::evidence::{Broken, Report};

use crate::evidence::{verified, with_every_kind};
use crate::house::Database;

on_both!(every_changed_byte_of_every_column_is_named);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Number,
    Time,
    Text,
    Bytes,
}

const EVIDENCE: [(&str, Type); 18] = [
    ("chain", Type::Number),
    ("position", Type::Number),
    ("kind", Type::Number),
    ("recorded", Type::Time),
    ("received", Type::Time),
    ("operation", Type::Text),
    ("signer", Type::Text),
    ("avsendersystem", Type::Text),
    ("meldings_id", Type::Text),
    ("outcome", Type::Text),
    ("about", Type::Number),
    ("request_sha256", Type::Bytes),
    ("answer_sha256", Type::Bytes),
    ("stored_sha256", Type::Bytes),
    ("dictionary", Type::Number),
    ("request", Type::Bytes),
    ("answer", Type::Bytes),
    ("hash", Type::Bytes),
];
const CHAIN: [(&str, Type); 6] = [
    ("chain", Type::Number),
    ("node", Type::Text),
    ("lane", Type::Number),
    ("incarnation", Type::Number),
    ("head_position", Type::Number),
    ("head_hash", Type::Bytes),
];

impl Type {
    /// An expression that gives the column's value as text.
    fn read(self, column: &str, postgres: bool) -> String {
        match (self, postgres) {
            (Type::Number, _) | (Type::Time, false) => format!("CAST({column} AS TEXT)"),
            (Type::Time, true) => format!("CAST((extract(epoch FROM {column}) * 1000000)::bigint AS TEXT)"),
            (Type::Text, true) => format!("encode(convert_to({column}, 'UTF8'), 'hex')"),
            (Type::Bytes, true) => format!("encode({column}, 'hex')"),
            (Type::Text | Type::Bytes, false) => format!("hex({column})"),
        }
    }

    /// A value of that text.
    fn literal(self, value: &str, postgres: bool) -> String {
        match (self, postgres) {
            (Type::Number, _) | (Type::Time, false) => value.to_owned(),
            (Type::Time, true) => format!("'epoch'::timestamptz + interval '1 microsecond' * ({value})"),
            (Type::Text, true) => format!("convert_from('\\x{value}'::bytea, 'UTF8')"),
            (Type::Bytes, true) => format!("'\\x{value}'::bytea"),
            (Type::Text, false) => format!("CAST(X'{value}' AS TEXT)"),
            (Type::Bytes, false) => format!("X'{value}'"),
        }
    }

    /// The value with each of its bytes changed in turn.
    fn changed(self, value: &str) -> Vec<String> {
        let flip = |bytes: &[u8], at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1 << (at % 7);
            bytes
        };
        match self {
            Type::Number | Type::Time => {
                let bytes = value.parse::<i64>().unwrap().to_be_bytes();
                (0..8).map(|at| i64::from_be_bytes(flip(&bytes, at).try_into().unwrap()).to_string()).collect()
            }
            Type::Text | Type::Bytes => {
                let bytes = hex::decode(value).unwrap();
                let longer = hex::encode([bytes.as_slice(), b"x"].concat());
                (0..bytes.len()).map(|at| hex::encode(flip(&bytes, at))).chain([longer]).collect()
            }
        }
    }

    /// What stands there where there was nothing.
    fn something(self) -> [&'static str; 2] {
        match self {
            Type::Number | Type::Time => ["-1", "0"],
            Type::Text | Type::Bytes => ["", "00"],
        }
    }
}

/// One value: table, the row's key and its values, column.
struct Cell<'a> {
    table: &'a str,
    keys: &'a [&'a str],
    place: &'a [&'a str],
    column: &'a str,
    kind: Type,
}

impl Cell<'_> {
    fn at(&self, place: &[&str]) -> String {
        let parts = self.keys.iter().zip(place).map(|(key, value)| format!("{key} = {value}"));
        parts.collect::<Vec<_>>().join(" AND ")
    }

    /// What stands there as SQL, and as text unless it is nothing.
    async fn stored(&self, db: &Database) -> (String, Option<String>) {
        let (table, column, place) = (self.table, self.column, self.at(self.place));
        if db.count(&format!("{table} WHERE {place} AND {column} IS NULL")).await == 1 {
            return ("NULL".to_owned(), None);
        }
        let read = self.kind.read(column, db.is_postgres());
        let value = db.texts(&format!("SELECT {read} AS v FROM {table} WHERE {place}")).await.remove(0);
        (self.kind.literal(&value, db.is_postgres()), Some(value))
    }

    /// Everything else that it is made: as SQL, with the value where it has one.
    fn others(&self, value: Option<&str>, postgres: bool) -> Vec<(String, String)> {
        let values: Vec<String> = match value {
            Some(value) => self.kind.changed(value),
            None => self.kind.something().map(str::to_owned).to_vec(),
        };
        let mut all: Vec<_> = values.into_iter().map(|v| (self.kind.literal(&v, postgres), v)).collect();
        all.extend(value.map(|_| ("NULL".to_owned(), String::new())));
        all
    }

    /// Changes the cell each way in turn; how often that was found, and how often the database itself refused it.
    async fn change(&self, db: &Database) -> (u32, u32) {
        let (mut named, mut refused) = (0, 0);
        let (before, stored) = self.stored(db).await;
        for (other, value) in self.others(stored.as_deref(), db.is_postgres()) {
            let set = |value: &str, place: &[&str]| {
                format!("UPDATE {} SET {} = {value} WHERE {}", self.table, self.column, self.at(place))
            };
            if db.try_run(&set(&other, self.place)).await.is_err() {
                refused += 1;
                continue;
            }
            // A row that was moved is found at its new place.
            let mut moved = self.place.to_vec();
            if let Some(key) = self.keys.iter().position(|key| *key == self.column) {
                moved[key] = &value;
            }
            let found = verified(db).await;
            self.is_named(found, &moved, &other);
            named += 1;
            assert_eq!(db.run(&set(&before, &moved)).await, 1);
        }
        (named, refused)
    }

    fn is_named(&self, found: Result<Report, Broken>, moved: &[&str], other: &str) {
        let what = format!("{} {:?} {} = {other}", self.table, self.place, self.column);
        match found {
            // A row that was put into another chain shows in both.
            Err(Broken::Row { kjede, position, .. }) if self.table == "evidence" && self.column != "chain" => {
                let expected = if self.place[0] == "1" { "a-0-1" } else { "b-0-1" };
                assert_eq!(kjede, expected, "{what}");
                assert!([self.place[1], moved[1]].contains(&position.to_string().as_str()), "{what}: {position}");
            }
            Err(Broken::Row { .. }) => {}
            // A number that no row of chains can have: the table is named.
            Err(Broken::Store(error)) if self.table == "evidence_chain" => {
                assert_eq!(error.to_string(), "inconsistent row of evidence_chain: a column cannot be read", "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

async fn every_changed_byte_of_every_column_is_named(db: Database) {
    let db = with_every_kind(db).await;
    let mut all = 0;
    for (table, keys, columns) in
        [("evidence", &["chain", "position"][..], &EVIDENCE[..]), ("evidence_chain", &["chain"], &CHAIN)]
    {
        let key = keys.iter().map(|key| format!("CAST({key} AS TEXT)")).collect::<Vec<_>>().join(" || ' ' || ");
        for row in db.texts(&format!("SELECT {key} AS v FROM {table} ORDER BY 1")).await {
            let place: Vec<&str> = row.split(' ').collect();
            for (column, kind) in columns {
                let (named, refused) = Cell { table, keys, place: &place, column, kind: *kind }.change(&db).await;
                all += named;
                // The database takes no number, time or text that is none, nor nothing where something must be.
                let taken = if *kind == Type::Bytes { refused <= 1 } else { refused <= 9 };
                assert!(taken, "{table} {row} {column}: {refused} changes were not tried");
            }
        }
    }
    verified(&db).await.unwrap();
    assert!(all > 1_800, "{all} changes were named");
}

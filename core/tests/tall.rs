//! Rules that no message asks for, as tables: `core/tests/tall/*.txt`.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/regler.rs"]
mod regler;
#[path = "text/tall.rs"]
mod tall;
#[path = "text/words.rs"]
#[expect(dead_code, reason = "the tables of messages use the rest")]
mod words;

#[test]
fn every_line_holds() {
    let failures = tall::folder("tests/tall");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

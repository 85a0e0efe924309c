//! What other systems get from the register, as tables: `core/tests/uttrekk/*.txt`.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

#[path = "text/fakta.rs"]
mod fakta;
#[path = "text/innhold.rs"]
mod innhold;
#[path = "text/message.rs"]
#[expect(dead_code, reason = "no message is sent here")]
mod message;
#[path = "text/regler.rs"]
mod regler;
#[path = "text/uttrekk.rs"]
mod uttrekk;
#[path = "text/words.rs"]
mod words;
#[path = "text/world.rs"]
#[expect(dead_code, reason = "no message is sent here")]
mod world;

#[test]
fn every_line_holds() {
    let failures = uttrekk::folder("tests/uttrekk");
    assert!(failures.is_empty(), "{} lines fail\n\n{}\n", failures.len(), failures.join("\n\n"));
}

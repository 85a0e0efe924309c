//! Every limit of a message, named (contract.md 0.8, design.md 14).

/// Largest sendRegistreringer, in bytes.
pub const MAX_REGISTRERINGER_BYTES: usize = 4 * 1024 * 1024;
/// Largest message of any other operation.
pub const MAX_OTHER_BYTES: usize = 256 * 1024;
/// Persons of one message.
pub const MAX_PERSONS: usize = 500;
/// Registrations of one person.
pub const MAX_PER_PERSON: usize = 200;
/// Registrations of one message.
pub const MAX_REGISTRERINGER: usize = 1_000;
/// Streams that one poll waits for.
pub const MAX_STREAMS: usize = 500;
/// Persons that one order of pictures names.
pub const MAX_NAMED: usize = 1_000;
/// Schema violations that are told; the rest are counted.
pub const MAX_VIOLATIONS: usize = 100;

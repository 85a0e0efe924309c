//! The rules of this repository, as tests: what ARCHITECTURE.md calls an invariant, and what CONTRIBUTING.md asks for.
//! They read files and start nothing.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod arrows;
mod documents;
mod errors;
mod fences;
mod scripts;
mod shape;
mod source;
mod tree;

//! The published payload contract: schemas, validation, and the messages as Rust types.
//!
//! Modules in reading order: what is published ([`catalog`], [`outline`], [`limits`]), how the bytes of a message are
//! judged ([`libxml`], [`validate`]), how they become a value ([`message`]), and what is judged of the value
//! ([`structure`]).

pub mod catalog;
pub mod libxml;
pub mod limits;
pub mod message;
pub mod outline;
pub mod structure;
pub mod validate;

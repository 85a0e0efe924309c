//! The published payload contract: schemas, validation, and the messages as Rust types.
//!
//! Modules in reading order.

pub mod limits;
pub mod catalog;
pub mod libxml;
pub mod validate;
pub mod message;

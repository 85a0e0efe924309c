//! What the fuzz targets share. In reading order: where decisions come from ([`choices`]), the keys and messages that
//! exist beforehand ([`world`]), a message as a tree that can be bent ([`tree`], [`bend`]), signing what was bent
//! ([`holes`]), the same for certificates ([`authority`], [`der`]), payloads by the schema ([`instance`]), what must
//! hold of every message and of every payload ([`check`], [`payload`]), and how a target becomes a program ([`smoke`]).
//!
//! A broken rule is a panic, which libFuzzer keeps as a crash.

pub mod authority;
pub mod bend;
pub mod check;
pub mod choices;
pub mod der;
pub mod holes;
pub mod instance;
pub mod payload;
pub mod smoke;
pub mod tree;
pub mod world;

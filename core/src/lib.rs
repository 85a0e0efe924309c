//! The register: identifiers, facts, commands, the one pure function [`decide::decide`], and the store.
//!
//! Modules in reading order. The pure part (everything but `store` and `ledger`) knows no clock, no
//! randomness, no I/O and no XML; `cargo check -p nir-core --no-default-features` proves it builds alone.

pub mod aapning;
pub mod average;
pub mod bestilling;
pub mod bremse;
pub mod change;
pub mod codes;
pub mod command;
pub mod decide;
pub mod eierskap;
#[cfg(feature = "store")]
pub mod evidence;
pub mod fact;
pub mod feilsak;
mod fingerprint;
pub mod frist;
pub mod id;
pub mod kalender;
pub mod kategori;
pub mod konsistens;
pub mod kunngjoering;
#[cfg(feature = "store")]
pub mod ledger;
pub mod liste;
pub mod person;
pub mod policy;
pub mod post;
pub mod query;
pub mod receipt;
pub mod registry;
pub mod rejection;
pub mod scheme;
pub mod state;
#[cfg(feature = "store")]
pub mod store;
pub mod support;
pub mod time;
pub mod uttrekk;
pub mod vindu;
pub mod virkedag;

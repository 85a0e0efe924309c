//! The service description, the SOAP envelope, and its security.
//!
//! Modules in reading order: the way in (prefilter, envelope, signed_info, verify), then certificates, then the
//! way out (seal, fault), then what describes it all.

pub mod addressing;
pub mod algorithm;
pub mod c14n;
pub mod certificate;
pub mod client;
pub mod envelope;
pub mod fault;
pub mod key;
pub mod locate;
pub mod names;
pub mod operation;
pub mod prefilter;
pub mod refusal;
pub mod seal;
pub mod service;
mod signed_bytes;
pub mod signed_info;
pub mod token;
pub mod verify;
pub mod xmlsec;

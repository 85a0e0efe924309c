//! The service description, the SOAP envelope, and its security.
//!
//! Modules in reading order: the way in (prefilter, envelope, signed_info, verify), then certificates, then the
//! way out (seal, fault), then what describes it all.

pub mod refusal;
pub mod names;
pub mod algorithm;
pub mod key;
pub mod prefilter;
pub mod addressing;
pub mod token;
pub mod envelope;
pub mod c14n;
pub mod signed_info;
pub mod verify;
pub mod xmlsec;
pub mod certificate;
pub mod seal;
pub mod fault;
pub mod client;
pub mod locate;
pub mod operation;
pub mod service;

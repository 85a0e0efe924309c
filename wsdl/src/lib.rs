//! The service description, the SOAP envelope, and its security. Modules stand in reading order.

// What everything speaks of.
pub mod names;
pub mod refusal;

// The way in: bytes, envelope, what the signature says, whether it holds.
pub mod prefilter;

pub mod addressing;
pub mod envelope;

pub mod algorithm;
pub mod signed_info;
pub mod token;

pub mod c14n;
pub mod key;
mod signed_bytes;
mod tree;
pub mod verify;

pub mod xmlsec;

pub mod differential;

// Whose key it is.
pub mod certificate;

// The way out, and the other side of it.
pub mod fault;
pub mod seal;

pub mod client;
pub mod locate;

// What describes it all.
pub mod operation;
pub mod service;

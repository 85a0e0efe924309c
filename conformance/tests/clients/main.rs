//! Real SOAP clients that nobody here wrote, and the vendor's own tools, against a running sandbox.
//!
//! The library code is as its makers wrote it; the caller's own lines are those of `conformance/clients`, which the
//! README prints. Everything goes over the wire: the sandbox is the built binary, the answers are its own.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

mod accepted;
mod foreign;
mod java;
mod kilde;
mod messages;
mod mottak;
mod proxy;
mod pull;
mod refused;
mod register;
mod sandbox;
mod vendor;
mod verify;

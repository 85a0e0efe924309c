//! Tests over the wire: the built gateway as its own process, real TLS, raw bytes. One crate, so that it links once.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]
#![expect(clippy::expect_used, reason = "a test says what it needs by failing")]
#![expect(clippy::panic, reason = "a test says what it needs by failing")]

// The harness.
mod client;
mod messages;
mod node;
#[path = "../../../core/tests/support/postgres.rs"]
mod postgres;
mod process;
mod sandbox;

// The tests.
mod attacks;
mod avsender;
mod bilder;
mod codes;
mod commands;
mod connections;
mod control;
mod feilsak;
mod handling;
mod hendelser;
mod http;
mod idempotency;
mod kalender;
mod kilde;
mod kill;
mod levering;
mod limits;
mod operations;
mod oppslag;
mod pull;
mod reads;
mod register;
mod restart;
mod tending;
mod varsel;
mod veien_tilbake;
mod windows;

//! `NirMottak`: what the gateway sends to a fagsystem that takes changes by push, and its receipts (contract.md 2.3).

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::Endring;

/// A delivery: some changes of a stream, in order and without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endringsmelding {
    /// The delivery; the same when it comes again.
    pub leveranse_id: String,
    /// The contract it is written in.
    pub kontraktversjon: String,
    /// Whose stream it is.
    pub avsendersystem: String,
    /// The stream.
    pub stroem_id: String,
    /// First number.
    pub fra_sekvensnummer: i64,
    /// Last number.
    pub til_sekvensnummer: i64,
    /// Whether more waits behind it.
    pub flere: bool,
    /// In order.
    pub endring: Vec<Endring>,
}

/// The receipt of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mottakskvittering {
    /// The delivery.
    pub leveranse_id: String,
    /// The stream.
    pub stroem_id: String,
    /// Stored up to and including this number; it may be a part.
    pub bekreftet_til: i64,
    /// When it was received.
    pub mottatt: DateTime<FixedOffset>,
}

/// What a receiver answers to `ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mottaksstatus {
    /// The receiver's clock.
    pub tid: DateTime<FixedOffset>,
    /// Newest contract that it was built against.
    pub kontraktversjon: String,
    /// Whom it answers for.
    pub avsendersystem: String,
}

//! The only clock of the process. Everything else is told the time.

use chrono::{DateTime, Utc};

/// Wall time now: TLS, certificates, Timestamp, evidence, leases (design.md 10).
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

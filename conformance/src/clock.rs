//! The tools' only clock.

use chrono::{DateTime, Utc};

/// Wall time now, for the Timestamp sent and the one received.
#[expect(clippy::disallowed_methods, reason = "the one place of this program where the clock is read")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

//! What can be wrong with a certificate, and what the sender is told of it.

use chrono::{DateTime, Utc};

use crate::key::UnsupportedKey;
use crate::refusal::{FaultCode, Refusal};

/// What is wrong; the text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("the certificate cannot be read: {0}")]
    Unreadable(&'static str),
    #[error(transparent)]
    UnsupportedKey(#[from] UnsupportedKey),
    #[error("no organisation number: {0}")]
    OrgnrMissing(&'static str),
    #[error("the certificate holds two different organisation numbers")]
    OrgnrConflict,
    #[error("no path to an anchor: {0}")]
    Untrusted(&'static str),
    #[error("the certificate belongs to the other environment")]
    WrongEnvironment,
    #[error("the certificate is not valid before {0}")]
    NotYetValid(DateTime<Utc>),
    #[error("the certificate expired {0}")]
    Expired(DateTime<Utc>),
    #[error("wrong usage: {0}")]
    WrongUsage(&'static str),
    #[error("the certificate is revoked")]
    Revoked,
    #[error("revocation status unknown: {0}")]
    RevocationUnknown(&'static str),
}

impl From<Problem> for Refusal {
    /// As the sender is told (design.md 17, Faults). `Trust::check` sees to it that only S213 leaves for a
    /// certificate that chains to no anchor.
    fn from(problem: Problem) -> Self {
        let code = match &problem {
            Problem::UnsupportedKey(_) => "NIR-S204",
            Problem::Expired(_) => "NIR-S210",
            Problem::NotYetValid(_) => "NIR-S211",
            Problem::Revoked => "NIR-S212",
            Problem::Unreadable(_) | Problem::Untrusted(_) => "NIR-S213",
            Problem::OrgnrMissing(_) => "NIR-S214",
            Problem::OrgnrConflict => "NIR-S215",
            Problem::WrongUsage(_) => "NIR-S216",
            Problem::WrongEnvironment => "NIR-S217",
            Problem::RevocationUnknown(_) => "NIR-S218",
        };
        let fault = match &problem {
            Problem::UnsupportedKey(_) => FaultCode::UnsupportedAlgorithm,
            // The sender is not at fault, and the same message may pass later.
            Problem::RevocationUnknown(_) => FaultCode::Receiver,
            _ => FaultCode::InvalidSecurityToken,
        };
        let refusal = Refusal::new(code, fault, problem.to_string());
        match problem {
            Problem::UnsupportedKey(UnsupportedKey { name }) => refusal.with("algorithm", name),
            Problem::NotYetValid(at) | Problem::Expired(at) => refusal.with("date", at.format("%Y-%m-%d").to_string()),
            _ => refusal,
        }
    }
}

//! Why a message is refused before the register sees it: the code for the sender, the cause for the log.

/// The standard's faultcode (SOAP 1.1 §4.4.1, SOAP 1.2 part 1 §5.4.6, WSS 1.1 §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The message is at fault: Client in SOAP 1.1, Sender in 1.2.
    Sender,
    /// We are at fault, or busy: Server, Receiver.
    Receiver,
    /// The envelope is of no SOAP version we speak.
    VersionMismatch,
    /// A header that must be understood is not.
    MustUnderstand,
    /// wsse:UnsupportedAlgorithm
    UnsupportedAlgorithm,
    /// wsse:InvalidSecurity
    InvalidSecurity,
    /// wsse:InvalidSecurityToken
    InvalidSecurityToken,
    /// wsse:FailedAuthentication
    FailedAuthentication,
    /// wsse:FailedCheck
    FailedCheck,
    /// wsse:SecurityTokenUnavailable
    SecurityTokenUnavailable,
    /// wsu:MessageExpired
    MessageExpired,
}

/// One refusal, made with [`Refusal::new`] or one of the named ones. `log` says exactly which check failed and is never sent (design.md 17, Faults).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {log}")]
pub struct Refusal {
    /// `NIR-…`; its texts stand in the register's error table.
    pub code: &'static str,
    /// The standard's code.
    pub fault: FaultCode,
    /// Named values for the texts.
    pub params: Vec<(&'static str, String)>,
    /// For the log only.
    pub log: String,
    /// The two verifiers disagreed, which no honest message brings about: a reason to wake somebody and to keep the
    /// bytes (xml-security.md, Decision). The sender is told S202 like everybody else.
    pub disagreement: bool,
}

impl Refusal {
    /// A refusal without named values.
    pub fn new(code: &'static str, fault: FaultCode, log: impl Into<String>) -> Self {
        Refusal { code, fault, params: Vec::new(), log: log.into(), disagreement: false }
    }

    /// Adds a named value for the texts.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.push((name, value.into()));
        self
    }

    /// Signature value, digest and unknown key all say this (design.md 17, Faults).
    pub fn invalid_signature(log: impl Into<String>) -> Self {
        Self::new("NIR-S202", FaultCode::FailedCheck, log)
    }

    /// The key reference leads to no registered certificate.
    pub fn unknown_key(log: impl Into<String>) -> Self {
        Self::invalid_signature(log)
    }

    /// libxmlsec1 did not confirm what the strict verifier accepted.
    pub fn disagreement(why: &str) -> Self {
        let refusal = Self::invalid_signature(format!("verifier disagreement: {why}"));
        Refusal { disagreement: true, ..refusal }
    }

    /// The signature does not cover what it must.
    pub fn coverage(log: impl Into<String>) -> Self {
        Self::new("NIR-S205", FaultCode::InvalidSecurity, log)
    }

    /// The Timestamp's time is over, has not come, or cannot be told.
    pub fn expired(log: impl Into<String>) -> Self {
        Self::new("NIR-S207", FaultCode::MessageExpired, log)
    }

    /// Not well-formed, or not an envelope.
    pub fn malformed(log: impl Into<String>) -> Self {
        Self::new("NIR-X301", FaultCode::Sender, log)
    }
}

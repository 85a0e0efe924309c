//! A case: how a code is provoked, and where and how it must be told.

use crate::codes::house::House;
use crate::messages::Head;

/// One row of a table.
pub struct Case {
    pub code: &'static str,
    /// What is done, in a few words.
    pub how: &'static str,
    pub told: Told,
    /// The end of the XPath; "" where there is no place to point at.
    pub at: &'static str,
    pub provoke: fn(&House) -> Attempt,
}

/// Where a code is told (contract.md 0.9), and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// In a signed Fault of this HTTP status and faultcode.
    Fault(u16, &'static str),
    /// In a Fault that is not signed, since nobody is known or the house is full (design.md 17, Faults).
    UnsignedFault(u16, &'static str),
    /// In a receipt that refuses.
    Receipt(Part),
    /// In a receipt that accepts.
    Warning(Part),
}

/// Part of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Message,
    Person,
    Line,
}

/// What is sent, by whom.
pub struct Attempt {
    /// Whose signature.
    pub signer: String,
    /// Whose TLS.
    pub tls: Option<&'static str>,
    pub sent: Sent,
    /// Persons of whom nothing may change.
    pub persons: Vec<String>,
    /// The header of a registering message, whose id may be spent.
    pub registers: Option<Head>,
    /// Register time of a kommune while it is sent.
    pub clock: Option<(&'static str, &'static str)>,
    /// A fault to be ordered before each sending.
    pub order: Option<&'static str>,
}

/// The bytes.
pub enum Sent {
    /// A Body's child, to be sealed as it is.
    Payload(String),
    /// An envelope by SOAP 1.1.
    Envelope(String),
    /// An envelope with this content type and these header lines.
    Post(&'static str, String, Vec<u8>),
    /// A whole request.
    Raw(Vec<u8>),
}

impl Attempt {
    /// The vendor sends it.
    pub fn of(sent: Sent) -> Self {
        Attempt {
            signer: "vendor".to_owned(),
            tls: Some("vendor"),
            sent,
            persons: Vec::new(),
            registers: None,
            clock: None,
            order: None,
        }
    }

    /// The vendor sends a registering message about these persons.
    pub fn registering(head: Head, payload: String, persons: &[&str]) -> Self {
        Attempt {
            persons: persons.iter().map(|duf| (*duf).to_owned()).collect(),
            registers: Some(head),
            ..Self::of(Sent::Payload(payload))
        }
    }

    /// Another party sends it, with its own TLS.
    pub fn by(self, name: &'static str) -> Self {
        Attempt { signer: name.to_owned(), tls: Some(name), ..self }
    }
}

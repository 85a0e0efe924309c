//! What a delivery came to: the type says whether it is tried again (design.md 8).

use nir_wsdl::refusal::Refusal;

/// What a delivery came to.
#[derive(Debug)]
pub enum Outcome {
    /// The receiver has stored changes up to and including this number, and signed it.
    Delivered(i64),
    /// Not now; the same again later.
    Later(Why),
    /// Not before somebody has looked at it: the stream is parked at once.
    Never(Why),
}

/// Why a delivery did not succeed. What the other end wrote is not repeated: logs hold no texts of strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The approved address cannot be read.
    #[error("the address {0}")]
    Unusable(&'static str),
    /// Its name leads nowhere.
    #[error("the name of the host cannot be looked up ({0})")]
    NoAddress(String),
    /// Its name leads to a place that must not be called.
    #[error("the name of the host leads to a private address, which is not allowed for this receiver")]
    PrivateAddress,
    /// No connection.
    #[error("no connection ({0})")]
    NoConnection(String),
    /// TLS failed: a certificate that expired, is of another name, or chains to no anchor.
    #[error("TLS: {0}")]
    Tls(String),
    /// The TLS certificate is another organization's.
    #[error("the receiver's TLS certificate is not of the organization {0}")]
    OtherOrganization(String),
    /// The TLS certificate was revoked.
    #[error("the receiver's TLS certificate is refused: {0}")]
    Certificate(&'static str),
    /// The answer sends us elsewhere.
    #[error("the receiver redirects (HTTP {0}), which is not followed")]
    Redirected(u16),
    /// No answer in time.
    #[error("no whole answer in time")]
    TimedOut,
    /// The connection broke.
    #[error("the connection broke before the answer was whole")]
    Broken,
    /// The answer is larger than any receipt.
    #[error("the answer is larger than a receipt may be")]
    TooLarge,
    /// Another HTTP status than 200.
    #[error("HTTP status {0}")]
    Status(u16),
    /// A Fault, or another answer than a receipt.
    #[error("a Fault, or the answer of no such operation")]
    NoReceipt,
    /// The receipt's signature or form does not hold.
    #[error("the receipt is not believed: {0}")]
    Refused(String),
    /// Signed by somebody who does not speak for the avsendersystem.
    #[error("the receipt is signed by {0}, which does not speak for the avsendersystem")]
    Stranger(String),
    /// A receipt of another delivery or stream.
    #[error("the receipt is of another delivery")]
    OtherDelivery,
    /// A number outside the batch.
    #[error("the receipt names a number outside the delivery")]
    OutsideBatch,
    /// Nothing was taken.
    #[error("the receiver took nothing")]
    TookNothing,
    /// What comes next is no longer kept.
    #[error("changes before number {0} stood for 13 months and are no longer kept")]
    Pruned(i64),
    /// Ours.
    #[error("a failure of the gateway")]
    Internal,
}

impl Why {
    /// A short word for metrics and for the evidence.
    pub fn code(&self) -> &'static str {
        match self {
            Why::Unusable(_) => "UBRUKELIG_ADRESSE",
            Why::NoAddress(_) => "UKJENT_NAVN",
            Why::PrivateAddress => "PRIVAT_ADRESSE",
            Why::NoConnection(_) => "INGEN_FORBINDELSE",
            Why::Tls(_) => "TLS",
            Why::OtherOrganization(_) => "ANNEN_ORGANISASJON",
            Why::Certificate(_) => "SERTIFIKAT",
            Why::Redirected(_) => "OMDIRIGERING",
            Why::TimedOut => "TIDSAVBRUDD",
            Why::Broken => "BRUTT",
            Why::TooLarge => "FOR_STORT_SVAR",
            Why::Status(_) => "HTTP_STATUS",
            Why::NoReceipt => "IKKE_KVITTERING",
            Why::Refused(_) => "KVITTERING_UGYLDIG",
            Why::Stranger(_) => "FREMMED_SIGNATUR",
            Why::OtherDelivery => "ANNEN_LEVERANSE",
            Why::OutsideBatch => "UTENFOR_LEVERANSEN",
            Why::TookNothing => "INGENTING_TATT",
            Why::Pruned(_) => "ENDRINGER_BORTE",
            Why::Internal => "INTERN_FEIL",
        }
    }

    /// What mends it, for whoever tries an address.
    pub fn cure(&self) -> &'static str {
        match self {
            Why::Unusable(_) => "approve an address that begins with https:// and names a host",
            Why::NoAddress(_) => "look at the name in the address, and at the DNS that this node asks",
            Why::PrivateAddress => {
                "say --private where a private address is meant; else the vendor mends the name in DNS"
            }
            Why::NoConnection(_) => {
                "the vendor looks whether the receiver runs and listens on that port; look at the firewalls at both ends"
            }
            Why::Tls(_) => {
                "the receiver's certificate must be in force, carry the host's name and chain to delivery.anchors, with its \
                 intermediate certificates sent along"
            }
            Why::OtherOrganization(_) => {
                "the vendor shows its own certificate, or approve the organization that it is of with --tls-organization"
            }
            Why::Certificate(_) => "the vendor takes a new TLS certificate into use",
            Why::Redirected(_) => "approve the address that it redirects to, if that is the vendor's",
            Why::TimedOut => "the vendor looks why it is slow: an answer must come within the limits of [delivery]",
            Why::Broken => {
                "the vendor looks into the receiver's log: it may refuse the gateway's client certificate, which it must let in"
            }
            Why::TooLarge => "the vendor answers with the message of the contract and nothing else",
            Why::Status(404) => "look at the path in the address",
            Why::Status(_) => "the vendor looks into the receiver's log",
            Why::NoReceipt => "the vendor looks into the receiver's log, and makes its server of /contract/mottak?wsdl",
            Why::Refused(_) => {
                "the vendor signs Body and Timestamp of the answer as it signs messages, with a clock that is right, and sends \
                 what is valid by the schema"
            }
            Why::Stranger(_) => {
                "the vendor signs with the certificate of the operator of the avsendersystem, or of its kommune"
            }
            Why::OtherDelivery | Why::OutsideBatch | Why::TookNothing => {
                "the vendor answers for the delivery that it was sent"
            }
            Why::Pruned(_) => {
                "the vendor reads on from the oldest number with hentEndringer and acknowledges what went before, loads the persons \
                 anew with bestillOeyeblikksbilde, and the stream is resumed"
            }
            Why::Internal => "look into the log of the gateway",
        }
    }

    /// Nothing that time mends: an operator has to look.
    fn is_final(&self) -> bool {
        matches!(
            self,
            Why::Unusable(_)
                | Why::PrivateAddress
                | Why::OtherOrganization(_)
                | Why::Certificate(_)
                | Why::Redirected(_)
                | Why::Pruned(_)
        )
    }
}

impl From<Why> for Outcome {
    fn from(why: Why) -> Self {
        if why.is_final() { Outcome::Never(why) } else { Outcome::Later(why) }
    }
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Why::Refused(refusal.to_string())
    }
}

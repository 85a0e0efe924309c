//! One batch, one transaction (design.md 7): lock and load, look up ids, decide in arrival order, write, number,
//! render, chain, commit. Nothing is answered before the commit.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::bestilling::Bestilling;
use crate::command::Command;
use crate::decide::Ids;
use crate::decide::feilregistrert::Melding;
use crate::decide::kilde::Grunnlagsmelding;
use crate::evidence::payload::MasterKey;
use crate::feilsak;
use crate::id::Orgnr;
use crate::policy::Policy;
use crate::receipt::{Bevis, Finding, Receipt, StruckReceipt};
use crate::store::StoreError;
use crate::support::Supportbilde;

mod answers;
mod attempt;
mod batch;
mod chain;
mod dry_run;
mod internal;
mod judge;
mod kilde;
mod lane;
mod pictures;
mod saker;
mod vern;

pub use dry_run::DryRun;
pub use internal::{Adressater, Imported, Internal, InternalCommand, Kunngjoering, Merke};
pub use lane::Lane;
pub use pictures::Pictures;

/// A message of more persons commits alone (design.md 17, decide).
const ALONE_FROM_PERSONS: usize = 51;

/// What is kept of every authenticated exchange (design.md 9).
#[derive(Debug, Clone)]
pub struct Exchange {
    /// SOAP operation, for example `sendRegistreringer`.
    pub operation: &'static str,
    /// Organisation of the verified signature.
    pub signer: Orgnr,
    /// Named in the message.
    pub avsendersystem: Option<String>,
    /// Named in the message.
    pub meldings_id: Option<String>,
    /// The transfer user named in the message: an answer that is no error counts as its use (A405).
    pub user: Option<String>,
    /// The request as it arrived.
    pub request: Arc<[u8]>,
    /// Wall time of receipt.
    pub received: DateTime<Utc>,
}

/// What the ledger is asked to do.
#[derive(Debug, Clone)]
pub enum Work {
    /// Judge and apply a message.
    Register(Box<Command>),
    /// Judge and apply what a source tells.
    Grunnlag(Box<Grunnlagsmelding>),
    /// Carry out a command that no message brought.
    Internal(Box<InternalCommand>),
    /// Judge and apply a report of a wrong record (HD-14); what refuses it leaves nothing.
    Strike(Box<Melding>),
    /// Write and keep the answer of a dry run, which was decided outside the batch.
    DryRun(Box<Receipt>),
    /// Take an order of pictures; refused while another of the stream is open.
    Order {
        /// The order.
        order: Box<Bestilling>,
        /// Canonical Body child of the answer.
        answer: Vec<u8>,
    },
    /// Write pictures of an order into its stream; leaves no row of evidence, since handing them out does.
    Pictures(Box<Pictures>),
    /// Keep an exchange whose answer is ready (reads, refusals).
    Record {
        /// Canonical Body child of the answer.
        answer: Vec<u8>,
        /// `OK`, or the code that refused.
        outcome: String,
        /// The last number of its stream that the answer hands out.
        handed_out: Option<i64>,
    },
    /// Keep the exchange of a delivery by push that was acknowledged, and move the cursor. What arrived is the receiver's
    /// receipt, what was signed is ours; so `request` of the exchange is the receipt.
    Delivered {
        /// Canonical Body child of what was sent.
        sent: Vec<u8>,
        /// The stream as it was called there.
        stroem_id: String,
        /// The last number that was sent.
        handed_out: i64,
        /// The last number that is stored at the receiver's end.
        bekreftet_til: i64,
        /// Whose delivery it was; of an owner that lost the stream nothing is kept.
        fence: i64,
    },
    /// Keep an exchange whose answer is ready, and what it does beside the register in the same transaction.
    RecordWith {
        /// Canonical Body child of the answer.
        answer: Vec<u8>,
        /// `OK`, or the code that refused.
        outcome: String,
        /// What it does.
        effect: Box<Effect>,
    },
    /// Move the cursor of the exchange's stream; leaves no row of its own.
    Acknowledge {
        /// Up to and including this number.
        bekreft_til: i64,
    },
    /// The signature under an earlier answer.
    Signature {
        /// The exchange's row.
        of: Bevis,
        /// SignatureValue.
        signature: Vec<u8>,
    },
}

/// What an exchange does beside the register.
#[derive(Debug, Clone)]
pub enum Effect {
    /// A message was refused before the register saw it: a transfer error of its avsendersystem.
    Refused(feilsak::Melding, Vec<feilsak::Enhet>),
    /// A support case, and what is new in it.
    Support(Supportbilde),
    /// An operator says how far a transfer error has come.
    Decided(uuid::Uuid, feilsak::Saksstatus),
    /// An operator lets a source on that is held (design.md 8, Bremse).
    LetOn(String),
}

/// One job of a batch.
#[derive(Debug, Clone)]
pub struct Job {
    /// The exchange.
    pub exchange: Exchange,
    /// What to do.
    pub work: Work,
}

/// What a committed job came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Canonical Body child of the answer; empty where there is none to give.
    pub answer: Vec<u8>,
    /// Where the exchange stands in the evidence.
    pub bevis: Bevis,
    /// Status of the answer, for counting: `GODTATT`, `GJENTATT`, `OK`, a code.
    pub outcome: String,
}

/// Why a job was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The register refuses it; nothing was stored, nor is the exchange kept yet.
    #[error("refused")]
    Refused(Vec<Finding>),
    /// The commit was sent and no answer came; a repeat of the message finds out (NIR-I903).
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown,
    /// Deciding or rendering this message panicked; nothing of it was stored (NIR-I901).
    #[error("a rule or a renderer panicked on this message")]
    Panicked,
    /// An order of the same stream is not written to its end yet.
    #[error("an order of the stream is open")]
    OrderOpen(Uuid),
    /// Others have gone on with the order; nothing was stored.
    #[error("the order went on elsewhere")]
    OrderMoved,
    /// Acknowledged a number that was never handed out (NIR-I906).
    #[error("acknowledged beyond what was handed out")]
    BeyondHandedOut,
    /// A delivery of an owner that lost the stream; nothing was stored.
    #[error("another has the stream")]
    Fenced,
    /// The source is held until an operator lets it on (NIR-T104); nothing of the message was stored, nor is the exchange kept
    /// yet.
    #[error("the source is held")]
    SourceHeld,
    /// The persons were locked by others for too long (NIR-K705).
    #[error("others kept the same rows")]
    Locked,
    /// The store failed; nothing was stored (NIR-I901).
    #[error("{0}")]
    Store(Arc<StoreError>),
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        LedgerError::Store(Arc::new(error))
    }
}

/// Writes an answer in its wire form; the register knows no XML.
pub trait Render: Send + Sync {
    /// The canonical Body child of a receipt; `request` is the message as it arrived, for line and column.
    fn receipt(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8>;
    /// As `receipt`, of what a source told.
    fn grunnlag(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8>;
    /// The canonical Body child of the receipt of `meldFeilregistrert`.
    fn struck(&self, receipt: &StruckReceipt) -> Vec<u8>;
    /// The stored answer with `gjentatt` true.
    fn repeated(&self, stored: &[u8]) -> Vec<u8>;
}

/// Signs checkpoints of the evidence with the gateway's key.
pub trait SignCheckpoint: Send + Sync {
    /// The signature over the text, or `None` when signing failed; the checkpoint is then tried again later.
    fn sign(&self, text: &[u8]) -> Option<Vec<u8>>;
}

/// What a lane is given.
pub struct LaneConfig {
    /// Name of the node: names the chain.
    pub node: String,
    /// Lane of the node.
    pub lane: u16,
    /// Wraps data keys.
    pub master_key: MasterKey,
    /// The rules.
    pub policy: Arc<Policy>,
    /// Writes answers.
    pub render: Arc<dyn Render>,
    /// Signs checkpoints.
    pub checkpoints: Arc<dyn SignCheckpoint>,
    /// Fresh ids.
    pub ids: Box<dyn Ids + Send>,
}

impl std::fmt::Debug for LaneConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LaneConfig").field("node", &self.node).field("lane", &self.lane).finish_non_exhaustive()
    }
}

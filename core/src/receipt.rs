//! The answer of the register to one message: it mirrors the message line by line (contract.md 0.8, 2.2).

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::change::NumberedNotice;
use crate::id::Duf;
use crate::post::{Feilstatus, PostId};
use crate::rejection::Rejection;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// FEIL: refuses.
    Error,
    /// ADVARSEL: never refuses.
    Warning,
}

/// Which element of the message a finding concerns; the gateway turns it into an XPath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The message as a whole.
    Message,
    /// An element of `meldingshode`.
    Header(&'static str),
    /// An element of `person`.
    Person(&'static str),
    /// An element of `registrering`, as a path from it (`handling`, `post/versjon`).
    Line(&'static str),
    /// An element of the content (`fraDato`).
    Content(&'static str),
}

impl Field {
    /// The element's own name; of the message as a whole none.
    pub fn element(self) -> &'static str {
        match self {
            Field::Message => "",
            Field::Header(path) | Field::Person(path) | Field::Line(path) | Field::Content(path) => {
                path.rsplit('/').next().unwrap_or(path)
            }
        }
    }
}

/// One error or warning (`Feil`, contract.md 6). Texts are rendered from the code's row with `params`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The code.
    pub rejection: Rejection,
    /// Error or warning.
    pub severity: Severity,
    /// Where.
    pub field: Field,
    /// Named values for the texts of the code's row and for `tillegg`. Never a name, address or protection level.
    pub params: Vec<(&'static str, String)>,
    /// The earliest date that would have been accepted, where that helps.
    pub tidligste_dato: Option<NaiveDate>,
    /// The rule that refused, for example `vindu.intro.2mnd`.
    pub regel: Option<String>,
    /// The post that stands in the way.
    pub post: Option<PostAnswer>,
}

impl Finding {
    /// The values for the texts of the code: its own, the element, and the earliest date.
    pub fn text_values(&self) -> Vec<(&'static str, String)> {
        let mut values = self.params.clone();
        if !values.iter().any(|(name, _)| *name == "felt") && self.field != Field::Message {
            values.push(("felt", self.field.element().to_owned()));
        }
        values.extend(self.tidligste_dato.map(|date| ("tidligsteDato", date.to_string())));
        values
    }
}

/// A post as an answer names it (`PostSvar`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostAnswer {
    /// Its id.
    pub post_id: PostId,
    /// Its present version.
    pub versjon: i32,
    /// The caller's own reference to it.
    pub avsenders_referanse: Option<String>,
    /// Code of the channel that wrote it last (FAGSYSTEM, WEB, IMDI, SYSTEM), where that helps.
    pub sist_endret_av: Option<String>,
}

/// What became of one registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOutcome {
    /// REGISTRERT
    Registrert,
    /// ENDRET
    Endret,
    /// KORRIGERT
    Korrigert,
    /// ANNULLERT
    Annullert,
    /// KNYTTET
    Knyttet,
    /// UENDRET
    Uendret,
    /// AVVIST
    Avvist,
    /// IKKE_UTFOERT: nothing wrong with it; fell with the others.
    IkkeUtfoert,
}

/// One line's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineResult {
    /// As sent.
    pub registrerings_id: String,
    /// What became of it.
    pub outcome: LineOutcome,
    /// Kind of the content sent (`TILTAK`), for the XPath of a field of it.
    pub posttype: Option<&'static str>,
    /// The post it wrote.
    pub post: Option<PostAnswer>,
    /// Errors and warnings, the first is the main one.
    pub findings: Vec<Finding>,
}

/// One person's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonResult {
    /// As sent.
    pub duf_text: String,
    /// True when every line stands.
    pub accepted: bool,
    /// Errors of the person as a whole.
    pub findings: Vec<Finding>,
    /// One per line sent, in order.
    pub lines: Vec<LineResult>,
}

/// `status` of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// GODTATT
    Godtatt,
    /// DELVIS_GODTATT
    DelvisGodtatt,
    /// AVVIST
    Avvist,
}

/// Where the avsendersystem's stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPosition {
    /// Its id.
    pub stroem_id: String,
    /// Last number written.
    pub siste_sekvensnummer: i64,
    /// Last number acknowledged.
    pub bekreftet_til: i64,
}

/// Where the exchange stands in the evidence chain (design.md 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bevis {
    /// The chain.
    pub kjede: String,
    /// The row.
    pub posisjon: i64,
    /// Hash of the row before, lower-case hex.
    pub forrige_hash: String,
}

/// The receipt of `meldFeilregistrert` (HD-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StruckReceipt {
    /// The version the answer is written for.
    pub kontraktversjon: String,
    /// Whose record.
    pub duf: Duf,
    /// Struck, or reported.
    pub status: Feilstatus,
    /// The case.
    pub sak: Uuid,
    /// The same message had been carried out before.
    pub gjentatt: bool,
    /// The record afterwards.
    pub post: PostAnswer,
    /// Receipt time.
    pub mottatt: DateTime<Utc>,
    /// Own changes, numbered.
    pub changes: Vec<NumberedNotice>,
    /// Where the stream stands after.
    pub stroem: Option<StreamPosition>,
    /// Where the evidence stands.
    pub bevis: Bevis,
}

/// The ids of a receipt's errors: the n-th one always has the same id. Counted over all findings in the order of the receipt:
/// the message's, then each person's own and those of its lines.
#[derive(Debug)]
pub struct FeilIds {
    receipt: Uuid,
    next: u64,
}

impl FeilIds {
    /// The ids of the receipt with this id.
    pub fn of(receipt: Uuid) -> Self {
        FeilIds { receipt, next: 0 }
    }

    /// The next one.
    pub fn next_id(&mut self) -> Uuid {
        self.next += 1;
        Uuid::new_v5(&self.receipt, &self.next.to_be_bytes())
    }
}

/// The receipt (`Kvittering`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The gateway's id.
    pub kvitterings_id: Uuid,
    /// The sender's id.
    pub meldings_id: String,
    /// The version the answer is written for.
    pub kontraktversjon: String,
    /// The whole.
    pub status: Status,
    /// True for a dry run.
    pub proevekjoering: bool,
    /// Receipt time (register time in the sandbox).
    pub mottatt: DateTime<Utc>,
    /// The `today` that the window used.
    pub mottatt_dato: NaiveDate,
    /// Errors of the message as a whole.
    pub findings: Vec<Finding>,
    /// One per person sent, in order.
    pub persons: Vec<PersonResult>,
    /// Own changes, numbered.
    pub changes: Vec<NumberedNotice>,
    /// Where the stream stands after.
    pub stroem: Option<StreamPosition>,
    /// Where the evidence stands.
    pub bevis: Bevis,
}

//! The lane's evidence chain in memory: rows get their place and hash here, the store writes them.

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::evidence::payload::{self, CannotSeal, MasterKey};
use crate::evidence::{Hash, Kind, checkpoint_text, row_hash, sha256, stored_sha256};
use crate::ledger::batch::guarded;
use crate::ledger::{Exchange, SignCheckpoint};
use crate::receipt::Bevis;
use crate::store::rows::{ChainRow, EvidenceRow, KeyRow};

/// Rows after which the head is signed.
const CHECKPOINT_AFTER: i64 = 1_000;

/// The head of a chain, and the rows that a batch adds.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    row: ChainRow,
    checkpoint: i64,
    pub rows: Vec<EvidenceRow>,
    pub keys: Vec<KeyRow>,
}

impl Chain {
    pub fn new(row: ChainRow) -> Self {
        Chain { checkpoint: row.head_position, row, rows: Vec::new(), keys: Vec::new() }
    }

    /// The head as the store has it after the batch, without the rows.
    pub fn advanced(self) -> Self {
        Chain { rows: Vec::new(), keys: Vec::new(), ..self }
    }

    pub fn number(&self) -> i32 {
        self.row.chain
    }

    pub fn kjede(&self) -> String {
        self.row.kjede()
    }

    pub fn position(&self) -> i64 {
        self.row.head_position
    }

    /// The place of the next row.
    pub fn next(&self) -> Bevis {
        Bevis {
            kjede: self.kjede(),
            posisjon: self.row.head_position + 1,
            forrige_hash: hex::encode(&self.row.head_hash),
        }
    }

    fn push(&mut self, mut row: EvidenceRow) {
        row.chain = self.row.chain;
        row.position = self.row.head_position + 1;
        let hash: Hash = row_hash(&self.kjede(), &self.row.head_hash, &row);
        row.hash = hash.to_vec();
        self.row.head_position = row.position;
        self.row.head_hash = hash.to_vec();
        self.rows.push(row);
    }

    /// Adds an exchange with its answer.
    pub fn exchange(
        &mut self,
        exchange: &Exchange,
        outcome: &str,
        answer: &[u8],
        recorded: DateTime<Utc>,
        master: &MasterKey,
    ) -> Result<(), CannotSeal> {
        let (dictionary, request) = payload::compress(&exchange.request)?;
        let sealed = payload::seal(master, &request)?;
        let (_, stored) = payload::compress(answer)?;
        self.keys.push(KeyRow { chain: self.row.chain, position: self.row.head_position + 1, wrapped: sealed.wrapped });
        self.push(EvidenceRow {
            received: exchange.received.trunc_subsecs(6),
            operation: exchange.operation.to_owned(),
            signer: exchange.signer.to_string(),
            avsendersystem: exchange.avsendersystem.clone(),
            meldings_id: exchange.meldings_id.clone(),
            request_sha256: sha256(&exchange.request).to_vec(),
            answer_sha256: sha256(answer).to_vec(),
            stored_sha256: stored_sha256(Some(&sealed.payload), &stored).to_vec(),
            dictionary,
            request: Some(sealed.payload),
            answer: stored,
            ..bare(Kind::Exchange, outcome, recorded)
        });
        Ok(())
    }

    /// Adds the signature under an earlier answer. One of an earlier incarnation is named in words.
    pub fn signature(
        &mut self,
        of: &Bevis,
        exchange: &Exchange,
        signature: &[u8],
        recorded: DateTime<Utc>,
    ) -> Result<(), CannotSeal> {
        let own = of.kjede == self.kjede();
        let outcome = if own { "SIGNATUR".to_owned() } else { format!("SIGNATUR {} {}", of.kjede, of.posisjon) };
        let row = self.without_request(Kind::Signature, &outcome, signature, recorded)?;
        self.push(EvidenceRow {
            received: exchange.received.trunc_subsecs(6),
            operation: exchange.operation.to_owned(),
            signer: exchange.signer.to_string(),
            avsendersystem: exchange.avsendersystem.clone(),
            meldings_id: exchange.meldings_id.clone(),
            about: own.then_some(of.posisjon),
            ..row
        });
        Ok(())
    }

    /// Adds the first row.
    pub fn opening(&mut self, heads: &str, recorded: DateTime<Utc>) -> Result<(), CannotSeal> {
        let row = self.without_request(Kind::Opening, "AAPNET", heads.as_bytes(), recorded)?;
        self.push(row);
        Ok(())
    }

    /// Signs the head when enough rows stand after the last signature, or when `now` says so.
    pub fn checkpoint(
        &mut self,
        signer: &dyn SignCheckpoint,
        recorded: DateTime<Utc>,
        now: bool,
    ) -> Result<(), CannotSeal> {
        let since = self.row.head_position - self.checkpoint;
        if since == 0 || (since < CHECKPOINT_AFTER && !now) {
            return Ok(());
        }
        let text = checkpoint_text(&self.kjede(), self.row.head_position, &self.row.head_hash);
        if let Some(signature) = guarded(|| signer.sign(&text)).flatten() {
            let about = self.row.head_position;
            let row = self.without_request(Kind::Checkpoint, "KONTROLLPUNKT", &signature, recorded)?;
            self.push(EvidenceRow { about: Some(about), ..row });
            self.checkpoint = self.row.head_position;
        }
        Ok(())
    }

    fn without_request(
        &self,
        kind: Kind,
        outcome: &str,
        answer: &[u8],
        recorded: DateTime<Utc>,
    ) -> Result<EvidenceRow, CannotSeal> {
        let (dictionary, stored) = payload::compress(answer)?;
        Ok(EvidenceRow {
            request_sha256: sha256(&[]).to_vec(),
            answer_sha256: sha256(answer).to_vec(),
            stored_sha256: stored_sha256(None, &stored).to_vec(),
            dictionary,
            answer: stored,
            ..bare(kind, outcome, recorded)
        })
    }
}

fn bare(kind: Kind, outcome: &str, recorded: DateTime<Utc>) -> EvidenceRow {
    EvidenceRow {
        chain: 0,
        position: 0,
        kind: kind as i16,
        recorded,
        received: recorded,
        operation: String::new(),
        signer: String::new(),
        avsendersystem: None,
        meldings_id: None,
        outcome: outcome.to_owned(),
        about: None,
        request_sha256: Vec::new(),
        answer_sha256: Vec::new(),
        stored_sha256: Vec::new(),
        dictionary: 0,
        request: None,
        answer: Vec::new(),
        hash: Vec::new(),
    }
}

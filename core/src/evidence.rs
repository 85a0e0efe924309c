//! Evidence: every authenticated exchange in a hash chain that covers numbers and digests, never payload (design.md 9).

use aws_lc_rs::digest::{Context, SHA256, digest};

use crate::store::rows::EvidenceRow;

pub mod payload;
mod verify;

pub(crate) use verify::heads;
pub use verify::{Broken, ChainReport, CheckSignature, Report, verify};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// What a row of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub enum Kind {
    /// A message and its answer.
    Exchange = 1,
    /// The signature under an earlier answer.
    Signature = 2,
    /// The head of the chain, signed.
    Checkpoint = 3,
    /// The first row: names the heads of all other chains.
    Opening = 4,
}

/// Digest of bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// What is stored of request and answer, as one digest: a changed byte of either shows without any key.
pub(crate) fn stored_sha256(request: Option<&[u8]>, answer: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    let request = request.unwrap_or_default();
    context.update(&(request.len() as u64).to_be_bytes());
    context.update(request);
    context.update(answer);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Hash of a row: over the hash before it and every field but the payloads, each with its length before it.
pub(crate) fn row_hash(before: &[u8], row: &EvidenceRow) -> Hash {
    let mut context = Context::new(&SHA256);
    let mut field = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    field(b"nir evidence 1");
    field(before);
    field(&row.chain.to_be_bytes());
    field(&row.position.to_be_bytes());
    field(&row.kind.to_be_bytes());
    field(&row.recorded.timestamp_micros().to_be_bytes());
    field(&row.received.timestamp_micros().to_be_bytes());
    field(row.operation.as_bytes());
    field(row.signer.as_bytes());
    // Absent and empty are told apart.
    for text in [&row.avsendersystem, &row.meldings_id] {
        field(if text.is_some() { b"1" } else { b"0" });
        field(text.as_deref().unwrap_or_default().as_bytes());
    }
    field(row.outcome.as_bytes());
    field(&row.about.unwrap_or(-1).to_be_bytes());
    field(&row.request_sha256);
    field(&row.answer_sha256);
    field(&row.stored_sha256);
    field(&row.dictionary.to_be_bytes());
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// What a checkpoint signs.
pub fn checkpoint_text(kjede: &str, position: i64, hash: &[u8]) -> Vec<u8> {
    format!("nir checkpoint 1\n{kjede}\n{position}\n{}\n", hex::encode(hash)).into_bytes()
}

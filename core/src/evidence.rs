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

/// What is stored of request and answer, a digest each: a changed byte of either shows without any key, and the one that
/// is left shows it when retention dropped the other.
pub(crate) fn stored_sha256(request: Option<&[u8]>, answer: &[u8]) -> [u8; 64] {
    let mut out = [0; 64];
    out[..32].copy_from_slice(&sha256(request.unwrap_or_default()));
    out[32..].copy_from_slice(&sha256(answer));
    out
}

/// Hash of a row: over the hash before it, the chain's name and every field but the payloads, each with its length
/// before it.
pub(crate) fn row_hash(kjede: &str, before: &[u8], row: &EvidenceRow) -> Hash {
    let mut context = Context::new(&SHA256);
    let mut field = |bytes: &[u8]| {
        context.update(&(bytes.len() as u64).to_be_bytes());
        context.update(bytes);
    };
    field(b"nir evidence 1");
    field(kjede.as_bytes());
    field(before);
    field(&row.chain.to_be_bytes());
    field(&row.position.to_be_bytes());
    field(&row.kind.to_be_bytes());
    field(&row.recorded.timestamp_micros().to_be_bytes());
    field(&row.received.timestamp_micros().to_be_bytes());
    field(row.operation.as_bytes());
    field(row.signer.as_bytes());
    // Absent and empty are told apart.
    let about = row.about.map(i64::to_be_bytes);
    for field_or_none in [
        row.avsendersystem.as_deref().map(str::as_bytes),
        row.meldings_id.as_deref().map(str::as_bytes),
        about.as_ref().map(<[u8; 8]>::as_slice),
    ] {
        field(if field_or_none.is_some() { b"1" } else { b"0" });
        field(field_or_none.unwrap_or_default());
    }
    field(row.outcome.as_bytes());
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

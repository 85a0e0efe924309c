//! `nir-gateway log verify`: every chain recomputed row by row (design.md 9).

use std::fmt;

use crate::evidence::{Kind, checkpoint_text, payload, row_hash, sha256, stored_sha256};
use crate::store::rows::{ChainRow, EvidenceRow};
use crate::store::{Store, StoreError};

/// Rows read at once.
const PAGE: i64 = 500;

/// Every chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// One per chain.
    pub chains: Vec<ChainReport>,
}

/// One chain that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Its name.
    pub kjede: String,
    /// How many rows it has.
    pub rows: i64,
    /// How many of them are signed checkpoints.
    pub checkpoints: i64,
}

/// The first row that does not hold, or the store's failure.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// A row.
    #[error("chain {kjede}, position {position}: {what}")]
    Row {
        /// The chain.
        kjede: String,
        /// The position.
        position: i64,
        /// What is wrong.
        what: String,
    },
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks the signature of a checkpoint: (signed bytes, signature) → whether it holds.
pub type CheckSignature<'a> = &'a (dyn Fn(&[u8], &[u8]) -> bool + Sync);

/// Recomputes every chain. With `signature`, checkpoints must verify too.
pub async fn verify(store: &Store, signature: Option<CheckSignature<'_>>) -> Result<Report, Broken> {
    let chains = store.chains().await?;
    let mut reports = Vec::with_capacity(chains.len());
    let mut named: Vec<(String, Head)> = Vec::new();
    for chain in &chains {
        let checkpoints = one(store, chain, signature, &mut named).await?;
        reports.push(ChainReport { kjede: chain.kjede(), rows: chain.head_position, checkpoints });
    }
    // What an opening named of another chain must still stand there: a chain that was cut shows.
    for (by, head) in named {
        let broken =
            |what: &str| Broken::Row { kjede: head.kjede.clone(), position: head.position, what: what.to_owned() };
        let Some(chain) = chains.iter().find(|chain| chain.kjede() == head.kjede) else {
            return Err(broken(&format!("the chain is gone, and {by} names it")));
        };
        if head.position == 0 {
            continue;
        }
        let rows = store.evidence(chain.chain, head.position - 1, 1).await?;
        if !rows.first().is_some_and(|row| row.position == head.position && hex::encode(&row.hash) == head.hash) {
            return Err(broken(&format!("the row is not the one that {by} names")));
        }
    }
    Ok(Report { chains: reports })
}

/// A head as an opening names it.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    kjede: String,
    position: i64,
    hash: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.kjede, self.position, self.hash)
    }
}

/// The text of an opening: a line for each other chain.
pub(crate) fn heads(chains: &[ChainRow]) -> String {
    let line = |chain: &ChainRow| {
        Head { kjede: chain.kjede(), position: chain.head_position, hash: hex::encode(&chain.head_hash) }.to_string()
            + "\n"
    };
    chains.iter().map(line).collect()
}

fn read_heads(text: &str) -> Option<Vec<Head>> {
    text.lines()
        .map(|line| {
            let mut words = line.split(' ');
            let head = Head {
                kjede: words.next()?.to_owned(),
                position: words.next()?.parse().ok()?,
                hash: words.next()?.to_owned(),
            };
            words.next().is_none().then_some(head)
        })
        .collect()
}

async fn one(
    store: &Store,
    chain: &ChainRow,
    signature: Option<CheckSignature<'_>>,
    named: &mut Vec<(String, Head)>,
) -> Result<i64, Broken> {
    let kjede = chain.kjede();
    let (mut at, mut before, mut checkpoints) = (0, vec![0_u8; 32], 0);
    loop {
        let rows = store.evidence(chain.chain, at, PAGE).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let broken = |position, what: &str| Broken::Row { kjede: kjede.clone(), position, what: what.to_owned() };
            if row.position != at + 1 {
                return Err(broken(at + 1, "the row is missing"));
            }
            content(&row).map_err(|what| broken(row.position, &what))?;
            if row_hash(&before, &row).as_slice() != row.hash {
                return Err(broken(row.position, "the row, or its link to the row before, was changed"));
            }
            if row.request.is_some()
                && row.kind == Kind::Exchange as i16
                && store.data_key(row.chain, row.position).await?.is_none()
            {
                return Err(broken(row.position, "the data key is gone, and the payload is still there"));
            }
            if row.kind == Kind::Opening as i16 {
                let text = payload::decompress(row.dictionary, &row.answer)?;
                let heads = String::from_utf8(text).ok().and_then(|text| read_heads(&text));
                let heads = heads.ok_or_else(|| broken(row.position, "the opening cannot be read"))?;
                named.extend(heads.into_iter().map(|head| (kjede.clone(), head)));
            }
            if row.kind == Kind::Checkpoint as i16 {
                checkpoints += 1;
                let signed = payload::decompress(row.dictionary, &row.answer)?;
                let holds = |check: CheckSignature<'_>| check(&checkpoint_text(&kjede, at, &before), &signed);
                if signature.is_some_and(|check| !holds(check)) {
                    return Err(broken(row.position, "the checkpoint's signature does not hold"));
                }
            }
            at = row.position;
            before = row.hash;
        }
    }
    if at != chain.head_position || before != chain.head_hash {
        let what = format!("the chain ends here, and its head says {}", chain.head_position);
        return Err(Broken::Row { kjede, position: at, what });
    }
    Ok(checkpoints)
}

/// The payloads are those whose digests the row states. A request that retention dropped is not missed.
fn content(row: &EvidenceRow) -> Result<(), String> {
    if row.request.is_some() || row.kind != Kind::Exchange as i16 {
        let stored = stored_sha256(row.request.as_deref(), &row.answer);
        if stored.as_slice() != row.stored_sha256 {
            return Err("the stored request or answer was changed".to_owned());
        }
    }
    let answer =
        payload::decompress(row.dictionary, &row.answer).map_err(|_| "the stored answer was changed".to_owned())?;
    if sha256(&answer).as_slice() != row.answer_sha256 {
        return Err("the answer is not the one whose digest the row states".to_owned());
    }
    Ok(())
}

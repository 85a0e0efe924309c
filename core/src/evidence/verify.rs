//! `nir-gateway log verify`: every chain recomputed row by row (design.md 9).

use std::collections::BTreeMap;
use std::fmt;

use crate::evidence::{Kind, checkpoint_text, payload, row_hash, sha256, stored_sha256};
use crate::store::rows::{ChainRow, EvidenceRow};
use crate::store::{Store, StoreError};

/// Rows read at once: each may hold a message of 4 MiB.
const PAGE: i64 = 64;

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

/// Recomputes every chain. With `signature`, checkpoints must verify too. Nodes may go on writing meanwhile.
pub async fn verify(store: &Store, signature: Option<CheckSignature<'_>>) -> Result<Report, Broken> {
    let chains = store.chains().await?;
    let mut reports = Vec::with_capacity(chains.len());
    let mut named = Named::new();
    for chain in &chains {
        let (rows, checkpoints) = one(store, chain, signature, &mut named).await?;
        reports.push(ChainReport { kjede: chain.kjede(), rows, checkpoints });
    }
    // What an opening named of another chain must still stand there: a chain that was cut shows.
    let numbers: BTreeMap<String, i32> = chains.iter().map(|chain| (chain.kjede(), chain.chain)).collect();
    for ((kjede, position), (hash, by)) in named {
        let broken = |what: &str| Broken::Row { kjede: kjede.clone(), position, what: what.to_owned() };
        let Some(chain) = numbers.get(&kjede) else {
            return Err(broken(&format!("the chain is gone, and {by} names it")));
        };
        if position == 0 {
            continue;
        }
        let found = store.evidence(*chain, position, 1).await?;
        let row = found.first().filter(|found| found.position == position).and_then(|found| found.row.as_ref().ok());
        if row.is_none_or(|row| hex::encode(&row.hash) != hash) {
            return Err(broken(&format!("the row is not the one that {by} names")));
        }
    }
    if let Some((chain, position)) = store.stray_evidence().await? {
        let kjede = chains.iter().find(|row| row.chain == chain).map_or_else(|| chain.to_string(), ChainRow::kjede);
        let what = "a row or a data key that belongs to nothing".to_owned();
        return Err(Broken::Row { kjede, position, what });
    }
    Ok(Report { chains: reports })
}

/// (chain, position) → (hash, and the chain whose opening names it first).
type Named = BTreeMap<(String, i64), (String, String)>;

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
            // The name comes first, and a node may be called anything.
            let mut words = line.rsplitn(3, ' ');
            let (hash, position, kjede) = (words.next()?, words.next()?, words.next()?);
            Some(Head { kjede: kjede.to_owned(), position: position.parse().ok()?, hash: hash.to_owned() })
        })
        .collect()
}

async fn one(
    store: &Store,
    chain: &ChainRow,
    signature: Option<CheckSignature<'_>>,
    named: &mut Named,
) -> Result<(i64, i64), Broken> {
    let kjede = chain.kjede();
    let broken = |position, what: &str| Broken::Row { kjede: kjede.clone(), position, what: what.to_owned() };
    let (mut at, mut before, mut checkpoints, mut from, mut ends) = (0, vec![0_u8; 32], 0, i64::MIN, None);
    loop {
        let found = store.evidence(chain.chain, from, PAGE).await?;
        if found.is_empty() {
            // The head is read after the rows: where it is further on, rows were written meanwhile.
            let head = store.chains().await?.into_iter().find(|row| row.chain == chain.chain);
            match head {
                Some(head) if head.head_position == at && head.head_hash == before => return Ok((at, checkpoints)),
                Some(head) if head.head_position > at && ends != Some(at) => ends = Some(at),
                Some(head) if head.head_position > at => {
                    let what = format!("the row is missing; the chain's head says {}", head.head_position);
                    return Err(broken(at + 1, &what));
                }
                Some(head) => {
                    let what = format!("the chain ends here, and its head says {}", head.head_position);
                    return Err(broken(at, &what));
                }
                None => return Err(broken(at, "the chain is gone")),
            }
        }
        for found in found {
            let position = found.position;
            if position != at + 1 {
                let (position, what) =
                    if position > at { (at + 1, "the row is missing") } else { (position, "a row before the first") };
                return Err(broken(position, what));
            }
            let row = found.row.map_err(|what| broken(position, &what))?;
            let answer = content(&row).map_err(|what| broken(position, what))?;
            if row_hash(&kjede, &before, &row).as_slice() != row.hash {
                return Err(broken(position, "the row, or its link to the row before, was changed"));
            }
            if row.request.is_some() && !found.has_key {
                return Err(broken(position, "the data key is gone, and the payload is still there"));
            }
            if row.request.is_none() && found.has_key {
                return Err(broken(position, "the payload is gone, and its data key is still there"));
            }
            if row.kind == Kind::Opening as i16 {
                let heads = String::from_utf8(answer).ok().and_then(|text| read_heads(&text));
                let heads = heads.ok_or_else(|| broken(position, "the opening cannot be read"))?;
                for head in heads {
                    let (hash, by) =
                        named.entry((head.kjede, head.position)).or_insert_with(|| (head.hash.clone(), kjede.clone()));
                    if *hash != head.hash {
                        return Err(broken(position, &format!("it names another row than {by} does")));
                    }
                }
            } else if row.kind == Kind::Checkpoint as i16 {
                checkpoints += 1;
                let text = checkpoint_text(&kjede, at, &before);
                if signature.is_some_and(|check| !check(&text, &answer)) {
                    return Err(broken(position, "the checkpoint's signature does not hold"));
                }
            }
            at = position;
            before = row.hash;
        }
        from = at + 1;
    }
}

/// The payloads are those whose digests the row states; the answer. A request that retention dropped is not missed.
fn content(row: &EvidenceRow) -> Result<Vec<u8>, &'static str> {
    let stored = stored_sha256(row.request.as_deref(), &row.answer);
    let dropped = row.kind == Kind::Exchange as i16 && row.request.is_none();
    let (request, answer) = row.stored_sha256.split_at_checked(32).ok_or("a digest was changed")?;
    if !dropped && request != &stored[..32] {
        return Err("the stored request was changed");
    }
    if answer != &stored[32..] {
        return Err("the stored answer was changed");
    }
    let plain = payload::decompress(row.dictionary, &row.answer).map_err(|_| "the stored answer cannot be read")?;
    if sha256(&plain).as_slice() != row.answer_sha256 {
        return Err("the answer is not the one whose digest the row states");
    }
    Ok(plain)
}

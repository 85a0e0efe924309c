//! The rows of a batch: one statement per table, whatever the batch's size.

use serde_json::{Value, json};
use sqlx::{Sqlite, Transaction};

use super::value::{Blobs, days, micros};
use crate::store::rows::{Closing, ComputedRow, EvidenceRow, IdRow, Writes};
use crate::store::{StoreError, inconsistent};

type Tx = Transaction<'static, Sqlite>;

/// Runs a statement over rows written as JSON; how many rows it touched.
async fn run(tx: &mut Tx, sql: &'static str, rows: Vec<Value>, blobs: Blobs) -> Result<u64, StoreError> {
    let json = Value::from(rows).to_string();
    let done = sqlx::query(sql).bind(json).bind(blobs.bytes).execute(&mut **tx).await?;
    Ok(done.rows_affected())
}

/// As many rows as were sent must have been touched: they were read under the same lock.
fn all(touched: u64, sent: usize, table: &'static str) -> Result<(), StoreError> {
    if touched == sent as u64 {
        Ok(())
    } else {
        Err(inconsistent(table, "", &format!("{touched} of {sent} rows were as they had been read")))
    }
}

async fn close(tx: &mut Tx, sql: &'static str, rows: &[Closing], table: &'static str) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let json = rows.iter().map(|c| json!([c.duf, c.row_no, micros(c.system_to)])).collect();
    all(run(tx, sql, json, Blobs::default()).await?, rows.len(), table)
}

/// Computations, also those of new persons.
pub(super) async fn beregninger(tx: &mut Tx, rows: &[&ComputedRow]) -> Result<(), StoreError> {
    let json = rows
        .iter()
        .map(|c| {
            let (since, until) = (micros(c.system_from), c.system_to.map(micros));
            json!([c.duf, c.row_no, c.beregnings_id.to_string(), since, until, c.data])
        })
        .collect();
    let sql = "INSERT INTO beregning (duf, row_no, beregnings_id, system_from, system_to, data) \
               SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?1) WHERE ?2 IS NOT NULL";
    run(tx, sql, json, Blobs::default()).await.map(drop)
}

/// Facts, computations and what they close.
async fn grunnlag(tx: &mut Tx, w: &Writes) -> Result<(), StoreError> {
    let sql = "UPDATE fact SET system_to = k.value->>2 FROM json_each(?1) k \
               WHERE duf = k.value->>0 AND row_no = k.value->>1 AND system_to IS NULL AND ?2 IS NOT NULL";
    close(tx, sql, &w.fact_closings, "fact").await?;
    if !w.facts.is_empty() {
        let rows = w
            .facts
            .iter()
            .map(|f| {
                let (from, to) = (days(f.valid_from), f.valid_to.map(days));
                json!([f.duf, f.row_no, from, to, micros(f.system_from), f.system_to.map(micros), f.data])
            })
            .collect();
        let sql = "INSERT INTO fact (duf, row_no, valid_from, valid_to, system_from, system_to, data) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6 \
                   FROM json_each(?1) WHERE ?2 IS NOT NULL";
        run(tx, sql, rows, Blobs::default()).await?;
    }
    let sql = "UPDATE beregning SET system_to = k.value->>2 FROM json_each(?1) k \
               WHERE duf = k.value->>0 AND row_no = k.value->>1 AND system_to IS NULL AND ?2 IS NOT NULL";
    close(tx, sql, &w.beregning_closings, "beregning").await?;
    if !w.beregninger.is_empty() {
        beregninger(tx, &w.beregninger.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

pub(super) async fn batch(tx: &mut Tx, w: &Writes) -> Result<(), StoreError> {
    grunnlag(tx, w).await?;
    let sql = "UPDATE post_version SET system_to = k.value->>2 FROM json_each(?1) k \
               WHERE duf = k.value->>0 AND row_no = k.value->>1 AND system_to IS NULL AND ?2 IS NOT NULL";
    close(tx, sql, &w.closings, "post_version").await?;
    if !w.versions.is_empty() {
        let rows = w
            .versions
            .iter()
            .map(|v| {
                let (from, to) = (days(v.valid_from), v.valid_to.map(days));
                let post = v.post_id.to_string();
                let (since, until) = (micros(v.system_from), v.system_to.map(micros));
                json!([
                    v.duf,
                    v.row_no,
                    post,
                    v.versjon,
                    from,
                    to,
                    since,
                    until,
                    i64::from(v.annulled),
                    v.kommune,
                    v.bydel,
                    v.data
                ])
            })
            .collect();
        let sql = "INSERT INTO post_version (duf, row_no, post_id, versjon, valid_from, valid_to, system_from, system_to, annulled, kommune, bydel, data) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, \
                   value->>10, value->>11 \
                   FROM json_each(?1) WHERE ?2 IS NOT NULL";
        run(tx, sql, rows, Blobs::default()).await?;
    }
    if !w.references.is_empty() {
        let rows = w
            .references
            .iter()
            .map(|r| {
                json!([r.avsendersystem, r.reference, r.duf, r.post_id.to_string(), r.attached, micros(r.system_from)])
            })
            .collect();
        let sql = "INSERT INTO post_reference (avsendersystem, reference, duf, post_id, attached, system_from) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?1) WHERE ?2 IS NOT NULL";
        run(tx, sql, rows, Blobs::default()).await?;
    }
    if !w.persons.is_empty() {
        let mut blobs = Blobs::default();
        let rows = w
            .persons
            .iter()
            .map(|p| {
                let state = blobs.push(&p.state);
                json!([p.duf, p.version, p.last_row, state.0, state.1])
            })
            .collect();
        let sql = "UPDATE person SET version = k.value->>1, last_row = k.value->>2, state = substr(?2, k.value->>3, k.value->>4) \
                   FROM json_each(?1) k WHERE duf = k.value->>0";
        all(run(tx, sql, rows, blobs).await?, w.persons.len(), "person")?;
    }
    super::lister::write(tx, &w.lists).await?;
    super::hendelser::write(tx, &w.calendar, &w.withdrawn).await?;
    if !w.new_ids.is_empty() {
        let sql = "INSERT INTO message_id (avsendersystem, meldings_id, digest, outcome, final, first_received, chain, position) \
                   SELECT value->>0, value->>1, substr(?2, value->>2, 32), value->>3, value->>4, value->>5, value->>6, value->>7 \
                   FROM json_each(?1)";
        ids(tx, sql, &w.new_ids).await?;
    }
    if !w.known_ids.is_empty() {
        let sql = "UPDATE message_id SET digest = substr(?2, k.value->>2, 32), outcome = k.value->>3, final = k.value->>4, \
                   first_received = k.value->>5, chain = k.value->>6, position = k.value->>7 FROM json_each(?1) k \
                   WHERE avsendersystem = k.value->>0 AND meldings_id = k.value->>1 AND final = 0";
        let touched = ids(tx, sql, &w.known_ids).await?;
        all(touched, w.known_ids.len(), "message_id")?;
    }
    if !w.changes.is_empty() {
        let rows =
            w.changes.iter().map(|c| json!([c.avsendersystem, c.number, c.duf, micros(c.recorded), c.data])).collect();
        let sql = "INSERT INTO change (avsendersystem, number, duf, recorded, data) \
                   SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1) WHERE ?2 IS NOT NULL";
        run(tx, sql, rows, Blobs::default()).await?;
    }
    evidence(tx, &w.evidence).await?;
    if !w.keys.is_empty() {
        let mut blobs = Blobs::default();
        let rows = w
            .keys
            .iter()
            .map(|k| {
                let key = blobs.push(&k.wrapped);
                json!([k.chain, k.position, key.0, key.1])
            })
            .collect();
        let sql = "INSERT INTO data_key (chain, position, wrapped) \
                   SELECT value->>0, value->>1, substr(?2, value->>2, value->>3) FROM json_each(?1)";
        run(tx, sql, rows, blobs).await?;
    }
    if !w.uses.is_empty() {
        let rows = w.uses.iter().map(|(user, at)| json!([user, micros(*at)])).collect();
        let sql = "INSERT INTO user_use (user_id, last_used) SELECT value->>0, value->>1 FROM json_each(?1) WHERE ?2 IS NOT NULL \
                   ON CONFLICT (user_id) DO UPDATE SET last_used = max(last_used, excluded.last_used)";
        run(tx, sql, rows, Blobs::default()).await?;
    }
    if !w.streams.is_empty() {
        let rows =
            w.streams.iter().map(|(s, row)| json!([s, row.last_number, row.handed_out, row.acknowledged])).collect();
        let sql = "UPDATE stream SET last_number = k.value->>1, handed_out = k.value->>2, acknowledged = k.value->>3 \
                   FROM json_each(?1) k WHERE avsendersystem = k.value->>0 AND ?2 IS NOT NULL";
        all(run(tx, sql, rows, Blobs::default()).await?, w.streams.len(), "stream")?;
    }
    Ok(())
}

async fn ids(tx: &mut Tx, sql: &'static str, rows: &[IdRow]) -> Result<u64, StoreError> {
    let mut blobs = Blobs::default();
    let rows = rows
        .iter()
        .map(|r| {
            let digest = blobs.push(&r.digest);
            let (final_, first) = (i64::from(r.is_final), micros(r.first_received));
            json!([r.avsendersystem, r.meldings_id, digest.0, r.outcome, final_, first, r.chain, r.position])
        })
        .collect();
    run(tx, sql, rows, blobs).await
}

/// The rows of one lane, in order of position, and the chain's new head.
async fn evidence(tx: &mut Tx, rows: &[EvidenceRow]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let mut blobs = Blobs::default();
    let json = rows
        .iter()
        .map(|r| {
            // 32, 32, 64 and 32 bytes.
            let digests =
                blobs.push(&[r.request_sha256.as_slice(), &r.answer_sha256, &r.stored_sha256, &r.hash].concat()).0;
            let request = r.request.as_ref().map(|request| blobs.push(request));
            let answer = blobs.push(&r.answer);
            json!([
                r.chain,
                r.position,
                r.kind,
                micros(r.recorded),
                micros(r.received),
                r.operation,
                r.signer,
                r.avsendersystem,
                r.meldings_id,
                r.outcome,
                r.about,
                digests,
                r.dictionary,
                request.map(|r| r.0),
                request.map(|r| r.1),
                answer.0,
                answer.1
            ])
        })
        .collect();
    let sql = "INSERT INTO evidence (chain, position, kind, recorded, received, operation, signer, avsendersystem, meldings_id, \
               outcome, about, request_sha256, answer_sha256, stored_sha256, hash, dictionary, request, answer) \
               SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, \
               value->>10, substr(?2, value->>11, 32), substr(?2, 32 + (value->>11), 32), substr(?2, 64 + (value->>11), 64), \
               substr(?2, 128 + (value->>11), 32), value->>12, \
               CASE WHEN value->>13 IS NULL THEN NULL ELSE substr(?2, value->>13, value->>14) END, \
               substr(?2, value->>15, value->>16) FROM json_each(?1)";
    // Nobody else writes to this chain, unless a commit of this lane happened after all.
    run(tx, sql, json, blobs).await.map_err(|error| match error {
        StoreError::Conflict(_) => StoreError::ChainMoved,
        other => other,
    })?;
    let sql = "UPDATE evidence_chain SET head_position = ?2, head_hash = ?3 WHERE chain = ?1 AND head_position = ?4";
    let done = sqlx::query(sql)
        .bind(last.chain)
        .bind(last.position)
        .bind(last.hash.as_slice())
        .bind(first.position - 1)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() != 1 {
        return Err(StoreError::ChainMoved);
    }
    Ok(())
}

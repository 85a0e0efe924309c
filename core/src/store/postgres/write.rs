//! The rows of a batch: one statement per table, whatever the batch's size.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Postgres, Transaction};

use crate::store::rows::{Closing, ComputedRow, EvidenceRow, IdRow, Writes};
use crate::store::{StoreError, inconsistent};

type Tx = Transaction<'static, Postgres>;

pub(super) fn column<'a, R, T: 'a>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
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
    let done = sqlx::query(sql)
        .bind(column(rows, |c| c.duf))
        .bind(column(rows, |c| c.row_no))
        .bind(column(rows, |c| c.system_to))
        .execute(&mut **tx)
        .await?;
    all(done.rows_affected(), rows.len(), table)
}

/// Computations, also those of new persons.
pub(super) async fn beregninger(tx: &mut Tx, rows: &[&ComputedRow]) -> Result<(), StoreError> {
    let sql = "INSERT INTO beregning (duf, row_no, beregnings_id, system_from, system_to, data) SELECT * FROM \
               UNNEST($1::int8[], $2::int8[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::text[])";
    sqlx::query(sql)
        .bind(column(rows, |c| c.duf))
        .bind(column(rows, |c| c.row_no))
        .bind(column(rows, |c| c.beregnings_id))
        .bind(column::<_, DateTime<Utc>>(rows, |c| c.system_from))
        .bind(column::<_, Option<DateTime<Utc>>>(rows, |c| c.system_to))
        .bind(column(rows, |c| c.data.as_str()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Facts, computations and what they close.
async fn grunnlag(tx: &mut Tx, w: &Writes) -> Result<(), StoreError> {
    let sql = "UPDATE fact f SET system_to = k.t FROM UNNEST($1::int8[], $2::int8[], $3::timestamptz[]) AS k(d, r, t) \
               WHERE f.duf = k.d AND f.row_no = k.r AND f.system_to IS NULL";
    close(tx, sql, &w.fact_closings, "fact").await?;
    if !w.facts.is_empty() {
        let sql = "INSERT INTO fact (duf, row_no, valid_from, valid_to, system_from, system_to, data) SELECT * FROM \
                   UNNEST($1::int8[], $2::int8[], $3::date[], $4::date[], $5::timestamptz[], $6::timestamptz[], $7::text[])";
        sqlx::query(sql)
            .bind(column(&w.facts, |f| f.duf))
            .bind(column(&w.facts, |f| f.row_no))
            .bind(column::<_, NaiveDate>(&w.facts, |f| f.valid_from))
            .bind(column::<_, Option<NaiveDate>>(&w.facts, |f| f.valid_to))
            .bind(column::<_, DateTime<Utc>>(&w.facts, |f| f.system_from))
            .bind(column::<_, Option<DateTime<Utc>>>(&w.facts, |f| f.system_to))
            .bind(column(&w.facts, |f| f.data.as_str()))
            .execute(&mut **tx)
            .await?;
    }
    let sql = "UPDATE beregning b SET system_to = k.t FROM UNNEST($1::int8[], $2::int8[], $3::timestamptz[]) AS k(d, r, t) \
               WHERE b.duf = k.d AND b.row_no = k.r AND b.system_to IS NULL";
    close(tx, sql, &w.beregning_closings, "beregning").await?;
    if !w.beregninger.is_empty() {
        beregninger(tx, &w.beregninger.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

pub(super) async fn batch(tx: &mut Tx, w: &Writes) -> Result<(), StoreError> {
    grunnlag(tx, w).await?;
    let sql = "UPDATE post_version v SET system_to = k.t FROM UNNEST($1::int8[], $2::int8[], $3::timestamptz[]) AS k(d, r, t) \
               WHERE v.duf = k.d AND v.row_no = k.r AND v.system_to IS NULL";
    close(tx, sql, &w.closings, "post_version").await?;
    if !w.versions.is_empty() {
        let sql = "INSERT INTO post_version (duf, row_no, post_id, versjon, valid_from, valid_to, system_from, system_to, annulled, kommune, bydel, data) \
                   SELECT * FROM UNNEST($1::int8[], $2::int8[], $3::uuid[], $4::int4[], $5::date[], $6::date[], $7::timestamptz[], $8::timestamptz[], $9::bool[], $10::text[], $11::text[], $12::text[])";
        sqlx::query(sql)
            .bind(column(&w.versions, |v| v.duf))
            .bind(column(&w.versions, |v| v.row_no))
            .bind(column(&w.versions, |v| v.post_id))
            .bind(column(&w.versions, |v| v.versjon))
            .bind(column::<_, NaiveDate>(&w.versions, |v| v.valid_from))
            .bind(column::<_, Option<NaiveDate>>(&w.versions, |v| v.valid_to))
            .bind(column::<_, DateTime<Utc>>(&w.versions, |v| v.system_from))
            .bind(column::<_, Option<DateTime<Utc>>>(&w.versions, |v| v.system_to))
            .bind(column(&w.versions, |v| v.annulled))
            .bind(column(&w.versions, |v| v.kommune.as_str()))
            .bind(column(&w.versions, |v| v.bydel.as_deref()))
            .bind(column(&w.versions, |v| v.data.as_str()))
            .execute(&mut **tx)
            .await?;
    }
    if !w.references.is_empty() {
        let sql = "INSERT INTO post_reference (avsendersystem, reference, duf, post_id, attached, system_from) \
                   SELECT * FROM UNNEST($1::text[], $2::text[], $3::int8[], $4::uuid[], $5::int8[], $6::timestamptz[])";
        sqlx::query(sql)
            .bind(column(&w.references, |r| r.avsendersystem.as_str()))
            .bind(column(&w.references, |r| r.reference.as_str()))
            .bind(column(&w.references, |r| r.duf))
            .bind(column(&w.references, |r| r.post_id))
            .bind(column(&w.references, |r| r.attached))
            .bind(column(&w.references, |r| r.system_from))
            .execute(&mut **tx)
            .await?;
    }
    if !w.persons.is_empty() {
        let sql = "UPDATE person p SET version = k.v, last_row = k.r, state = k.s \
                   FROM UNNEST($1::int8[], $2::int8[], $3::int8[], $4::bytea[]) AS k(d, v, r, s) WHERE p.duf = k.d";
        let done = sqlx::query(sql)
            .bind(column(&w.persons, |p| p.duf))
            .bind(column(&w.persons, |p| p.version))
            .bind(column(&w.persons, |p| p.last_row))
            .bind(column(&w.persons, |p| p.state.as_slice()))
            .execute(&mut **tx)
            .await?;
        all(done.rows_affected(), w.persons.len(), "person")?;
    }
    super::lister::write(tx, &w.lists).await?;
    super::hendelser::write(tx, &w.calendar, &w.withdrawn).await?;
    if !w.new_ids.is_empty() {
        let sql = "INSERT INTO message_id (avsendersystem, meldings_id, digest, outcome, final, first_received, chain, position) \
                   SELECT * FROM UNNEST($1::text[], $2::text[], $3::bytea[], $4::text[], $5::bool[], $6::timestamptz[], $7::int4[], $8::int8[])";
        ids(tx, sql, &w.new_ids).await?;
    }
    if !w.known_ids.is_empty() {
        let sql = "UPDATE message_id m SET digest = k.d, outcome = k.o, final = k.f, first_received = k.r, chain = k.c, position = k.p \
                   FROM UNNEST($1::text[], $2::text[], $3::bytea[], $4::text[], $5::bool[], $6::timestamptz[], $7::int4[], $8::int8[]) \
                   AS k(a, m, d, o, f, r, c, p) WHERE m.avsendersystem = k.a AND m.meldings_id = k.m AND NOT m.final";
        let touched = ids(tx, sql, &w.known_ids).await?;
        all(touched, w.known_ids.len(), "message_id")?;
    }
    if !w.changes.is_empty() {
        let sql = "INSERT INTO change (avsendersystem, number, duf, recorded, data) \
                   SELECT * FROM UNNEST($1::text[], $2::int8[], $3::int8[], $4::timestamptz[], $5::text[])";
        sqlx::query(sql)
            .bind(column(&w.changes, |c| c.avsendersystem.as_str()))
            .bind(column(&w.changes, |c| c.number))
            .bind(column(&w.changes, |c| c.duf))
            .bind(column(&w.changes, |c| c.recorded))
            .bind(column(&w.changes, |c| c.data.as_str()))
            .execute(&mut **tx)
            .await?;
    }
    evidence(tx, &w.evidence).await?;
    if !w.keys.is_empty() {
        let sql =
            "INSERT INTO data_key (chain, position, wrapped) SELECT * FROM UNNEST($1::int4[], $2::int8[], $3::bytea[])";
        sqlx::query(sql)
            .bind(column(&w.keys, |k| k.chain))
            .bind(column(&w.keys, |k| k.position))
            .bind(column(&w.keys, |k| k.wrapped.as_slice()))
            .execute(&mut **tx)
            .await?;
    }
    if !w.uses.is_empty() {
        let sql = "INSERT INTO user_use (user_id, last_used) SELECT * FROM UNNEST($1::text[], $2::timestamptz[]) \
                   ON CONFLICT (user_id) DO UPDATE SET last_used = GREATEST(user_use.last_used, EXCLUDED.last_used)";
        sqlx::query(sql)
            .bind(column(&w.uses, |(user, _)| user.as_str()))
            .bind(column(&w.uses, |(_, at)| *at))
            .execute(&mut **tx)
            .await?;
    }
    if !w.streams.is_empty() {
        let sql = "UPDATE stream s SET last_number = k.l, handed_out = k.h, acknowledged = k.a \
                   FROM UNNEST($1::text[], $2::int8[], $3::int8[], $4::int8[]) AS k(s, l, h, a) WHERE s.avsendersystem = k.s";
        let done = sqlx::query(sql)
            .bind(column(&w.streams, |(system, _)| system.as_str()))
            .bind(column(&w.streams, |(_, row)| row.last_number))
            .bind(column(&w.streams, |(_, row)| row.handed_out))
            .bind(column(&w.streams, |(_, row)| row.acknowledged))
            .execute(&mut **tx)
            .await?;
        all(done.rows_affected(), w.streams.len(), "stream")?;
    }
    Ok(())
}

async fn ids(tx: &mut Tx, sql: &'static str, rows: &[IdRow]) -> Result<u64, StoreError> {
    let done = sqlx::query(sql)
        .bind(column(rows, |r| r.avsendersystem.as_str()))
        .bind(column(rows, |r| r.meldings_id.as_str()))
        .bind(column(rows, |r| r.digest.as_slice()))
        .bind(column(rows, |r| r.outcome.as_str()))
        .bind(column(rows, |r| r.is_final))
        .bind(column(rows, |r| r.first_received))
        .bind(column(rows, |r| r.chain))
        .bind(column(rows, |r| r.position))
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// The rows of one lane, in order of position, and the chain's new head.
async fn evidence(tx: &mut Tx, rows: &[EvidenceRow]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let sql = "INSERT INTO evidence (chain, position, kind, recorded, received, operation, signer, avsendersystem, meldings_id, \
               outcome, about, request_sha256, answer_sha256, stored_sha256, dictionary, request, answer, hash) \
               SELECT * FROM UNNEST($1::int4[], $2::int8[], $3::int2[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::text[], \
               $8::text[], $9::text[], $10::text[], $11::int8[], $12::bytea[], $13::bytea[], $14::bytea[], $15::int2[], $16::bytea[], \
               $17::bytea[], $18::bytea[])";
    sqlx::query(sql)
        .bind(column(rows, |r| r.chain))
        .bind(column(rows, |r| r.position))
        .bind(column(rows, |r| r.kind))
        .bind(column(rows, |r| r.recorded))
        .bind(column(rows, |r| r.received))
        .bind(column(rows, |r| r.operation.as_str()))
        .bind(column(rows, |r| r.signer.as_str()))
        .bind(column(rows, |r| r.avsendersystem.as_deref()))
        .bind(column(rows, |r| r.meldings_id.as_deref()))
        .bind(column(rows, |r| r.outcome.as_str()))
        .bind(column(rows, |r| r.about))
        .bind(column(rows, |r| r.request_sha256.as_slice()))
        .bind(column(rows, |r| r.answer_sha256.as_slice()))
        .bind(column(rows, |r| r.stored_sha256.as_slice()))
        .bind(column(rows, |r| r.dictionary))
        .bind(column(rows, |r| r.request.as_deref()))
        .bind(column(rows, |r| r.answer.as_slice()))
        .bind(column(rows, |r| r.hash.as_slice()))
        .execute(&mut **tx)
        .await
        // Nobody else writes to this chain, unless a commit of this lane happened after all.
        .map_err(|error| match error.into() {
            StoreError::Conflict(_) => StoreError::ChainMoved,
            other => other,
        })?;
    let sql = "UPDATE evidence_chain SET head_position = $2, head_hash = $3 WHERE chain = $1 AND head_position = $4";
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

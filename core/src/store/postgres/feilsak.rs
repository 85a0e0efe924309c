//! Transfer errors and support cases.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::Row as _;
use uuid::Uuid;

use super::Found;
use super::tx::PostgresTx;
use super::write::column;
use crate::feilsak::{Feilsak, Sakfeil, Saksnoekler, Saksspoersmaal};
use crate::store::StoreError;
use crate::store::feilsak::{KEPT_LAST, SHOWN_TEXTS, feilsak_of, melding_of, new_attempts, supportsak_of, text_of};
use crate::support::{Supportmelding, Supportsak, Supportspoersmaal};

const SAK: &str = "f.sak, f.avsendersystem, f.avsenders_referanse, f.duf, f.saksbehandler_ref, f.status, f.aapnet, f.endret, \
                   f.vindu_lukker, f.data, f.antall";

/// Of the attempts of these cases the first and so many of the last are kept.
const ONLY_KEPT: &str = "DELETE FROM feilsak_feil WHERE (sak, chain, position) IN (SELECT sak, chain, position FROM \
    (SELECT sak, chain, position, row_number() OVER (PARTITION BY sak ORDER BY mottatt, chain, position) AS foerst, \
    row_number() OVER (PARTITION BY sak ORDER BY mottatt DESC, chain DESC, position DESC) AS sist \
    FROM (SELECT DISTINCT sak, mottatt, chain, position FROM feilsak_feil WHERE sak = ANY($1)) a) b WHERE foerst > 1 AND sist > $2)";

fn sak(row: &Found) -> Result<Feilsak, StoreError> {
    let texts = (row.try_get(5)?, row.try_get(9)?);
    let at = (row.try_get(6)?, row.try_get(7)?, row.try_get(8)?, row.try_get(10)?);
    let names = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    feilsak_of(row.try_get(0)?, names, texts, at)
}

fn feil(row: &Found) -> Result<Sakfeil, sqlx::Error> {
    Ok(Sakfeil {
        sak: row.try_get(0)?,
        feil_id: row.try_get(1)?,
        avsendersystem: row.try_get(2)?,
        meldings_id: row.try_get(3)?,
        mottatt: row.try_get(4)?,
        chain: row.try_get(5)?,
        position: row.try_get(6)?,
        kode: row.try_get(7)?,
        felt: row.try_get(8)?,
        nr: row.try_get(9)?,
    })
}

fn supportsak(row: &Found) -> Result<Supportsak, StoreError> {
    let ids = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    let at = (row.try_get(6)?, row.try_get(7)?);
    supportsak_of(ids, (row.try_get(1)?, row.try_get(4)?), (row.try_get(5)?, row.try_get(8)?), at)
}

impl PostgresTx {
    pub(in crate::store) async fn attempts_of(
        &mut self,
        keys: &Saksnoekler,
    ) -> Result<Vec<(Uuid, String)>, StoreError> {
        let sql = "SELECT DISTINCT i.sak, i.meldings_id FROM UNNEST($1::text[], $2::text[]) AS k(a, b) \
                   JOIN feilsak_feil i ON i.avsendersystem = k.a AND i.meldings_id = k.b";
        let (systems, ids): (Vec<String>, Vec<String>) = keys.ids.iter().cloned().unzip();
        let rows = sqlx::query(sql).bind(systems).bind(ids).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn open_cases(
        &mut self,
        saker: &[Uuid],
        keys: &Saksnoekler,
    ) -> Result<Vec<Feilsak>, StoreError> {
        let sql = format!(
            "SELECT {SAK} FROM feilsak f WHERE f.aapen AND f.sak IN (SELECT UNNEST($1::uuid[]) \
              UNION SELECT r.sak FROM UNNEST($2::text[], $3::text[]) AS k(a, b) JOIN feilsak r ON r.avsendersystem = k.a \
              AND r.avsenders_referanse = k.b AND r.aapen) ORDER BY f.sak"
        );
        let (systems, references): (Vec<String>, Vec<String>) = keys.references.iter().cloned().unzip();
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(saker).bind(systems).bind(references);
        query.fetch_all(&mut *self.tx).await?.iter().map(sak).collect()
    }

    pub(in crate::store) async fn write_cases(
        &mut self,
        saker: &[Feilsak],
        feil: &[Sakfeil],
    ) -> Result<(), StoreError> {
        let attempts = new_attempts(feil);
        if !saker.is_empty() {
            let data = saker.iter().map(|s| text_of(&s.innhold)).collect::<Result<Vec<_>, _>>()?;
            // What an operator decided meanwhile stands, unless the sender has solved it.
            let sql = "INSERT INTO feilsak (sak, avsendersystem, avsenders_referanse, duf, saksbehandler_ref, status, aapen, aapnet, endret, \
                       vindu_lukker, gruppe, data, antall) SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
                       $7::bool[], $8::timestamptz[], $9::timestamptz[], $10::date[], $11::text[], $12::text[], $13::int8[]) \
                       ON CONFLICT (sak) DO UPDATE SET avsenders_referanse = EXCLUDED.avsenders_referanse, duf = EXCLUDED.duf, \
                       endret = EXCLUDED.endret, vindu_lukker = EXCLUDED.vindu_lukker, gruppe = EXCLUDED.gruppe, data = EXCLUDED.data, \
                       antall = feilsak.antall + EXCLUDED.antall, \
                       status = CASE WHEN EXCLUDED.aapen THEN feilsak.status ELSE EXCLUDED.status END, \
                       aapen = EXCLUDED.aapen AND feilsak.aapen";
            sqlx::query(sql)
                .bind(column(saker, |s| s.sak))
                .bind(column(saker, |s| s.avsendersystem.as_str()))
                .bind(column(saker, |s| s.avsenders_referanse.as_deref()))
                .bind(column(saker, |s| s.duf.as_deref()))
                .bind(column(saker, |s| s.saksbehandler_ref.as_deref()))
                .bind(column(saker, |s| s.status.code()))
                .bind(column(saker, |s| s.status.is_open()))
                .bind(column(saker, |s| s.aapnet))
                .bind(column(saker, |s| s.endret))
                .bind(column::<_, Option<NaiveDate>>(saker, |s| s.vindu_lukker))
                .bind(column(saker, Feilsak::gruppe))
                .bind(data)
                .bind(column(saker, |s| attempts.get(&s.sak).copied().unwrap_or_default()))
                .execute(&mut *self.tx)
                .await?;
        }
        if !feil.is_empty() {
            let sql = "INSERT INTO feilsak_feil (sak, feil_id, avsendersystem, meldings_id, mottatt, chain, position, kode, felt, nr) \
                       SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::int4[], $7::int8[], \
                       $8::text[], $9::text[], $10::int8[])";
            sqlx::query(sql)
                .bind(column(feil, |e| e.sak))
                .bind(column(feil, |e| e.feil_id))
                .bind(column(feil, |e| e.avsendersystem.as_str()))
                .bind(column(feil, |e| e.meldings_id.as_str()))
                .bind(column(feil, |e| e.mottatt))
                .bind(column(feil, |e| e.chain))
                .bind(column(feil, |e| e.position))
                .bind(column(feil, |e| e.kode.as_str()))
                .bind(column(feil, |e| e.felt.as_deref()))
                .bind(column(feil, |e| e.nr))
                .execute(&mut *self.tx)
                .await?;
            let saker: Vec<Uuid> = attempts.into_keys().collect();
            sqlx::query(ONLY_KEPT).bind(saker).bind(KEPT_LAST).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn cases(
        &mut self,
        asked: &Saksspoersmaal,
        limit: i64,
    ) -> Result<Vec<Feilsak>, StoreError> {
        let sql = format!(
            "SELECT {SAK} FROM feilsak f WHERE f.avsendersystem = $1 AND (f.aapnet, f.sak) > ($2, $3) \
             AND (cardinality($4::text[]) = 0 OR f.status = ANY($4)) AND ($5::text IS NULL OR f.duf = $5) \
             AND ($6::text IS NULL OR f.saksbehandler_ref = $6) AND ($7::text IS NULL OR f.sak IN \
             (SELECT i.sak FROM feilsak_feil i WHERE i.avsendersystem = $1 AND i.meldings_id = $7)) \
             ORDER BY f.aapnet, f.sak LIMIT $8"
        );
        let codes: Vec<&str> = asked.status.iter().map(|status| status.code()).collect();
        let (after, last) = asked.after.unwrap_or((DateTime::UNIX_EPOCH, Uuid::nil()));
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&asked.avsendersystem)
            .bind(after)
            .bind(last)
            .bind(codes)
            .bind(&asked.duf)
            .bind(&asked.saksbehandler_ref)
            .bind(&asked.meldings_id)
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        rows.iter().map(sak).collect()
    }

    pub(in crate::store) async fn case_errors(&mut self, saker: &[Uuid]) -> Result<Vec<Sakfeil>, StoreError> {
        let sql = "SELECT sak, feil_id, avsendersystem, meldings_id, mottatt, chain, position, kode, felt, nr FROM feilsak_feil \
                   WHERE sak = ANY($1) ORDER BY sak, mottatt, chain, position, nr, feil_id";
        let rows = sqlx::query(sql).bind(saker).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(feil).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn case_of_error(
        &mut self,
        feil_id: Uuid,
    ) -> Result<Option<(Uuid, String)>, StoreError> {
        let sql = "SELECT sak, avsendersystem FROM feilsak_feil WHERE feil_id = $1 ORDER BY sak LIMIT 1";
        let row = sqlx::query(sql).bind(feil_id).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?))).transpose()?)
    }

    pub(in crate::store) async fn set_case(
        &mut self,
        sak: Uuid,
        (status, open): (&str, bool),
        at: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE feilsak SET status = $2, aapen = $3, endret = $4 WHERE sak = $1";
        let query = sqlx::query(sql).bind(sak).bind(status).bind(open).bind(at);
        Ok(query.execute(&mut *self.tx).await?.rows_affected())
    }

    pub(in crate::store) async fn open_case_count(
        &mut self,
        system: &str,
    ) -> Result<(i64, Option<NaiveDate>), StoreError> {
        let sql = "SELECT count(*), min(vindu_lukker) FROM feilsak WHERE avsendersystem = $1 AND aapen";
        let row = sqlx::query(sql).bind(system).fetch_one(&mut *self.tx).await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
    }

    pub(in crate::store) async fn new_groups(
        &mut self,
        since: DateTime<Utc>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT DISTINCT avsendersystem, gruppe FROM feilsak WHERE aapnet >= $1 AND aapen ORDER BY 1, 2";
        let rows = sqlx::query(sql).bind(since).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn support_cases(
        &mut self,
        asked: &Supportspoersmaal,
        limit: i64,
    ) -> Result<Vec<Supportsak>, StoreError> {
        let sql = "SELECT sak, avsendersystem, feil_id, feilsak, duf, status, aapnet, endret, data FROM supportsak \
                   WHERE ($1::text IS NULL OR avsendersystem = $1) AND (aapnet, sak) > ($2, $3) AND ($4::uuid IS NULL OR sak = $4) \
                   AND (cardinality($5::text[]) = 0 OR status = ANY($5)) ORDER BY aapnet, sak LIMIT $6";
        let codes: Vec<&str> = asked.status.iter().map(|status| status.code()).collect();
        let (after, last) = asked.after.unwrap_or((DateTime::UNIX_EPOCH, Uuid::nil()));
        let rows = sqlx::query(sql)
            .bind(&asked.avsendersystem)
            .bind(after)
            .bind(last)
            .bind(asked.sak)
            .bind(codes)
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        rows.iter().map(supportsak).collect()
    }

    pub(in crate::store) async fn support_texts(&mut self, saker: &[Uuid]) -> Result<Vec<Supportmelding>, StoreError> {
        let sql = "SELECT id, sak, fra, skrevet, tekst FROM (SELECT m.*, \
                   row_number() OVER (PARTITION BY sak ORDER BY skrevet, id) AS foerst, \
                   row_number() OVER (PARTITION BY sak ORDER BY skrevet DESC, id DESC) AS sist \
                   FROM supportmelding m WHERE sak = ANY($1)) a WHERE foerst = 1 OR sist < $2 \
                   ORDER BY sak, skrevet, id";
        let rows = sqlx::query(sql).bind(saker).bind(SHOWN_TEXTS).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| {
            let ids = (row.try_get(0)?, row.try_get(1)?);
            melding_of(ids, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
        };
        rows.iter().map(read).collect()
    }

    pub(in crate::store) async fn write_support(
        &mut self,
        s: &Supportsak,
        texts: &[Supportmelding],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO supportsak (sak, avsendersystem, feil_id, feilsak, duf, status, aapnet, endret, data) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                   ON CONFLICT (sak) DO UPDATE SET status = EXCLUDED.status, endret = excluded.endret";
        sqlx::query(sql)
            .bind(s.sak)
            .bind(&s.avsendersystem)
            .bind(s.feil_id)
            .bind(s.feilsak)
            .bind(&s.duf)
            .bind(s.status.code())
            .bind(s.aapnet)
            .bind(s.endret)
            .bind(text_of(&s.melder)?)
            .execute(&mut *self.tx)
            .await?;
        for text in texts {
            let sql = "INSERT INTO supportmelding (sak, id, fra, skrevet, tekst) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sak, id) DO NOTHING";
            sqlx::query(sql)
                .bind(text.sak)
                .bind(text.id)
                .bind(text.fra.code())
                .bind(text.skrevet)
                .bind(&text.tekst)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn take_brakes(&mut self, kilder: &[&str]) -> Result<(), StoreError> {
        let sql = "INSERT INTO kilde_bremse (kilde) SELECT k FROM UNNEST($1::text[]) AS k ORDER BY k \
                   ON CONFLICT (kilde) DO UPDATE SET kilde = EXCLUDED.kilde";
        sqlx::query(sql).bind(kilder).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn source_brake(
        &mut self,
        kilde: &str,
        dufs: &[i64],
        (since, let_on): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(Option<DateTime<Utc>>, i64, i64), StoreError> {
        let sql = "SELECT (SELECT b.holdt FROM kilde_bremse b WHERE b.kilde = $1), \
                   (SELECT count(*) FROM kilde_lukking l WHERE l.kilde = $1 AND l.lukket >= $2 AND l.sluppet IS NULL), \
                   (SELECT count(*) FROM kilde_lukking l WHERE l.kilde = $1 AND l.duf = ANY($4::int8[]) \
                   AND (l.sluppet >= $3 OR l.sluppet IS NULL AND l.lukket >= $2))";
        let query = sqlx::query(sql).bind(kilde).bind(since).bind(let_on).bind(dufs);
        let row = query.fetch_one(&mut *self.tx).await?;
        Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }

    pub(in crate::store) async fn count_persons(&mut self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT count(*) FROM person").fetch_one(&mut *self.tx).await?;
        Ok(row.try_get(0)?)
    }

    pub(in crate::store) async fn note_closings(
        &mut self,
        kilde: &str,
        dufs: &[i64],
        (at, let_on): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO kilde_lukking (kilde, duf, lukket) SELECT $1, d, $3 FROM UNNEST($2::int8[]) AS k(d) \
                   ON CONFLICT (kilde, duf) DO UPDATE SET lukket = EXCLUDED.lukket, \
                   sluppet = CASE WHEN kilde_lukking.sluppet >= $4 THEN kilde_lukking.sluppet END";
        sqlx::query(sql).bind(kilde).bind(dufs).bind(at).bind(let_on).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn hold_source(&mut self, kilde: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "INSERT INTO kilde_bremse (kilde, holdt) VALUES ($1, $2) \
                   ON CONFLICT (kilde) DO UPDATE SET holdt = COALESCE(kilde_bremse.holdt, excluded.holdt)";
        sqlx::query(sql).bind(kilde).bind(at).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn release_source(&mut self, kilde: &str, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "UPDATE kilde_bremse SET holdt = NULL, sluppet = $2 WHERE kilde = $1 AND holdt IS NOT NULL";
        let done = sqlx::query(sql).bind(kilde).bind(at).execute(&mut *self.tx).await?;
        let sql = "UPDATE kilde_lukking SET sluppet = $2 WHERE kilde = $1";
        sqlx::query(sql).bind(kilde).bind(at).execute(&mut *self.tx).await?;
        Ok(done.rows_affected())
    }

    pub(in crate::store) async fn held_sources(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let sql = "SELECT kilde, holdt FROM kilde_bremse WHERE holdt IS NOT NULL ORDER BY kilde";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| Ok((row.try_get(0)?, row.try_get(1)?));
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }
}

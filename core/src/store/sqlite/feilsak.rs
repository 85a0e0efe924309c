//! Transfer errors and support cases.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::tx::{SqliteTx, uuid};
use super::value::{days, from_days, from_micros, micros};
use super::{Found, time};
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
    FROM (SELECT DISTINCT sak, mottatt, chain, position FROM feilsak_feil WHERE sak IN (SELECT value FROM json_each(?1))) a) b WHERE foerst > 1 AND sist > ?2)";

fn sak(row: &Found) -> Result<Feilsak, StoreError> {
    let lukker = row.try_get::<Option<i64>, _>(8)?.map(from_days).transpose()?;
    let texts = (row.try_get(5)?, row.try_get(9)?);
    let at = (time(row, 6)?, time(row, 7)?, lukker, row.try_get(10)?);
    let names = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
    feilsak_of(uuid(row.try_get(0)?)?, names, texts, at)
}

fn feil(row: &Found) -> Result<Sakfeil, sqlx::Error> {
    Ok(Sakfeil {
        sak: uuid(row.try_get(0)?)?,
        feil_id: uuid(row.try_get(1)?)?,
        avsendersystem: row.try_get(2)?,
        meldings_id: row.try_get(3)?,
        mottatt: time(row, 4)?,
        chain: row.try_get(5)?,
        position: row.try_get(6)?,
        kode: row.try_get(7)?,
        felt: row.try_get(8)?,
        nr: row.try_get(9)?,
    })
}

fn supportsak(row: &Found) -> Result<Supportsak, StoreError> {
    let optional = |at| row.try_get::<Option<&str>, _>(at)?.map(uuid).transpose();
    let ids = (uuid(row.try_get(0)?)?, optional(2)?, optional(3)?);
    supportsak_of(
        ids,
        (row.try_get(1)?, row.try_get(4)?),
        (row.try_get(5)?, row.try_get(8)?),
        (time(row, 6)?, time(row, 7)?),
    )
}

impl SqliteTx {
    pub(in crate::store) async fn attempts_of(
        &mut self,
        keys: &Saksnoekler,
    ) -> Result<Vec<(Uuid, String)>, StoreError> {
        let sql = "SELECT DISTINCT i.sak, i.meldings_id FROM json_each(?1) k \
                   JOIN feilsak_feil i ON i.avsendersystem = k.value->>0 AND i.meldings_id = k.value->>1";
        let rows = sqlx::query(sql).bind(json!(keys.ids).to_string()).fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| Ok((uuid(row.try_get(0)?)?, row.try_get(1)?))).collect()
    }

    pub(in crate::store) async fn open_cases(
        &mut self,
        saker: &[Uuid],
        keys: &Saksnoekler,
    ) -> Result<Vec<Feilsak>, StoreError> {
        let sql = format!(
            "SELECT {SAK} FROM feilsak f WHERE f.aapen = 1 AND f.sak IN (SELECT value FROM json_each(?1) \
              UNION SELECT r.sak FROM json_each(?2) k JOIN feilsak r ON r.avsendersystem = k.value->>0 \
              AND r.avsenders_referanse = k.value->>1 AND r.aapen = 1) ORDER BY f.sak"
        );
        let saker: Vec<String> = saker.iter().map(Uuid::to_string).collect();
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(json!(saker).to_string());
        let rows = query.bind(json!(keys.references).to_string()).fetch_all(&mut *self.tx).await?;
        rows.iter().map(sak).collect()
    }

    pub(in crate::store) async fn write_cases(
        &mut self,
        saker: &[Feilsak],
        feil: &[Sakfeil],
    ) -> Result<(), StoreError> {
        let attempts = new_attempts(feil);
        if !saker.is_empty() {
            let mut rows = Vec::with_capacity(saker.len());
            for s in saker {
                rows.push(json!([
                    s.sak.to_string(),
                    s.avsendersystem,
                    s.avsenders_referanse,
                    s.duf,
                    s.saksbehandler_ref,
                    s.status.code(),
                    i32::from(s.status.is_open()),
                    micros(s.aapnet),
                    micros(s.endret),
                    s.vindu_lukker.map(days),
                    s.gruppe(),
                    text_of(&s.innhold)?,
                    attempts.get(&s.sak).copied().unwrap_or_default(),
                ]));
            }
            // What an operator decided meanwhile stands, unless the sender has solved it.
            let sql = "INSERT INTO feilsak (sak, avsendersystem, avsenders_referanse, duf, saksbehandler_ref, status, aapen, aapnet, endret, \
                       vindu_lukker, gruppe, data, antall) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, \
                       value->>7, value->>8, value->>9, value->>10, value->>11, value->>12 FROM json_each(?1) WHERE true \
                       ON CONFLICT (sak) DO UPDATE SET avsenders_referanse = excluded.avsenders_referanse, duf = excluded.duf, \
                       endret = excluded.endret, vindu_lukker = excluded.vindu_lukker, gruppe = excluded.gruppe, data = excluded.data, \
                       antall = feilsak.antall + excluded.antall, \
                       status = CASE WHEN excluded.aapen = 0 THEN excluded.status ELSE feilsak.status END, \
                       aapen = CASE WHEN excluded.aapen = 0 THEN 0 ELSE feilsak.aapen END";
            sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut *self.tx).await?;
        }
        if !feil.is_empty() {
            let rows: Vec<Value> = feil
                .iter()
                .map(|e| {
                    let (sak, feil_id) = (e.sak.to_string(), e.feil_id.to_string());
                    let place = (micros(e.mottatt), e.chain, e.position);
                    json!([
                        sak,
                        feil_id,
                        e.avsendersystem,
                        e.meldings_id,
                        place.0,
                        place.1,
                        place.2,
                        e.kode,
                        e.felt,
                        e.nr
                    ])
                })
                .collect();
            let sql = "INSERT INTO feilsak_feil (sak, feil_id, avsendersystem, meldings_id, mottatt, chain, position, kode, felt, nr) \
                       SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9 \
                       FROM json_each(?1)";
            sqlx::query(sql).bind(Value::from(rows).to_string()).execute(&mut *self.tx).await?;
            let saker: Vec<String> = attempts.keys().map(Uuid::to_string).collect();
            sqlx::query(ONLY_KEPT).bind(json!(saker).to_string()).bind(KEPT_LAST).execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn cases(
        &mut self,
        asked: &Saksspoersmaal,
        limit: i64,
    ) -> Result<Vec<Feilsak>, StoreError> {
        let sql = format!(
            "SELECT {SAK} FROM feilsak f WHERE f.avsendersystem = ?1 AND (f.aapnet, f.sak) > (?2, ?3) \
             AND (?4 = '[]' OR f.status IN (SELECT value FROM json_each(?4))) AND (?5 IS NULL OR f.duf = ?5) \
             AND (?6 IS NULL OR f.saksbehandler_ref = ?6) AND (?7 IS NULL OR f.sak IN \
             (SELECT i.sak FROM feilsak_feil i WHERE i.avsendersystem = ?1 AND i.meldings_id = ?7)) \
             ORDER BY f.aapnet, f.sak LIMIT ?8"
        );
        let codes: Vec<&str> = asked.status.iter().map(|status| status.code()).collect();
        let (after, last) = asked.after.map_or((i64::MIN, String::new()), |(at, sak)| (micros(at), sak.to_string()));
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&asked.avsendersystem)
            .bind(after)
            .bind(last)
            .bind(json!(codes).to_string())
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
                   WHERE sak IN (SELECT value FROM json_each(?1)) ORDER BY sak, mottatt, chain, position, nr, feil_id";
        let ids: Vec<String> = saker.iter().map(Uuid::to_string).collect();
        let rows = sqlx::query(sql).bind(json!(ids).to_string()).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(feil).collect::<Result<_, _>>()?)
    }

    pub(in crate::store) async fn case_of_error(
        &mut self,
        feil_id: Uuid,
    ) -> Result<Option<(Uuid, String)>, StoreError> {
        let sql = "SELECT sak, avsendersystem FROM feilsak_feil WHERE feil_id = ?1 ORDER BY sak LIMIT 1";
        let row = sqlx::query(sql).bind(feil_id.to_string()).fetch_optional(&mut *self.tx).await?;
        Ok(row.map(|row| Ok::<_, sqlx::Error>((uuid(row.try_get(0)?)?, row.try_get(1)?))).transpose()?)
    }

    pub(in crate::store) async fn set_case(
        &mut self,
        sak: Uuid,
        (status, open): (&str, bool),
        at: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE feilsak SET status = ?2, aapen = ?3, endret = ?4 WHERE sak = ?1";
        let query = sqlx::query(sql).bind(sak.to_string()).bind(status).bind(i32::from(open)).bind(micros(at));
        Ok(query.execute(&mut *self.tx).await?.rows_affected())
    }

    pub(in crate::store) async fn open_case_count(
        &mut self,
        system: &str,
    ) -> Result<(i64, Option<NaiveDate>), StoreError> {
        let sql = "SELECT count(*), min(vindu_lukker) FROM feilsak WHERE avsendersystem = ?1 AND aapen = 1";
        let row = sqlx::query(sql).bind(system).fetch_one(&mut *self.tx).await?;
        Ok((row.try_get(0)?, row.try_get::<Option<i64>, _>(1)?.map(from_days).transpose()?))
    }

    pub(in crate::store) async fn new_groups(
        &mut self,
        since: DateTime<Utc>,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT DISTINCT avsendersystem, gruppe FROM feilsak WHERE aapnet >= ?1 AND aapen = 1 ORDER BY 1, 2";
        let rows = sqlx::query(sql).bind(micros(since)).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?)
    }

    pub(in crate::store) async fn support_cases(
        &mut self,
        asked: &Supportspoersmaal,
        limit: i64,
    ) -> Result<Vec<Supportsak>, StoreError> {
        let sql = "SELECT sak, avsendersystem, feil_id, feilsak, duf, status, aapnet, endret, data FROM supportsak \
                   WHERE (?1 IS NULL OR avsendersystem = ?1) AND (aapnet, sak) > (?2, ?3) AND (?4 IS NULL OR sak = ?4) \
                   AND (?5 = '[]' OR status IN (SELECT value FROM json_each(?5))) ORDER BY aapnet, sak LIMIT ?6";
        let codes: Vec<&str> = asked.status.iter().map(|status| status.code()).collect();
        let (after, last) = asked.after.map_or((i64::MIN, String::new()), |(at, sak)| (micros(at), sak.to_string()));
        let rows = sqlx::query(sql)
            .bind(&asked.avsendersystem)
            .bind(after)
            .bind(last)
            .bind(asked.sak.map(|sak| sak.to_string()))
            .bind(json!(codes).to_string())
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        rows.iter().map(supportsak).collect()
    }

    pub(in crate::store) async fn support_texts(&mut self, saker: &[Uuid]) -> Result<Vec<Supportmelding>, StoreError> {
        let sql = "SELECT id, sak, fra, skrevet, tekst FROM (SELECT m.*, \
                   row_number() OVER (PARTITION BY sak ORDER BY skrevet, id) AS foerst, \
                   row_number() OVER (PARTITION BY sak ORDER BY skrevet DESC, id DESC) AS sist \
                   FROM supportmelding m WHERE sak IN (SELECT value FROM json_each(?1))) a WHERE foerst = 1 OR sist < ?2 \
                   ORDER BY sak, skrevet, id";
        let ids: Vec<String> = saker.iter().map(Uuid::to_string).collect();
        let rows = sqlx::query(sql).bind(json!(ids).to_string()).bind(SHOWN_TEXTS).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| {
            let ids = (uuid(row.try_get(0)?)?, uuid(row.try_get(1)?)?);
            melding_of(ids, row.try_get(2)?, from_micros(row.try_get(3)?)?, row.try_get(4)?)
        };
        rows.iter().map(read).collect()
    }

    pub(in crate::store) async fn write_support(
        &mut self,
        s: &Supportsak,
        texts: &[Supportmelding],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO supportsak (sak, avsendersystem, feil_id, feilsak, duf, status, aapnet, endret, data) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
                   ON CONFLICT (sak) DO UPDATE SET status = excluded.status, endret = excluded.endret";
        sqlx::query(sql)
            .bind(s.sak.to_string())
            .bind(&s.avsendersystem)
            .bind(s.feil_id.map(|id| id.to_string()))
            .bind(s.feilsak.map(|id| id.to_string()))
            .bind(&s.duf)
            .bind(s.status.code())
            .bind(micros(s.aapnet))
            .bind(micros(s.endret))
            .bind(text_of(&s.melder)?)
            .execute(&mut *self.tx)
            .await?;
        for text in texts {
            let sql = "INSERT INTO supportmelding (sak, id, fra, skrevet, tekst) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (sak, id) DO NOTHING";
            sqlx::query(sql)
                .bind(text.sak.to_string())
                .bind(text.id.to_string())
                .bind(text.fra.code())
                .bind(micros(text.skrevet))
                .bind(&text.tekst)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn source_brake(
        &mut self,
        kilde: &str,
        dufs: &[i64],
        (since, let_on): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<(Option<DateTime<Utc>>, i64, i64), StoreError> {
        let sql = "SELECT (SELECT b.holdt FROM kilde_bremse b WHERE b.kilde = ?1), \
                   (SELECT count(*) FROM kilde_lukking l WHERE l.kilde = ?1 AND l.lukket >= ?2 AND l.sluppet IS NULL), \
                   (SELECT count(*) FROM kilde_lukking l WHERE l.kilde = ?1 AND l.duf IN (SELECT value FROM json_each(?4)) \
                   AND (l.sluppet >= ?3 OR l.sluppet IS NULL AND l.lukket >= ?2))";
        let query = sqlx::query(sql).bind(kilde).bind(micros(since)).bind(micros(let_on)).bind(json!(dufs).to_string());
        let row = query.fetch_one(&mut *self.tx).await?;
        Ok((row.try_get::<Option<i64>, _>(0)?.map(from_micros).transpose()?, row.try_get(1)?, row.try_get(2)?))
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
        let sql = "INSERT INTO kilde_lukking (kilde, duf, lukket) SELECT ?1, value, ?3 FROM json_each(?2) WHERE true \
                   ON CONFLICT (kilde, duf) DO UPDATE SET lukket = excluded.lukket, \
                   sluppet = CASE WHEN kilde_lukking.sluppet >= ?4 THEN kilde_lukking.sluppet END";
        let query = sqlx::query(sql).bind(kilde).bind(json!(dufs).to_string()).bind(micros(at)).bind(micros(let_on));
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn hold_source(&mut self, kilde: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "INSERT INTO kilde_bremse (kilde, holdt) VALUES (?1, ?2) \
                   ON CONFLICT (kilde) DO UPDATE SET holdt = COALESCE(kilde_bremse.holdt, excluded.holdt)";
        sqlx::query(sql).bind(kilde).bind(micros(at)).execute(&mut *self.tx).await?;
        Ok(())
    }

    pub(in crate::store) async fn release_source(&mut self, kilde: &str, at: DateTime<Utc>) -> Result<u64, StoreError> {
        let sql = "UPDATE kilde_bremse SET holdt = NULL, sluppet = ?2 WHERE kilde = ?1 AND holdt IS NOT NULL";
        let done = sqlx::query(sql).bind(kilde).bind(micros(at)).execute(&mut *self.tx).await?;
        let sql = "UPDATE kilde_lukking SET sluppet = ?2 WHERE kilde = ?1";
        sqlx::query(sql).bind(kilde).bind(micros(at)).execute(&mut *self.tx).await?;
        Ok(done.rows_affected())
    }

    pub(in crate::store) async fn held_sources(&mut self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        let sql = "SELECT kilde, holdt FROM kilde_bremse WHERE holdt IS NOT NULL ORDER BY kilde";
        let rows = sqlx::query(sql).fetch_all(&mut *self.tx).await?;
        let read = |row: &Found| Ok((row.try_get(0)?, from_micros(row.try_get(1)?)?));
        Ok(rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?)
    }
}

//! Notices by mail to the registered contacts of an avsendersystem (design.md 8): what it should look at, told once for each
//! cause and period by whichever node sees it first, without personal data. The words stand in the code list `varselaarsak`;
//! what is told waits in the database until it is sent (`mail/outbox.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use register::registry::{Avsendersystem, Registry};
use register::store::StoreError;
use register::time::oslo_date;
use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::clock;
use crate::mail::{Post, outbox};

/// A stream that nobody read for so long.
const UNREAD_AFTER: TimeDelta = TimeDelta::hours(24);
/// The same where SKJERMING_ENDRET waits in it: address protection must not wait (contract.md 4.9).
const SHELTER_UNREAD_AFTER: TimeDelta = TimeDelta::hours(2);
/// How far back new causes of refusals are looked for.
const NEW_CAUSES: TimeDelta = TimeDelta::hours(24);
/// Days before the end of a certificate on which it is told.
const CERTIFICATE_DAYS: [i64; 3] = [60, 30, 7];

/// Causes that may still hold long after they were told: told again only when they have ended meanwhile.
pub const STANDING: [&str; 2] = ["GODKJENNING", "SPERRE"];

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Varsel {
    /// Of the code list `varselaarsak`.
    aarsak: &'static str,
    /// Told once in it.
    periode: String,
    /// What exactly: no personal data.
    detalj: String,
}

impl Varsel {
    fn new(aarsak: &'static str, periode: impl Into<String>, detalj: impl Into<String>) -> Self {
        Varsel { aarsak, periode: periode.into(), detalj: detalj.into() }
    }
}

/// Looks for what to tell, and sends it, until the gateway stops.
pub async fn run(app: Arc<App>, drain: watch::Receiver<bool>) {
    let post = match Post::open(&app.config.mail) {
        Ok(Some(post)) => post,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(event = "mail_not_configured", %error);
            return;
        }
    };
    let written = Notify::new();
    tokio::join!(look_again(&app, &post, &written, drain.clone()), outbox::run(&app, &post, &written, drain));
}

async fn look_again(app: &App, post: &Post, written: &Notify, mut drain: watch::Receiver<bool>) {
    loop {
        match look(app, post).await {
            Ok(0) => {}
            Ok(_) => written.notify_one(),
            Err(error) => tracing::error!(event = "notices_not_looked_for", %error),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(app.config.mail.look_seconds)) => {}
            _ = drain.changed() => return,
        }
    }
}

/// How much was told that had not been.
async fn look(app: &App, post: &Post) -> Result<usize, StoreError> {
    // As it is now: what another node has ended must not be told by one that has not heard of it yet.
    let (registry, now) = (app.store.load_registry().await?, clock::now());
    let mut found = from_store(app, now).await?;
    let (today, mut told) = (oslo_date(now), 0);
    for system in registry.avsendersystemer.values().filter(|system| system.valid.contains(today)) {
        let mut all = found.remove(&system.id).unwrap_or_default();
        all.extend(from_registry(app, &registry, system, now));
        for aarsak in STANDING {
            let holds = all.iter().find(|varsel| varsel.aarsak == aarsak).map(|varsel| varsel.periode.as_str());
            app.store.ended(&system.id, aarsak, holds).await?;
        }
        if !system.contacts.is_empty() {
            told += tell(app, post, system, all, now).await?;
        }
    }
    Ok(told)
}

/// Unread and parked streams and new causes of refusals, by avsendersystem.
async fn from_store(app: &App, now: DateTime<Utc>) -> Result<BTreeMap<String, Vec<Varsel>>, StoreError> {
    let mut found: BTreeMap<String, Vec<Varsel>> = BTreeMap::new();
    for unread in app.store.unread_streams().await? {
        let shelter = unread.shelter.filter(|since| now - *since > SHELTER_UNREAD_AFTER);
        let since = shelter.or(unread.first.filter(|since| now - *since > UNREAD_AFTER));
        let Some(since) = since else { continue };
        let aarsak = if shelter.is_some() { "SKJERMING_ULEST" } else { "STROEM_ULEST" };
        // Again for each week that it goes on.
        let periode = format!("{}/{}", since.timestamp(), (now - since).num_weeks());
        let detalj = format!("Eldste uleste endring ble skrevet {}.", oslo_date(since).format("%d.%m.%Y"));
        found.entry(unread.avsendersystem).or_default().push(Varsel::new(aarsak, periode, detalj));
    }
    for levering in app.store.leveringer().await? {
        let Some(since) = levering.parked else { continue };
        let detalj = format!("Leveringen ble parkert {}.", oslo_date(since).format("%d.%m.%Y"));
        let varsel = Varsel::new("STROEM_PARKERT", since.timestamp_micros().to_string(), detalj);
        found.entry(levering.avsendersystem).or_default().push(varsel);
    }
    let month = oslo_date(now).format("%Y-%m");
    for (system, gruppe) in app.store.new_groups(now - NEW_CAUSES).await? {
        let periode = format!("{month}/{gruppe}");
        found.entry(system).or_default().push(Varsel::new("NY_FEILGRUPPE", periode, gruppe));
    }
    Ok(found)
}

/// What the registry says of it: block, approval, certificates.
fn from_registry(app: &App, registry: &Registry, system: &Avsendersystem, now: DateTime<Utc>) -> Vec<Varsel> {
    let mut all = Vec::new();
    if let Some(reason) = &system.blocked {
        all.push(Varsel::new("SPERRE", reason.clone(), reason.clone()));
    }
    if !system.approved_versions.is_empty() {
        let versions = system.approved_versions.join(", ");
        all.push(Varsel::new("GODKJENNING", versions.clone(), versions));
    }
    let of_kommune = |orgnr| registry.parties.get(&orgnr).is_some_and(|party| party.kommune == Some(system.kommune));
    let rows = registry.certificates.iter().filter(|row| row.orgnr == system.operator || of_kommune(row.orgnr));
    for certificate in rows.filter_map(|row| app.trust.registered(&row.der_base64).ok()) {
        let left = (certificate.not_after() - now).num_days();
        let threshold = CERTIFICATE_DAYS.into_iter().filter(|days| left <= *days).min();
        if let Some(days) = threshold.filter(|_| certificate.not_after() > now) {
            let print = hex::encode(certificate.thumbprint_sha256());
            let end = oslo_date(certificate.not_after()).format("%d.%m.%Y");
            let detalj = format!("Sertifikatet med SHA-256 {print} utløper {end}.");
            all.push(Varsel::new("SERTIFIKAT_UTLOEPER", format!("{print}/{days}"), detalj));
        }
    }
    all
}

/// Tells what was not told yet, each cause in a mail of its own: the note and the mails are written together.
async fn tell(
    app: &App,
    post: &Post,
    system: &Avsendersystem,
    all: Vec<Varsel>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut causes: BTreeMap<&str, Vec<Varsel>> = BTreeMap::new();
    for varsel in all {
        causes.entry(varsel.aarsak).or_default().push(varsel);
    }
    let mut told = 0;
    for (aarsak, all) in causes {
        let Some(row) = app.catalogue.lookup("varselaarsak", aarsak) else { continue };
        let write = |news: &[&str]| {
            let news = all.iter().filter(|varsel| news.contains(&varsel.periode.as_str()));
            let details: Vec<&str> = news.map(|varsel| varsel.detalj.as_str()).collect();
            let what = row.veiledning.as_deref().unwrap_or_default();
            let text = format!("Avsendersystem: {}\n\n{what}\n\n{}\n", system.id, details.join("\n"));
            post.letters(&system.contacts, &format!("NIR: {} ({})", row.navn, system.id), &text)
        };
        let perioder: Vec<&str> = all.iter().map(|varsel| varsel.periode.as_str()).collect();
        told += app.store.tell((&system.id, aarsak), &perioder, now, write).await?;
    }
    Ok(told)
}

//! The simulated fagsystem's messages, written as a fagsystem writes them: as text, with nothing of the
//! gateway's own types, so that the demonstration speaks only the published contract.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

const NAMESPACE: &str = "urn:no:nir:melding:v1";

/// The installation that speaks.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// Its avsendersystem.
    pub avsendersystem: &'static str,
    /// Its transfer user.
    pub user: &'static str,
}

/// The fagsystem of the demonstration.
pub const OURS: Sender = Sender { avsendersystem: "4204-flyktning-1", user: "4204-OVERF1" };
/// Another one in the same kommune.
pub const OTHER: Sender = Sender { avsendersystem: "4204-voksen-2", user: "4204-SUPER1" };

/// Name and Body child of a call. Canonical as it stands: no empty-element tags, no attributes but the namespace.
#[derive(Debug, Clone)]
pub struct Message {
    /// The operation.
    pub operation: &'static str,
    /// The Body child.
    pub body: String,
}

fn message(operation: &'static str, content: &str) -> Message {
    Message { operation, body: format!("<{operation} xmlns=\"{NAMESPACE}\">{content}</{operation}>") }
}

fn header(sender: Sender, id: &str, now: DateTime<Utc>) -> String {
    let Sender { avsendersystem, user } = sender;
    let created = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "<meldingshode><meldingsId>{id}</meldingsId><kontraktversjon>1.0</kontraktversjon>\
         <avsendersystem>{avsendersystem}</avsendersystem><kommunenummer>4204</kommunenummer>\
         <overfoeringsbruker>{user}</overfoeringsbruker><saksbehandlerRef>sb-demo</saksbehandlerRef>\
         <fagsystem><navn>Prøvefagsystem</navn><versjon>1.0</versjon></fagsystem>\
         <opprettet>{created}</opprettet></meldingshode>"
    )
}

/// `ping`
pub fn ping(sender: Sender) -> Message {
    let Sender { avsendersystem, .. } = sender;
    message(
        "ping",
        &format!(
            "<forespoersel><kontraktversjon>1.0</kontraktversjon><avsendersystem>{avsendersystem}</avsendersystem></forespoersel>"
        ),
    )
}

/// `hentPerson`, with the averages of the months from `months.0` to `months.1` (2026-11).
pub fn hent_person(sender: Sender, id: &str, now: DateTime<Utc>, duf: &str, months: Option<(&str, &str)>) -> Message {
    let header = header(sender, id, now);
    let months =
        months.map_or(String::new(), |(from, to)| format!("<maanedFra>{from}</maanedFra><maanedTil>{to}</maanedTil>"));
    message("hentPerson", &format!("<forespoersel>{header}<dufNummer>{duf}</dufNummer>{months}</forespoersel>"))
}

/// `hentEndringer`
pub fn hent_endringer(sender: Sender, id: &str, now: DateTime<Utc>, after: i64, count: u32) -> Message {
    let (header, stream) = (header(sender, id, now), stream(sender));
    message(
        "hentEndringer",
        &format!(
            "<forespoersel>{header}<stroemId>{stream}</stroemId><etterSekvensnummer>{after}</etterSekvensnummer>\
             <antall>{count}</antall></forespoersel>"
        ),
    )
}

/// `bekreftEndringer`
pub fn bekreft_endringer(sender: Sender, id: &str, now: DateTime<Utc>, to: i64) -> Message {
    let (header, stream) = (header(sender, id, now), stream(sender));
    message(
        "bekreftEndringer",
        &format!("<forespoersel>{header}<stroemId>{stream}</stroemId><bekreftTil>{to}</bekreftTil></forespoersel>"),
    )
}

fn stream(sender: Sender) -> String {
    format!("{}.1", sender.avsendersystem)
}

/// A decision as the demonstration sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The fagsystem's own id of it.
    pub reference: String,
    /// The day it was made.
    pub vedtaksdato: NaiveDate,
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

/// A measure of one week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// The fagsystem's own id of it.
    pub reference: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// `sendRegistreringer`: a decision (upserted by its reference) and perhaps a measure.
pub fn send_registreringer(
    sender: Sender,
    id: &str,
    now: DateTime<Utc>,
    duf: &str,
    decision: &Decision,
    week: Option<&Week>,
) -> Message {
    let header = header(sender, id, now);
    let Decision { reference, vedtaksdato, start, end } = decision;
    let vedtak = format!(
        "<registrering><registreringsId>1</registreringsId><handling>SETT</handling>\
         <avsendersReferanse>{reference}</avsendersReferanse><innhold><vedtak><ordning>INTRO</ordning>\
         <vedtakstype>INNVILGELSE</vedtakstype><vedtaksdato>{vedtaksdato}</vedtaksdato>\
         <startDato>{start}</startDato><sluttDato>{end}</sluttDato></vedtak></innhold></registrering>"
    );
    let tiltak = week.map_or(String::new(), |Week { reference, from, to }| {
        format!(
            "<registrering><registreringsId>2</registreringsId><handling>REGISTRER</handling>\
             <avsendersReferanse>{reference}</avsendersReferanse><innhold><tiltak><ordning>INTRO</ordning>\
             <tiltaksgruppe>NORSK_SAMF</tiltaksgruppe><tiltakstype>NS01</tiltakstype>\
             <fraDato>{from}</fraDato><tilDato>{to}</tilDato><timerPerUke>30</timerPerUke></tiltak></innhold></registrering>"
        )
    });
    message(
        "sendRegistreringer",
        &format!("<melding>{header}<person><dufNummer>{duf}</dufNummer>{vedtak}{tiltak}</person></melding>"),
    )
}

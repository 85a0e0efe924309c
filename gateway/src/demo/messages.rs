//! The simulated fagsystem's messages, written as a fagsystem writes them: as text, with nothing of the
//! gateway's own types, so that the demonstration speaks only the published contract.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use nir_wsdl::service::{FAGSYSTEM, KILDE, Service};

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

/// A person of the sandbox in their kommune (persons.json): a refugee, settled long ago.
pub const LONG_KNOWN: &str = "202500000107";
/// The kommune of both.
pub const OUR_KOMMUNE: &str = "4204";
/// The other kommune, to which the person moves, and its fagsystem, which takes its changes by push.
pub const ELSEWHERE: &str = "4203";

/// Name and Body child of a call. Canonical as it stands: no empty-element tags, no attributes but the namespace.
#[derive(Debug, Clone)]
pub struct Message {
    /// The service that is called.
    pub service: &'static Service,
    /// The operation.
    pub operation: &'static str,
    /// The Body child.
    pub body: String,
}

fn message(operation: &'static str, content: &str) -> Message {
    Message {
        service: &FAGSYSTEM,
        operation,
        body: format!("<{operation} xmlns=\"{NAMESPACE}\">{content}</{operation}>"),
    }
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

/// `hentEndringer`, which waits so many seconds for news.
pub fn hent_endringer(sender: Sender, id: &str, now: DateTime<Utc>, after: i64, wait: u32) -> Message {
    let (header, stream) = (header(sender, id, now), stream(sender));
    message(
        "hentEndringer",
        &format!(
            "<forespoersel>{header}<stroemId>{stream}</stroemId><etterSekvensnummer>{after}</etterSekvensnummer>\
             <antall>1000</antall><ventSekunder>{wait}</ventSekunder></forespoersel>"
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

/// `sendPersongrunnlag`: what a source register tells of a person, each fact from a day on.
pub fn send_persongrunnlag(
    kilde: &str,
    id: &str,
    now: DateTime<Utc>,
    duf: &str,
    facts: &[(&str, NaiveDate, String)],
) -> Message {
    let created = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let facts: String = facts
        .iter()
        .map(|(id, from, content)| {
            format!(
                "<opplysning><kildeId>{id}</kildeId><handling>SETT</handling><fraDato>{from}</fraDato>\
                 <innhold>{content}</innhold></opplysning>"
            )
        })
        .collect();
    let operation = "sendPersongrunnlag";
    let body = format!(
        "<{operation} xmlns=\"{NAMESPACE}\"><melding><kildehode><meldingsId>{id}</meldingsId>\
         <kontraktversjon>1.1</kontraktversjon><kilde>{kilde}</kilde><kildesystem><navn>Prøvekilde</navn>\
         <versjon>1.0</versjon></kildesystem><opprettet>{created}</opprettet></kildehode>\
         <person><dufNummer>{duf}</dufNummer>{facts}</person></melding></{operation}>"
    );
    Message { service: &KILDE, operation, body }
}

/// Name, birth and sex.
pub fn personalia() -> String {
    "<personalia><fornavn>Modig</fornavn><etternavn>Bjørk</etternavn><foedselsdato>1990-01-01</foedselsdato>\
     <kjoenn>KVINNE</kjoenn></personalia>"
        .to_owned()
}

/// Where the person lives.
pub fn bosted(kommune: &str) -> String {
    format!("<bosted><kommunenummer>{kommune}</kommunenummer></bosted>")
}

/// Settled by agreement with IMDi.
pub fn bosetting(kommune: &str, day: NaiveDate) -> String {
    format!(
        "<bosetting><kommunenummer>{kommune}</kommunenummer><dato>{day}</dato><etterAvtale>true</etterAvtale></bosetting>"
    )
}

/// A refugee's first permit.
pub fn oppholdstillatelse(day: NaiveDate) -> String {
    format!(
        "<oppholdstillatelse><vedtaksdato>{day}</vedtaksdato><oppholdsgrunnlag>ASYL</oppholdsgrunnlag>\
         <dannerGrunnlagForPermanent>true</dannerGrunnlagForPermanent><fornybar>true</fornybar>\
         <foerstegang>true</foerstegang><etterInnreisetillatelse>false</etterInnreisetillatelse>\
         <rettsomraade>UTLENDINGSLOVEN</rettsomraade></oppholdstillatelse>"
    )
}

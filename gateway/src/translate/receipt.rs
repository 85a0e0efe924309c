//! `Receipt` to `Kvittering`: one result per line, each error with its XPath and its place in the message sent.

use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::ledger::Render;
use register::receipt::{FeilIds, Field, Finding, LineOutcome, Receipt, Status, StruckReceipt};

use crate::feil::{find_places, of_finding, post_svar};
use crate::translate::{self, notice, stream_position};

/// Writes receipts for the ledger.
#[derive(Debug)]
pub struct Renderer {
    /// Error texts.
    pub catalogue: &'static Catalogue,
}

impl Render for Renderer {
    fn receipt(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        let mut kvittering = kvittering(self.catalogue, receipt, &REGISTRERINGER);
        place(&mut kvittering, request);
        let answer = wire::Answer::SendRegistreringer(wire::SendRegistreringerSvar { kvittering });
        answer.to_canonical(&wire::Version::parse(&receipt.kontraktversjon))
    }

    fn grunnlag(&self, receipt: &Receipt, request: &[u8]) -> Vec<u8> {
        let mut kvittering = kvittering(self.catalogue, receipt, &GRUNNLAG);
        place(&mut kvittering, request);
        let answer = wire::Answer::SendPersongrunnlag(wire::SendPersongrunnlagSvar { kvittering });
        answer.to_canonical(&wire::Version::parse(&receipt.kontraktversjon))
    }

    fn struck(&self, receipt: &StruckReceipt) -> Vec<u8> {
        let kvittering = translate::struck(receipt);
        let answer = wire::Answer::MeldFeilregistrert(wire::MeldFeilregistrertSvar { kvittering });
        answer.to_canonical(&wire::Version::parse(&receipt.kontraktversjon))
    }

    fn repeated(&self, stored: &[u8]) -> Vec<u8> {
        // The stored bytes are ours, canonical, and hold `gjentatt` before anything a sender wrote but two
        // ids whose pattern has no `<`; so the first occurrence is the element.
        const FALSE: &[u8] = b"<gjentatt>false</gjentatt>";
        const TRUE: &[u8] = b"<gjentatt>true</gjentatt>";
        match stored.windows(FALSE.len()).position(|window| window == FALSE) {
            Some(at) => [&stored[..at], TRUE, &stored[at + FALSE.len()..]].concat(),
            None => stored.to_vec(),
        }
    }
}

/// What a receipt's places are named by.
pub struct Form {
    /// Path of the message.
    melding: &'static str,
    /// Its header.
    hode: &'static str,
    /// Its lines.
    linje: &'static str,
    /// Who mends what the sender can mend, where it is always the same.
    rettes_av: Option<&'static str>,
}

/// Of a fagsystem's message.
pub const REGISTRERINGER: Form =
    Form { melding: "/sendRegistreringer/melding", hode: "meldingshode", linje: "registrering", rettes_av: None };
/// Of a source's.
pub const GRUNNLAG: Form =
    Form { melding: "/sendPersongrunnlag/melding", hode: "kildehode", linje: "opplysning", rettes_av: Some("KILDE") };

/// The typed receipt, without places.
pub fn kvittering(catalogue: &Catalogue, receipt: &Receipt, form: &Form) -> wire::Kvittering {
    let mut ids = FeilIds::of(receipt.kvitterings_id);
    let melding = form.melding;
    let mut feil_of = |finding: &Finding, xpath| {
        let mut feil = of_finding(catalogue, finding, ids.next_id(), xpath);
        if let Some(kilde) = form.rettes_av.filter(|_| !matches!(feil.rettes_av.as_str(), "IMDI" | "GATEWAY")) {
            feil.rettes_av = kilde.to_owned();
        }
        feil
    };
    let feil = receipt.findings.iter().map(|f| feil_of(f, message_xpath(form, f))).collect();
    let person = receipt
        .persons
        .iter()
        .enumerate()
        .map(|(p, person)| {
            let at = format!("{melding}/person[{}]", p + 1);
            wire::Personresultat {
                duf_nummer: person.duf_text.clone(),
                resultat: if person.accepted { "GODTATT" } else { "AVVIST" }.to_owned(),
                feil: person.findings.iter().map(|f| feil_of(f, person_xpath(&at, f))).collect(),
                registrering: person
                    .lines
                    .iter()
                    .enumerate()
                    .map(|(r, line)| {
                        let at = format!("{at}/{}[{}]", form.linje, r + 1);
                        wire::Registreringsresultat {
                            registrerings_id: line.registrerings_id.clone(),
                            resultat: outcome(line.outcome).to_owned(),
                            post: line.post.as_ref().map(post_svar),
                            feil: line.findings.iter().map(|f| feil_of(f, line_xpath(&at, line.posttype, f))).collect(),
                        }
                    })
                    .collect(),
            }
        })
        .collect();
    wire::Kvittering {
        kvitterings_id: receipt.kvitterings_id.to_string(),
        meldings_id: receipt.meldings_id.clone(),
        kontraktversjon: receipt.kontraktversjon.clone(),
        status: status(receipt.status).to_owned(),
        gjentatt: false,
        proevekjoering: receipt.proevekjoering,
        mottatt: notice::oslo(receipt.mottatt),
        mottatt_dato: receipt.mottatt_dato,
        feil,
        person,
        endring: receipt.changes.iter().map(notice::endring).collect(),
        stroem: receipt.stroem.as_ref().map(stream_position),
        bevis: wire::Bevis {
            kjede: receipt.bevis.kjede.clone(),
            posisjon: receipt.bevis.posisjon,
            forrige_hash: receipt.bevis.forrige_hash.clone(),
        },
    }
}

fn message_xpath(form: &Form, finding: &Finding) -> Option<String> {
    let Form { melding, hode, .. } = form;
    match finding.field {
        Field::Message => None,
        Field::Header(name) => Some(format!("{melding}/{hode}/{name}")),
        Field::Person(name) | Field::Line(name) | Field::Content(name) => Some(format!("{melding}/{name}")),
    }
}

fn person_xpath(at: &str, finding: &Finding) -> Option<String> {
    match finding.field {
        Field::Person(name) => Some(format!("{at}/{name}")),
        _ => Some(at.to_owned()),
    }
}

fn line_xpath(at: &str, kind: Option<&'static str>, finding: &Finding) -> Option<String> {
    match finding.field {
        Field::Content(name) => Some(match kind {
            Some(kind) => format!("{at}/innhold/{}/{name}", element(kind)),
            None => format!("{at}/innhold"),
        }),
        Field::Line(name) => Some(format!("{at}/{name}")),
        Field::Person(name) => at.rsplit_once('/').map(|(person, _)| format!("{person}/{name}")),
        _ => Some(at.to_owned()),
    }
}

/// Element of a kind of content from its posttype (contract.md 6.1: the same in capitals with underscores).
pub(crate) fn element(posttype: &str) -> String {
    let mut words = posttype.split('_').map(str::to_lowercase);
    let mut name = words.next().unwrap_or_default();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// Line and column of every error, read from the message as it was sent; only when there is an error.
fn place(kvittering: &mut wire::Kvittering, request: &[u8]) {
    let mut all: Vec<&mut wire::Feil> = kvittering.feil.iter_mut().collect();
    for person in &mut kvittering.person {
        all.extend(person.feil.iter_mut());
        for registrering in &mut person.registrering {
            all.extend(registrering.feil.iter_mut());
        }
    }
    find_places(all, request);
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Godtatt => "GODTATT",
        Status::DelvisGodtatt => "DELVIS_GODTATT",
        Status::Avvist => "AVVIST",
    }
}

fn outcome(outcome: LineOutcome) -> &'static str {
    match outcome {
        LineOutcome::Registrert => "REGISTRERT",
        LineOutcome::Endret => "ENDRET",
        LineOutcome::Korrigert => "KORRIGERT",
        LineOutcome::Annullert => "ANNULLERT",
        LineOutcome::Knyttet => "KNYTTET",
        LineOutcome::Uendret => "UENDRET",
        LineOutcome::Avvist => "AVVIST",
        LineOutcome::IkkeUtfoert => "IKKE_UTFOERT",
    }
}

//! Payloads as text, so that the tests share nothing with the codec they test.

use std::sync::atomic::{AtomicU64, Ordering};

/// A fresh meldingsId.
pub fn fresh(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A day in Norway, so many days from today.
pub fn day(from_today: i64) -> String {
    let today = crate::client::now().with_timezone(&chrono_tz::Europe::Oslo).date_naive();
    (today + chrono::TimeDelta::days(from_today)).to_string()
}

/// Who sends: the header's variable parts.
#[derive(Debug, Clone)]
pub struct Head {
    pub meldings_id: String,
    pub avsendersystem: &'static str,
    pub kommune: &'static str,
    pub user: &'static str,
    pub opprettet: String,
    pub more: String,
}

/// A header of the sandbox's Kristiansand system and its INTRO user.
pub fn head() -> Head {
    Head {
        meldings_id: fresh("m"),
        avsendersystem: "4204-flyktning-1",
        kommune: "4204",
        user: "4204-OVERF1",
        opprettet: crate::client::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        more: String::new(),
    }
}

impl Head {
    pub fn id(mut self, id: &str) -> Self {
        self.meldings_id = id.to_owned();
        self
    }

    /// At another time of the sender's clock.
    pub fn at(mut self, opprettet: &str) -> Self {
        opprettet.clone_into(&mut self.opprettet);
        self
    }

    /// By another transfer user.
    pub fn by(mut self, user: &'static str) -> Self {
        self.user = user;
        self
    }

    pub fn from(mut self, avsendersystem: &'static str, kommune: &'static str, user: &'static str) -> Self {
        (self.avsendersystem, self.kommune, self.user) = (avsendersystem, kommune, user);
        self
    }

    pub fn xml(&self) -> String {
        format!(
            "<meldingshode><meldingsId>{}</meldingsId><kontraktversjon>1.0</kontraktversjon>\
             <avsendersystem>{}</avsendersystem><kommunenummer>{}</kommunenummer>\
             <overfoeringsbruker>{}</overfoeringsbruker>\
             <fagsystem><navn>Flyktning</navn><versjon>2026.11.2</versjon></fagsystem>\
             <opprettet>{}</opprettet>{}</meldingshode>",
            self.meldings_id, self.avsendersystem, self.kommune, self.user, self.opprettet, self.more
        )
    }
}

/// sendRegistreringer with these `person` elements.
pub fn send(head: &Head, persons: &str) -> String {
    send_with(head, "", persons)
}

/// sendRegistreringer with `transaksjon` or `proevekjoering` before the persons.
pub fn send_with(head: &Head, before: &str, persons: &str) -> String {
    format!(
        "<sendRegistreringer xmlns=\"urn:no:nir:melding:v1\"><melding>{}{before}{persons}</melding></sendRegistreringer>",
        head.xml()
    )
}

/// A person with these `registrering` elements.
pub fn person(duf: &str, lines: &str) -> String {
    format!("<person><dufNummer>{duf}</dufNummer>{lines}</person>")
}

/// REGISTRER of content.
pub fn registrer(id: &str, reference: &str, innhold: &str) -> String {
    line(id, "REGISTRER", reference, "", innhold)
}

/// Any handling.
pub fn line(id: &str, handling: &str, reference: &str, post: &str, innhold: &str) -> String {
    let reference = if reference.is_empty() {
        String::new()
    } else {
        format!("<avsendersReferanse>{reference}</avsendersReferanse>")
    };
    let innhold = if innhold.is_empty() { String::new() } else { format!("<innhold>{innhold}</innhold>") };
    format!(
        "<registrering><registreringsId>{id}</registreringsId><handling>{handling}</handling>{reference}{post}{innhold}</registrering>"
    )
}

/// A reference to the register's post as it was read.
pub fn post(post_id: &str, versjon: i32) -> String {
    format!("<post><postId>{post_id}</postId><versjon>{versjon}</versjon></post>")
}

/// An INTRO decision that grants.
pub fn vedtak(vedtaksdato: &str, start: &str, slutt: &str) -> String {
    vedtak_in("INTRO", "INNVILGELSE", vedtaksdato, start, slutt)
}

/// A decision.
pub fn vedtak_in(ordning: &str, vedtakstype: &str, vedtaksdato: &str, start: &str, slutt: &str) -> String {
    format!(
        "<vedtak><ordning>{ordning}</ordning><vedtakstype>{vedtakstype}</vedtakstype><vedtaksdato>{vedtaksdato}</vedtaksdato>\
         <startDato>{start}</startDato><sluttDato>{slutt}</sluttDato></vedtak>"
    )
}

/// A measure.
pub fn tiltak(gruppe: &str, typ: &str, fra: &str, til: &str, timer: &str) -> String {
    format!(
        "<tiltak><ordning>INTRO</ordning><tiltaksgruppe>{gruppe}</tiltaksgruppe><tiltakstype>{typ}</tiltakstype>\
         <fraDato>{fra}</fraDato><tilDato>{til}</tilDato><timerPerUke>{timer}</timerPerUke></tiltak>"
    )
}

/// hentPerson, with more elements after the DUF.
pub fn hent_person(head: &Head, duf: &str, more: &str) -> String {
    format!(
        "<hentPerson xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}<dufNummer>{duf}</dufNummer>{more}</forespoersel></hentPerson>",
        head.xml()
    )
}

/// hentEndringer.
pub fn hent_endringer(head: &Head, stroem: &str, etter: i64, more: &str) -> String {
    format!(
        "<hentEndringer xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}<stroemId>{stroem}</stroemId>\
         <etterSekvensnummer>{etter}</etterSekvensnummer>{more}</forespoersel></hentEndringer>",
        head.xml()
    )
}

/// bekreftEndringer.
pub fn bekreft_endringer(head: &Head, stroem: &str, til: i64) -> String {
    format!(
        "<bekreftEndringer xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}<stroemId>{stroem}</stroemId>\
         <bekreftTil>{til}</bekreftTil></forespoersel></bekreftEndringer>",
        head.xml()
    )
}

/// hentKvittering.
pub fn hent_kvittering(head: &Head, meldings_id: &str) -> String {
    format!(
        "<hentKvittering xmlns=\"urn:no:nir:melding:v1\"><forespoersel>{}<gjelderMeldingsId>{meldings_id}</gjelderMeldingsId>\
         </forespoersel></hentKvittering>",
        head.xml()
    )
}

/// ping.
pub fn ping() -> String {
    "<ping xmlns=\"urn:no:nir:melding:v1\"><forespoersel><kontraktversjon>1.0</kontraktversjon></forespoersel></ping>"
        .to_owned()
}

/// The same message as another library would write it: prefixed elements, each on a line of its own.
pub fn as_another_library_writes_it(payload: &str) -> String {
    fn write(node: roxmltree::Node<'_, '_>, depth: usize, out: &mut String) {
        let name = node.tag_name().name();
        let namespace = if depth == 0 { " xmlns:n=\"urn:no:nir:melding:v1\"" } else { "" };
        out.push_str(&format!("<n:{name}{namespace}>"));
        let indent = |depth: usize| format!("\n{}", "  ".repeat(depth));
        for child in node.children() {
            if child.is_element() {
                out.push_str(&indent(depth + 1));
                write(child, depth + 1, out);
            } else {
                out.push_str(child.text().unwrap_or_default());
            }
        }
        if node.children().any(|child| child.is_element()) {
            out.push_str(&indent(depth));
        }
        out.push_str(&format!("</n:{name}>"));
    }
    let document = roxmltree::Document::parse(payload).unwrap();
    let mut out = String::new();
    write(document.root_element(), 0, &mut out);
    out
}

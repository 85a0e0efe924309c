//! What a post says: a kind for each element of `Innhold` (contract.md 6.1; domain.md 6–8).

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Kode, Ordning, PostId};
use crate::time::Period;

/// The kinds of content (contract.md 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A decision.
    Vedtak(Vedtak),
    /// Contact, application, claim or offer.
    Kontakt(Kontakt),
    /// An appeal and its outcome.
    Klage(Klage),
    /// The actual start of a scheme.
    Oppstart(Oppstart),
    /// The end of a programme, with its reason.
    Avslutning(Avslutning),
    /// The end goal of a programme.
    Sluttmaal(Sluttmaal),
    /// The mutual contract.
    Integreringskontrakt(Integreringskontrakt),
    /// A plan.
    Integreringsplan(Integreringsplan),
    /// A measure, with its gjennomføring mark.
    Tiltak(Tiltak),
    /// Absence.
    Fravaer(Fravaer),
    /// Leave and time off.
    Permisjon(Permisjon),
    /// Hours of training in a period.
    Norsktimer(Norsktimer),
    /// Prior education.
    Utdanningsbakgrunn(Utdanningsbakgrunn),
    /// Goals per skill.
    Norskmaal(Norskmaal),
    /// Full-time videregående.
    FulltidVideregaaende(FulltidVideregaaende),
    /// Mapping of skills.
    Kompetansekartlegging(Kompetansekartlegging),
    /// Career guidance.
    Karriereveiledning(Karriereveiledning),
    /// Training of an asylum seeker in mottak.
    OpplaeringIMottak(OpplaeringIMottak),
    /// Objection to research use.
    ReservasjonForskning(ReservasjonForskning),
    /// Work, or an offer of work.
    Arbeidsforhold(Arbeidsforhold),
    /// Certificate of participation.
    Deltakerbevis(Deltakerbevis),
    /// Follow-up during omsorgspermisjon.
    OppfoelgingOmsorgspermisjon(OppfoelgingOmsorgspermisjon),
}

/// A decision (domain.md 6.1–6.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vedtak {
    /// The scheme it concerns.
    pub ordning: Ordning,
    /// Code list `vedtakstype`.
    pub vedtakstype: Kode,
    /// The day the decision was made.
    pub vedtaksdato: NaiveDate,
    /// First day of effect.
    pub start_dato: Option<NaiveDate>,
    /// Last day of effect, inclusive.
    pub slutt_dato: Option<NaiveDate>,
    /// Code list `begrunnelse`.
    pub begrunnelse: Option<Kode>,
    /// Code list `fritaksgrunnlag`, for FRITAK_* and BORTFALL_RETT.
    pub fritaksgrunnlag: Option<Kode>,
    /// The parent decision, resolved.
    pub vedtak_ref: Option<PostId>,
    /// The appeal it follows, resolved.
    pub klage_ref: Option<PostId>,
    /// The sender's case, at most 100 characters.
    pub saksreferanse: Option<String>,
}

/// A measure (domain.md 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tiltak {
    /// The scheme it belongs to.
    pub ordning: Ordning,
    /// Code list `tiltaksgruppe`.
    pub tiltaksgruppe: Kode,
    /// Code list `tiltakstype`.
    pub tiltakstype: Kode,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours per week, at most two decimals.
    pub timer_per_uke: Decimal,
    /// Replaces other measures in its period (domain.md TI-6).
    pub erstattende_tiltak: bool,
    /// Code list `gjennomfoering`, only for LF01 and LF02 (TI-2).
    pub gjennomfoering: Option<Kode>,
    /// The day completion was assessed (TI-2a).
    pub vurdert_dato: Option<NaiveDate>,
    /// AN06 only: whether an offer was received (TI-11).
    pub mottatt_tilbud: Option<bool>,
}

/// Contact, application, claim or offer (domain.md 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kontakt {
    /// The scheme.
    pub ordning: Ordning,
    /// Code list `kontakttype`: KONTAKT, SOEKNAD, KRAV, TILBUD.
    pub kontakttype: Kode,
    /// The day.
    pub dato: NaiveDate,
    /// The sender's case.
    pub saksreferanse: Option<String>,
}

/// An appeal to statsforvalteren (domain.md 6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Klage {
    /// The scheme of the decision.
    pub ordning: Ordning,
    /// The decision appealed against, resolved; `None` only until `decide` has resolved it.
    pub vedtak_ref: Option<PostId>,
    /// The day of the appeal.
    pub klage_dato: NaiveDate,
    /// Code list `klageutfall`.
    pub utfall: Option<Kode>,
    /// The day of the outcome.
    pub utfallsdato: Option<NaiveDate>,
    /// The sender's case.
    pub saksreferanse: Option<String>,
}

/// The actual start of a scheme (domain.md 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oppstart {
    /// The scheme.
    pub ordning: Ordning,
    /// First day.
    pub oppstart_dato: NaiveDate,
}

/// The end of an introduksjonsprogram (domain.md 8.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avslutning {
    /// Last day.
    pub avslutningsdato: NaiveDate,
    /// Code list `avslutningsaarsak`; SYS0 is the system's own.
    pub avslutningsaarsak: Kode,
    /// With AV21: what the person does now (AVSL-21), of the same list.
    pub hovedaktivitet: Option<Kode>,
}

/// The end goal of a programme (domain.md 6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sluttmaal {
    /// Code list `sluttmaal`.
    pub sluttmaal: Kode,
    /// From this day.
    pub fra_dato: NaiveDate,
}

/// The mutual contract (IL §16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integreringskontrakt {
    /// When it was made.
    pub inngaatt_dato: NaiveDate,
    /// When it was changed.
    pub endret_dato: Option<NaiveDate>,
}

/// A plan: integreringsplan (IL §15), norskplan (IL §34) or individuell plan (INTL §6), by the scheme and the act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integreringsplan {
    /// The scheme.
    pub ordning: Ordning,
    /// When it was made.
    pub dato: NaiveDate,
    /// When it was revised.
    pub revidert_dato: Option<NaiveDate>,
}

/// Absence (domain.md 8.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fravaer {
    /// The scheme.
    pub ordning: Ordning,
    /// Code list `fravaertype`.
    pub fravaertype: Kode,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Working days, INTRO; absent means all of the period.
    pub dager: Option<Decimal>,
    /// Hours, NORSK or part of a day.
    pub timer: Option<Decimal>,
    /// Code list `fravaeraarsak`, FR07.
    pub aarsak: Option<Kode>,
    /// Documented.
    pub dokumentert: Option<bool>,
    /// For FR03 and FR04: what the quota depends on (code list `omsorgsgrunnlag`).
    pub omsorgsgrunnlag: Option<Kode>,
}

/// Leave and time off (domain.md 8.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permisjon {
    /// The scheme.
    pub ordning: Ordning,
    /// Code list `permisjonstype`.
    pub permisjonstype: Kode,
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// The decision that granted it, resolved.
    pub vedtak_ref: Option<PostId>,
}

/// Hours of training in a period within one calendar month (domain.md 6.3, 17.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norsktimer {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours of Norwegian.
    pub norsk_timer: Decimal,
    /// Hours of samfunnskunnskap by module.
    pub samfunnskunnskap_timer: Vec<Modultimer>,
    /// Language of the training in samfunnskunnskap, ISO 639.
    pub opplaeringsspraak: Option<Kode>,
    /// Track 1, 2, 3 (code list `spor`).
    pub spor: Option<Kode>,
    /// Code list `ansvarlig`: KOMMUNE, FYLKESKOMMUNE.
    pub ansvarlig: Option<Kode>,
}

/// Hours of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modultimer {
    /// Code list `modul`.
    pub modul: Kode,
    /// Hours.
    pub timer: Decimal,
}

/// Prior education (domain.md 4, 6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utdanningsbakgrunn {
    /// Code list `harVideregaaende`: JA, NEI, IKKE_REGISTRERT.
    pub har_videregaaende: Kode,
    /// The day it was established.
    pub dato: NaiveDate,
}

/// Norwegian goals per skill (IL §31, IF §27–28).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norskmaal {
    /// The day they were set.
    pub dato: NaiveDate,
    /// Mother tongue, ISO 639.
    pub morsmaal: Option<Kode>,
    /// Code list `norsknivaa`, for each skill.
    pub lytte: Option<Kode>,
    /// Reading.
    pub lese: Option<Kode>,
    /// Writing.
    pub skrive: Option<Kode>,
    /// Speaking.
    pub muntlig: Option<Kode>,
}

/// Full-time videregående, or combined with grunnskole: the fylkeskommune is responsible (FR-FYLKE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulltidVideregaaende {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: Option<NaiveDate>,
    /// Combined grunnskole and videregående.
    pub kombinert: Option<bool>,
}

/// Mapping of skills done (IF §52 c).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kompetansekartlegging {
    /// The day.
    pub gjennomfoert_dato: NaiveDate,
}

/// Career guidance done, by the fylkeskommune (IF §59).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Karriereveiledning {
    /// The day.
    pub gjennomfoert_dato: NaiveDate,
}

/// Training of an asylum seeker in mottak (domain.md 6.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpplaeringIMottak {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours of Norwegian per week.
    pub norsk_timer_per_uke: Decimal,
    /// Hours of samfunnskunnskap by module in the period.
    pub samfunnskunnskap_timer: Vec<Modultimer>,
    /// Mother tongue, ISO 639.
    pub morsmaal: Option<Kode>,
    /// Language of the training, ISO 639.
    pub opplaeringsspraak: Option<Kode>,
}

/// Objection to research use (IF §46, §62).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservasjonForskning {
    /// Whether the person objects.
    pub reservert: bool,
    /// From this day.
    pub dato: NaiveDate,
}

/// Work, or an offer of work (IL §8(4)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arbeidsforhold {
    /// First day of work, or the day of the offer.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: Option<NaiveDate>,
    /// Hours per week.
    pub timer_per_uke: Decimal,
    /// An offer that has not begun.
    pub tilbud: bool,
}

/// Certificate of participation (IL §18a).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deltakerbevis {
    /// The day it was issued.
    pub utstedt_dato: NaiveDate,
    /// The decision that granted the programme, resolved.
    pub vedtak_ref: Option<PostId>,
}

/// Follow-up during omsorgspermisjon, from its fourth month (IF §33).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OppfoelgingOmsorgspermisjon {
    /// First day.
    pub fra_dato: NaiveDate,
    /// Last day, inclusive.
    pub til_dato: NaiveDate,
    /// Hours per week.
    pub timer_per_uke: Decimal,
}

impl Content {
    /// The code of the kind, as `posttype` on the wire (contract.md 6.1).
    pub fn posttype(&self) -> &'static str {
        match self {
            Content::Vedtak(_) => "VEDTAK",
            Content::Kontakt(_) => "KONTAKT",
            Content::Klage(_) => "KLAGE",
            Content::Oppstart(_) => "OPPSTART",
            Content::Avslutning(_) => "AVSLUTNING",
            Content::Sluttmaal(_) => "SLUTTMAAL",
            Content::Integreringskontrakt(_) => "INTEGRERINGSKONTRAKT",
            Content::Integreringsplan(_) => "INTEGRERINGSPLAN",
            Content::Tiltak(_) => "TILTAK",
            Content::Fravaer(_) => "FRAVAER",
            Content::Permisjon(_) => "PERMISJON",
            Content::Norsktimer(_) => "NORSKTIMER",
            Content::Utdanningsbakgrunn(_) => "UTDANNINGSBAKGRUNN",
            Content::Norskmaal(_) => "NORSKMAAL",
            Content::FulltidVideregaaende(_) => "FULLTID_VIDEREGAAENDE",
            Content::Kompetansekartlegging(_) => "KOMPETANSEKARTLEGGING",
            Content::Karriereveiledning(_) => "KARRIEREVEILEDNING",
            Content::OpplaeringIMottak(_) => "OPPLAERING_I_MOTTAK",
            Content::ReservasjonForskning(_) => "RESERVASJON_FORSKNING",
            Content::Arbeidsforhold(_) => "ARBEIDSFORHOLD",
            Content::Deltakerbevis(_) => "DELTAKERBEVIS",
            Content::OppfoelgingOmsorgspermisjon(_) => "OPPFOELGING_OMSORGSPERMISJON",
        }
    }

    /// The days that a record of this content is valid for (half-open). A decision without an end holds until
    /// another one ends it; one without a start holds from the day it was made. What happened on a day holds from it.
    pub fn valid(&self) -> Period {
        match self {
            Content::Vedtak(v) => Period::inclusive(v.start_dato.unwrap_or(v.vedtaksdato), v.slutt_dato),
            Content::Tiltak(t) => Period::inclusive(t.fra_dato, Some(t.til_dato)),
            Content::Fravaer(f) => Period::inclusive(f.fra_dato, Some(f.til_dato)),
            Content::Permisjon(p) => Period::inclusive(p.fra_dato, Some(p.til_dato)),
            Content::Norsktimer(n) => Period::inclusive(n.fra_dato, Some(n.til_dato)),
            Content::FulltidVideregaaende(f) => Period::inclusive(f.fra_dato, f.til_dato),
            Content::OpplaeringIMottak(o) => Period::inclusive(o.fra_dato, Some(o.til_dato)),
            Content::Arbeidsforhold(a) => Period::inclusive(a.fra_dato, a.til_dato),
            Content::OppfoelgingOmsorgspermisjon(o) => Period::inclusive(o.fra_dato, Some(o.til_dato)),
            Content::Kontakt(k) => Period { from: k.dato, to: None },
            Content::Klage(k) => Period { from: k.klage_dato, to: None },
            Content::Oppstart(o) => Period { from: o.oppstart_dato, to: None },
            Content::Avslutning(a) => Period { from: a.avslutningsdato, to: None },
            Content::Sluttmaal(s) => Period { from: s.fra_dato, to: None },
            Content::Integreringskontrakt(k) => Period { from: k.inngaatt_dato, to: None },
            Content::Integreringsplan(p) => Period { from: p.dato, to: None },
            Content::Utdanningsbakgrunn(u) => Period { from: u.dato, to: None },
            Content::Norskmaal(n) => Period { from: n.dato, to: None },
            Content::Kompetansekartlegging(k) => Period { from: k.gjennomfoert_dato, to: None },
            Content::Karriereveiledning(k) => Period { from: k.gjennomfoert_dato, to: None },
            Content::ReservasjonForskning(r) => Period { from: r.dato, to: None },
            Content::Deltakerbevis(d) => Period { from: d.utstedt_dato, to: None },
        }
    }

    /// The scheme the content belongs to. What belongs to the person and to no one scheme stands under INTRO;
    /// [`Content::any_ordning`] tells.
    pub fn ordning(&self) -> Ordning {
        match self {
            Content::Vedtak(v) => v.ordning,
            Content::Kontakt(k) => k.ordning,
            Content::Klage(k) => k.ordning,
            Content::Oppstart(o) => o.ordning,
            Content::Integreringsplan(p) => p.ordning,
            Content::Tiltak(t) => t.ordning,
            Content::Fravaer(f) => f.ordning,
            Content::Permisjon(p) => p.ordning,
            Content::Norsktimer(_)
            | Content::Norskmaal(_)
            | Content::FulltidVideregaaende(_)
            | Content::OppfoelgingOmsorgspermisjon(_) => Ordning::Norsk,
            Content::OpplaeringIMottak(_) => Ordning::MottakOppl,
            Content::Avslutning(_)
            | Content::Sluttmaal(_)
            | Content::Integreringskontrakt(_)
            | Content::Utdanningsbakgrunn(_)
            | Content::Kompetansekartlegging(_)
            | Content::Karriereveiledning(_)
            | Content::ReservasjonForskning(_)
            | Content::Arbeidsforhold(_)
            | Content::Deltakerbevis(_) => Ordning::Intro,
        }
    }

    /// Whether the content belongs to the person, whatever the scheme (AU-4): any role that writes a scheme writes it, and
    /// every stream of the kommune hears of it.
    pub fn any_ordning(&self) -> bool {
        matches!(self, Content::Utdanningsbakgrunn(_) | Content::ReservasjonForskning(_))
    }

    /// The event day that decides who owns the record (domain.md 9.3, 11.3), and the element that holds it.
    pub fn hendelse(&self) -> (NaiveDate, &'static str) {
        match self {
            Content::Vedtak(v) => (v.vedtaksdato, "vedtaksdato"),
            Content::Kontakt(k) => (k.dato, "dato"),
            Content::Klage(k) => k.utfallsdato.map_or((k.klage_dato, "klageDato"), |dato| (dato, "utfallsdato")),
            Content::Oppstart(o) => (o.oppstart_dato, "oppstartDato"),
            Content::Avslutning(a) => (a.avslutningsdato, "avslutningsdato"),
            Content::Sluttmaal(s) => (s.fra_dato, "fraDato"),
            Content::Integreringskontrakt(k) => {
                k.endret_dato.map_or((k.inngaatt_dato, "inngaattDato"), |dato| (dato, "endretDato"))
            }
            Content::Integreringsplan(p) => p.revidert_dato.map_or((p.dato, "dato"), |dato| (dato, "revidertDato")),
            Content::Tiltak(t) => (t.fra_dato, "fraDato"),
            Content::Fravaer(f) => (f.fra_dato, "fraDato"),
            Content::Permisjon(p) => (p.fra_dato, "fraDato"),
            Content::Norsktimer(n) => (n.til_dato, "tilDato"),
            Content::Utdanningsbakgrunn(u) => (u.dato, "dato"),
            Content::Norskmaal(n) => (n.dato, "dato"),
            Content::FulltidVideregaaende(f) => (f.fra_dato, "fraDato"),
            Content::Kompetansekartlegging(k) => (k.gjennomfoert_dato, "gjennomfoertDato"),
            Content::Karriereveiledning(k) => (k.gjennomfoert_dato, "gjennomfoertDato"),
            Content::OpplaeringIMottak(o) => (o.til_dato, "tilDato"),
            Content::ReservasjonForskning(r) => (r.dato, "dato"),
            Content::Arbeidsforhold(a) => (a.fra_dato, "fraDato"),
            Content::Deltakerbevis(d) => (d.utstedt_dato, "utstedtDato"),
            Content::OppfoelgingOmsorgspermisjon(o) => (o.fra_dato, "fraDato"),
        }
    }

    /// The content as it was until the day, where it has a period that can end (ENDRE).
    pub fn ended(&self, last: NaiveDate) -> Option<Content> {
        let mut content = self.clone();
        match &mut content {
            Content::Vedtak(v) => v.slutt_dato = Some(last),
            Content::Tiltak(t) => t.til_dato = last,
            Content::Fravaer(f) => f.til_dato = last,
            Content::Permisjon(p) => p.til_dato = last,
            Content::Norsktimer(n) => n.til_dato = last,
            Content::FulltidVideregaaende(f) => f.til_dato = Some(last),
            Content::OpplaeringIMottak(o) => o.til_dato = last,
            Content::Arbeidsforhold(a) => a.til_dato = Some(last),
            Content::OppfoelgingOmsorgspermisjon(o) => o.til_dato = last,
            _ => return None,
        }
        Some(content)
    }

    /// The stored decision that the content names, resolved.
    pub fn vedtak_ref(&self) -> Option<PostId> {
        match self {
            Content::Vedtak(v) => v.vedtak_ref,
            Content::Klage(k) => k.vedtak_ref,
            Content::Permisjon(p) => p.vedtak_ref,
            Content::Deltakerbevis(d) => d.vedtak_ref,
            _ => None,
        }
    }
}

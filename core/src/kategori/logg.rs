//! The calculation log: writes its steps, and renders a step as a Norwegian sentence on reading (design.md 17).

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::codes::Catalogue;
use crate::fact::{Opphoer, Utfall};
use crate::kategori::Loggsteg;
use crate::kategori::forhold::{Asylsoeknad, Forhold, Fornyelse, Tillatelse};
use crate::kategori::krav::Utkast;
use crate::kategori::opphold::Linje;
use crate::kategori::rad::Rad;
use crate::registry::Lov;
use crate::time::Period;

/// Why a row opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nei {
    Alder,
    IkkeBosatt,
    IkkeAnkommet,
    UkjentFoedselsdato,
    IngenRett,
    NordiskBorger,
    NorskBorger,
    Overgang34,
    Hurtigprosedyre,
    Kollektiv,
    IkkeMottak,
}

impl Nei {
    /// All of them.
    pub const ALLE: [Nei; 11] = [
        Nei::Alder,
        Nei::IkkeBosatt,
        Nei::IkkeAnkommet,
        Nei::UkjentFoedselsdato,
        Nei::IngenRett,
        Nei::NordiskBorger,
        Nei::NorskBorger,
        Nei::Overgang34,
        Nei::Hurtigprosedyre,
        Nei::Kollektiv,
        Nei::IkkeMottak,
    ];

    pub const fn kode(self) -> &'static str {
        match self {
            Nei::Alder => "UTENFOR_ALDER",
            Nei::IkkeBosatt => "IKKE_BOSATT",
            Nei::IkkeAnkommet => "IKKE_ANKOMMET",
            Nei::UkjentFoedselsdato => "UKJENT_FOEDSELSDATO",
            Nei::IngenRett => "INGEN_RETT",
            Nei::NordiskBorger => "NORDISK_BORGER",
            Nei::NorskBorger => "NORSK_BORGER",
            Nei::Overgang34 => "INGEN_NY_RETT",
            Nei::Hurtigprosedyre => "IKKE_ORDINAER_SAK",
            Nei::Kollektiv => "KOLLEKTIV_BESKYTTELSE",
            Nei::IkkeMottak => "IKKE_I_MOTTAK",
        }
    }
}

/// Rules of the log that are no rows of the decision tables.
pub(super) const ANDRE_REGLER: [&str; 5] = ["LOVVALG", "UTL-61-6", "IL-20", "IL-24", "IL-23"];

/// Outcomes that are neither a category nor a [`Nei`].
pub(super) const ANDRE_UTFALL: [&str; 8] = [
    "IL",
    "INTL",
    "INGEN_LOV",
    "FORTSETTER_MED_RETTSKRAV",
    "FORTSETTER_UTEN_RETTSKRAV",
    "SOEKT_FOR_SENT",
    "IKKE_FORNYBAR",
    "OPPHOERT",
];

/// And the one outcome of a revocation that can still be appealed.
pub(super) const IKKE_ENDELIG: &str = "IKKE_ENDELIG";

/// The steps so far.
#[derive(Debug, Default)]
pub(super) struct Logg {
    pub steg: Vec<Loggsteg>,
}

fn dag(navn: &str, dag: NaiveDate) -> (String, String) {
    (navn.to_owned(), dag.to_string())
}

fn verdi(navn: &str, verdi: &str) -> (String, String) {
    (navn.to_owned(), verdi.to_owned())
}

/// The inputs that name a permit.
fn tillatelse(t: &Tillatelse<'_>) -> Vec<(String, String)> {
    let mut grunnlag = Vec::with_capacity(4);
    grunnlag.push(verdi("oppholdsgrunnlag", &t.permit.oppholdsgrunnlag));
    grunnlag.push(dag("vedtaksdato", t.permit.vedtaksdato));
    grunnlag
}

impl Logg {
    fn steg(
        &mut self,
        regel: &str,
        grunnlag: Vec<(String, String)>,
        fra: Option<NaiveDate>,
        til: Option<NaiveDate>,
        utfall: &str,
    ) {
        self.steg.push(Loggsteg { regel: regel.to_owned(), grunnlag, fra, til, utfall: utfall.to_owned() });
    }

    /// The act, and the permit that decided it.
    pub fn lov(&mut self, linje: &Linje<'_>, lov: Lov) {
        let mut grunnlag = tillatelse(&linje.foerste);
        if linje.foerste.permit.etter_innreisetillatelse {
            grunnlag.extend(linje.verdi.map(|ankomst| dag("ankomst", ankomst)));
        }
        self.steg("LOVVALG", grunnlag, Some(linje.fra()), None, lov.code());
    }

    /// No permit brings the person into a target group.
    pub fn ingen_lov(&mut self) {
        self.steg("LOVVALG", Vec::new(), None, None, "INGEN_LOV");
    }

    /// The act of whoever only applied for protection.
    pub fn asylsoekers_lov(&mut self, soekt: NaiveDate, lov: Lov) {
        self.steg("LOVVALG", vec![dag("asylsoeknad", soekt)], Some(soekt), None, lov.code());
    }

    /// A row that gives nothing, and why.
    pub fn nei(&mut self, linje: &Linje<'_>, rad: Rad, nei: Nei, alder: Option<u32>) {
        let mut grunnlag = tillatelse(&linje.foerste);
        grunnlag.extend(alder.map(|alder| verdi("alder", &alder.to_string())));
        self.steg(rad.id(), grunnlag, Some(linje.fra()), None, nei.kode());
    }

    /// An application for protection that gives no training.
    pub fn ikke_opplaering(&mut self, rad: Rad, s: &Asylsoeknad, nei: Nei) {
        self.steg(rad.id(), vec![dag("asylsoeknad", s.soekt)], Some(s.soekt), None, nei.kode());
    }

    /// A decision of the kommune that opens nothing, since the person is under introduksjonsloven.
    pub fn kan_ikke_tilbys(&mut self, fra: NaiveDate) {
        self.steg(Rad::Il25.id(), vec![dag("innvilgelse", fra)], Some(fra), None, Nei::IngenRett.kode());
    }

    /// An application in time carries the stay on.
    pub fn fortsetter(
        &mut self,
        t: &Tillatelse<'_>,
        s: &Fornyelse,
        utloep: NaiveDate,
        til: Option<NaiveDate>,
        rettskrav: bool,
    ) {
        let utfall = if rettskrav { "FORTSETTER_MED_RETTSKRAV" } else { "FORTSETTER_UTEN_RETTSKRAV" };
        self.fornyelse(t, s, utloep, til, utfall);
    }

    /// An application after expiry does not.
    pub fn soekt_for_sent(&mut self, t: &Tillatelse<'_>, s: &Fornyelse, utloep: NaiveDate) {
        self.fornyelse(t, s, utloep, None, "SOEKT_FOR_SENT");
    }

    /// Nor one about a permit that cannot be renewed.
    pub fn ikke_fornybar(&mut self, t: &Tillatelse<'_>, s: &Fornyelse, utloep: NaiveDate) {
        self.fornyelse(t, s, utloep, None, "IKKE_FORNYBAR");
    }

    fn fornyelse(
        &mut self,
        t: &Tillatelse<'_>,
        s: &Fornyelse,
        utloep: NaiveDate,
        til: Option<NaiveDate>,
        utfall: &str,
    ) {
        let mut grunnlag = tillatelse(t);
        grunnlag.extend(utloep.pred_opt().map(|last| dag("gyldigTil", last)));
        grunnlag.push(dag("soeknadFornyelse", s.soekt));
        self.steg("UTL-61-6", grunnlag, Some(utloep), til, utfall);
    }

    /// A permit that was revoked, lapsed, or whose holder was expelled (IL-20).
    pub fn opphoer(&mut self, t: &Tillatelse<'_>, o: &Opphoer) {
        let mut grunnlag = tillatelse(t);
        let hva = match o.utfall {
            Utfall::Bortfall => "BORTFALL",
            Utfall::Utvisning => "UTVISNING",
            _ => "TILBAKEKALL",
        };
        grunnlag.push(verdi("opphoer", hva));
        let utfall = if o.endelig { "OPPHOERT" } else { IKKE_ENDELIG };
        self.steg("IL-20", grunnlag, Some(o.dato), None, utfall);
    }

    /// A period of a category, with what it rests on.
    pub fn kategori(&mut self, u: &Utkast, linjer: &[Linje<'_>], f: &Forhold<'_>) {
        let linje = u.linje.and_then(|nr| linjer.get(nr));
        let mut grunnlag = linje.map(|linje| tillatelse(&linje.foerste)).unwrap_or_default();
        if let Some(linje) = linje {
            grunnlag.extend(f.alder(linje.vedtatt()).map(|alder| verdi("alder", &alder.to_string())));
        }
        grunnlag.extend(u.aarsak.map(|aarsak| verdi("lukketAarsak", aarsak.code())));
        if u.fullfoere {
            grunnlag.push(verdi("merke", "RETT_TIL_AA_FULLFOERE"));
        }
        if u.usikker {
            grunnlag.push(verdi("usikker", "ja"));
        }
        self.steg(u.rad.id(), grunnlag, Some(u.dager.from), u.dager.to, u.kode.code());
    }

    /// Days of work that close a programme (IL-24).
    pub fn arbeid(&mut self, dager: &Period) {
        self.steg("IL-24", Vec::new(), Some(dager.from), dager.to, "INTRO_RP_LUKKET");
    }

    /// The day on which the clock of two years runs out (IL-23).
    pub fn klokke(&mut self, fra: NaiveDate, dag: NaiveDate) {
        self.steg("IL-23", Vec::new(), Some(fra), Some(dag), "KLOKKE");
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Regel {
    regel: String,
    hjemmel: String,
    tekst: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Utfallstekst {
    utfall: String,
    tekst: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inndata {
    navn: String,
    tekst: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tekster {
    regel: Vec<Regel>,
    utfall: Vec<Utfallstekst>,
    inndata: Vec<Inndata>,
}

static TEKSTER: LazyLock<Tekster> =
    LazyLock::new(|| toml::from_str(include_str!("../../codes/logg.toml")).unwrap_or_default());

/// Whether the log has words for the rule, the outcome and the input; for the test that proves it has for all.
pub fn har_tekst(regel: Option<&str>, utfall: Option<&str>, inndata: Option<&str>) -> bool {
    let t = &*TEKSTER;
    regel.is_none_or(|regel| t.regel.iter().any(|row| row.regel == regel))
        && utfall.is_none_or(|utfall| t.utfall.iter().any(|row| row.utfall == utfall) || kategori(utfall).is_some())
        && inndata.is_none_or(|navn| t.inndata.iter().any(|row| row.navn == navn))
}

/// Every rule, outcome and input of a category's log.
pub fn alle_navn() -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
    let regler = Rad::ALLE.iter().map(|rad| rad.id()).chain(ANDRE_REGLER).collect();
    let utfall = Nei::ALLE
        .iter()
        .map(|nei| nei.kode())
        .chain(ANDRE_UTFALL)
        .chain([IKKE_ENDELIG, "INTRO_RP_LUKKET", "KLOKKE"])
        .chain(crate::kategori::Kategorikode::ALL.map(|kode| kode.code()))
        .collect();
    let inndata = vec![
        "oppholdsgrunnlag",
        "vedtaksdato",
        "ankomst",
        "asylsoeknad",
        "alder",
        "innvilgelse",
        "gyldigTil",
        "soeknadFornyelse",
        "opphoer",
        "lukketAarsak",
        "merke",
        "usikker",
    ];
    (regler, utfall, inndata)
}

fn kategori(kode: &str) -> Option<&'static str> {
    Catalogue::embedded().lookup("kategori", kode).map(|row| row.navn.as_str())
}

fn norsk(dato: NaiveDate) -> String {
    dato.format("%d.%m.%Y").to_string()
}

/// The act or regulation behind the step's rule, where the texts name one.
pub fn hjemmel(steg: &Loggsteg) -> Option<&'static str> {
    TEKSTER.regel.iter().find(|row| row.regel == steg.regel).map(|row| row.hjemmel.as_str())
}

/// The step as a sentence or two that a caseworker understands.
pub fn tekst(steg: &Loggsteg) -> String {
    let t = &*TEKSTER;
    let regel = t.regel.iter().find(|row| row.regel == steg.regel);
    let mut out = match regel {
        Some(row) => format!("{} ({}, {}).", row.tekst, steg.regel, row.hjemmel),
        None => format!("Regel {}.", steg.regel),
    };
    let spoken: Vec<String> = steg
        .grunnlag
        .iter()
        .filter(|(navn, _)| !matches!(navn.as_str(), "lukketAarsak" | "merke" | "usikker"))
        .map(|(navn, verdi)| {
            let label = t.inndata.iter().find(|row| row.navn == *navn).map_or(navn.as_str(), |row| row.tekst.as_str());
            let value = match verdi.parse::<NaiveDate>() {
                Ok(dato) => norsk(dato),
                Err(_) => verdi.clone(),
            };
            format!("{label} {value}")
        })
        .collect();
    if !spoken.is_empty() {
        out.push_str(&format!(" Lagt til grunn: {}.", spoken.join(", ")));
    }
    out.push(' ');
    out.push_str(&resultat(steg));
    out
}

/// What came of it, and when.
fn resultat(steg: &Loggsteg) -> String {
    let value = |navn: &str| steg.grunnlag.iter().find(|(known, _)| known == navn).map(|(_, verdi)| verdi.as_str());
    let last = steg.til.and_then(|til| til.pred_opt());
    if let Some(navn) = kategori(&steg.utfall) {
        let mut out = format!("Resultat: {navn}");
        if let Some(fra) = steg.fra {
            out.push_str(&format!(" fra {}", norsk(fra)));
        }
        if let Some(last) = last {
            out.push_str(&format!(" til og med {}", norsk(last)));
        }
        if let Some(aarsak) = value("lukketAarsak") {
            let navn = Catalogue::embedded().lookup("lukketAarsak", aarsak).map_or(aarsak, |row| row.navn.as_str());
            out.push_str(&format!(". Lukkes fordi: {}", navn.to_lowercase()));
        }
        if value("merke").is_some() {
            out.push_str(". Personen har rett til å fullføre det som er påbegynt");
        }
        if value("usikker").is_some() {
            out.push_str(". Regelen er usikker og bør vurderes av saksbehandler");
        }
        out.push('.');
        return out;
    }
    let row = TEKSTER.utfall.iter().find(|row| row.utfall == steg.utfall);
    let text = row.map_or_else(|| format!("Resultat: {}.", steg.utfall), |row| row.tekst.clone());
    let text = text.replace("{fra}", &steg.fra.map(norsk).unwrap_or_default());
    let text = text.replace("{til}", &steg.til.map_or_else(|| "avgjørelsen foreligger".to_owned(), norsk));
    text.replace("{tilOgMed}", &last.map_or_else(|| "videre".to_owned(), norsk))
}

//! The reads of many persons, and of a computation: what is asked, and the answers as the wire writes them.

use chrono::NaiveDate;
use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::decide::{finding, post_answer};
use register::fact::Nummertype;
use register::id::{Duf, Fnr};
use register::kategori::logg::{hjemmel, tekst};
use register::kategori::{BeregningRow, Kategorikode};
use register::konsistens::Mangel;
use register::person::Person;
use register::policy::Policy;
use register::post::{Channel, Ordning, PostVersion};
use register::query::liste::{Filter, Rad, Soekenummer};
use register::receipt::{Field, Finding, StreamPosition};
use register::registry::Lov;
use register::rejection::Rejection;
use uuid::Uuid;

use crate::feil::post_svar;
use crate::translate::notice::oslo;
use crate::translate::stream_position;

/// Headings of the CSV of a list (domain.md 10.5).
const CSV_HEADINGS: &str = "DUF-nummer;fornavn/etternavn;kategori;kategori fra;ordning;frist\r\n";

/// Roles that read nothing.
pub fn may_not_list() -> Vec<Finding> {
    vec![finding(Rejection::RoleLacksOrdning, Field::Header("overfoeringsbruker"))]
}

pub fn unknown(field: &'static str, list: &str, code: &str) -> Finding {
    let unknown = finding(Rejection::UnknownCode, Field::Content(field));
    Finding { params: vec![("kodeverk", list.to_owned()), ("kode", code.to_owned())], ..unknown }
}

fn duf(text: &str, policy: &Policy) -> Result<Duf, Finding> {
    let invalid = |_| finding(Rejection::InvalidDuf, Field::Person("dufNummer"));
    Duf::parse(text, policy.test_series()).map_err(invalid)
}

fn lov(code: &str) -> Result<Lov, Finding> {
    [Lov::Il, Lov::Intl].into_iter().find(|lov| lov.code() == code).ok_or_else(|| unknown("lov", "lov", code))
}

/// A scheme of a read.
pub fn ordning(code: &str) -> Result<Ordning, Finding> {
    let all = [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval];
    all.into_iter().find(|o| o.code() == code).ok_or_else(|| unknown("ordning", "ordning", code))
}

fn kategori(code: &str) -> Result<Kategorikode, Finding> {
    let found = Kategorikode::ALL.into_iter().find(|kategori| kategori.code() == code);
    found.ok_or_else(|| unknown("kategori", "kategori", code))
}

/// Keeps the value, or the error beside the others.
fn kept<T>(result: Option<Result<T, Finding>>, errors: &mut Vec<Finding>) -> Option<T> {
    match result? {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// The filter of `hentPersonliste`, or everything that is wrong with it.
pub fn liste_filter(request: &wire::Personlisteforespoersel, policy: &Policy) -> Result<Filter, Vec<Finding>> {
    let mut errors = Vec::new();
    let bydel =
        |text: &String| text.parse().map_err(|_| finding(Rejection::UnknownKommune, Field::Content("bydelsnummer")));
    let filter = Filter {
        kategorier: request.kategori.iter().filter_map(|code| kept(Some(kategori(code)), &mut errors)).collect(),
        lov: kept(request.lov.as_deref().map(lov), &mut errors),
        ordning: kept(request.ordning.as_deref().map(ordning), &mut errors),
        vedtak: request.vedtak,
        tiltak: request.tiltak,
        sluttmaal: request.sluttmaal,
        bydel: kept(request.bydelsnummer.as_ref().map(bydel), &mut errors),
        duf: kept(request.duf_nummer.as_deref().map(|text| duf(text, policy)), &mut errors),
        fornavn: request.fornavn.clone(),
        etternavn: request.etternavn.clone(),
        tidligere: request.tidligere.unwrap_or(false),
    };
    if errors.is_empty() { Ok(filter) } else { Err(errors) }
}

/// A page of `hentPersonliste`.
pub fn personliste_side(rader: &[Rad], dato: NaiveDate, next: Option<String>, csv: bool) -> wire::Personlisteside {
    wire::Personlisteside {
        dato,
        rad: rader.iter().map(personliste_rad).collect(),
        flere: next.is_some(),
        neste_token: next,
        csv: csv.then(|| as_csv(rader)),
    }
}

fn personliste_rad(rad: &Rad) -> wire::Personlisterad {
    wire::Personlisterad {
        duf_nummer: rad.duf.to_string(),
        fornavn: rad.navn.as_ref().map(|(first, _)| first.clone()),
        etternavn: rad.navn.as_ref().map(|(_, last)| last.clone()),
        kommunenummer: rad.oppfoelging.0.to_string(),
        bydelsnummer: rad.oppfoelging.1.map(|bydel| bydel.to_string()),
        gjeldende: rad.gjeldende,
        kategori: rad
            .kategorier
            .iter()
            .map(|k| wire::Listekategori {
                kategori: k.kode.code().to_owned(),
                lov: k.lov.code().to_owned(),
                ordning: k.kode.ordning().code().to_owned(),
                fra_dato: k.gyldig.from,
            })
            .collect(),
        frist: rad
            .frister
            .iter()
            .filter_map(|f| {
                Some(wire::Listefrist {
                    fristtype: f.fristtype.code().to_owned(),
                    ordning: f.ordning.code().to_owned(),
                    dato: f.dato?,
                    status: f.status.code().to_owned(),
                })
            })
            .collect(),
        vedtak_registrert: rad.vedtak,
        tiltak_registrert: rad.tiltak,
        sluttmaal_registrert: rad.sluttmaal,
    }
}

/// One line per person and open category; the deadline is the scheme's first that runs.
fn as_csv(rader: &[Rad]) -> String {
    let mut out = CSV_HEADINGS.to_owned();
    for rad in rader {
        for kategori in &rad.kategorier {
            let ordning = kategori.kode.ordning();
            let running = rad.frister.iter().filter(|f| f.ordning == ordning && f.status.code() == "LOEPER");
            let frist = running.filter_map(|f| f.dato).min().map(|day| day.to_string()).unwrap_or_default();
            let navn = rad.navn.as_ref().map(|(first, last)| format!("{first}/{last}")).unwrap_or_default();
            let fields = [
                rad.duf.to_string(),
                navn,
                kategori.kode.code().to_owned(),
                kategori.gyldig.from.to_string(),
                ordning.code().to_owned(),
                frist,
            ];
            out += &fields.map(|field| csv_field(&field)).join(";");
            out += "\r\n";
        }
    }
    out
}

/// A field of CSV: quoted where it must be, and never a formula to a spreadsheet.
fn csv_field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    let quoted = text.contains([';', '"', '\r', '\n']);
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A row of `hentPostoversikt`.
pub fn postoversikt_rad(duf: Duf, post: &PostVersion, avsendersystem: &str) -> wire::Postoversiktrad {
    wire::Postoversiktrad {
        duf_nummer: duf.to_string(),
        posttype: post.content.posttype().to_owned(),
        post: post_svar(&post_answer(post, avsendersystem, false)),
        avsendersystem: match &post.channel {
            Channel::Fagsystem(system) => Some(system.clone()),
            _ => None,
        },
        opphav: post.channel.code().to_owned(),
        sist_endret: oslo(post.system_from),
        annullert: post.annulled,
        feilregistrert: post.feilregistrert.as_ref().map(|report| report.status.code().to_owned()),
    }
}

/// A page of `hentPostoversikt`.
pub fn postoversikt_side(
    rad: Vec<wire::Postoversiktrad>,
    next: Option<String>,
    stroem: Option<&StreamPosition>,
) -> wire::Postoversiktside {
    wire::Postoversiktside { rad, flere: next.is_some(), neste_token: next, stroem: stroem.map(stream_position) }
}

/// The number of `finnPerson`.
pub fn soekenummer(
    request: &wire::Finnforespoersel,
    policy: &Policy,
    today: NaiveDate,
) -> Result<Soekenummer, Finding> {
    let text: String = request.nummer.chars().filter(|c| !c.is_whitespace()).collect();
    match request.nummertype.as_str() {
        "FOEDSELSNUMMER" | "D_NUMMER" => match Fnr::parse(&text, policy.all_id_remainders(today)) {
            Ok(_) => Ok(Soekenummer::Ident(text)),
            Err(_) => Err(finding(Rejection::InvalidFnr, Field::Content("nummer"))),
        },
        "REG_NUMMER" => Ok(Soekenummer::Annet(Nummertype::RegNummer, text)),
        "UNHCR_NUMMER" => Ok(Soekenummer::Annet(Nummertype::UnhcrNummer, text)),
        other => Err(unknown("nummertype", "nummertype", other)),
    }
}

/// What `hentDatakonsistens` asks for.
#[derive(Debug)]
pub struct KonsistensAsked {
    /// Only this person.
    pub duf: Option<Duf>,
    /// Only persons under this act.
    pub lov: Option<Lov>,
    /// Only these findings; empty means all.
    pub mangler: Vec<String>,
}

/// Reads it, or says everything that is wrong with it.
pub fn konsistens_asked(
    request: &wire::Datakonsistensforespoersel,
    policy: &Policy,
    catalogue: &Catalogue,
) -> Result<KonsistensAsked, Vec<Finding>> {
    let mut errors = Vec::new();
    let strange = request.mangel.iter().filter(|code| catalogue.lookup("mangel", code).is_none());
    errors.extend(strange.map(|code| unknown("mangel", "mangel", code)));
    let asked = KonsistensAsked {
        duf: kept(request.duf_nummer.as_deref().map(|text| duf(text, policy)), &mut errors),
        lov: kept(request.lov.as_deref().map(lov), &mut errors),
        mangler: request.mangel.clone(),
    };
    if errors.is_empty() { Ok(asked) } else { Err(errors) }
}

/// A person with findings; name and cure come from the code list.
pub fn datakonsistens(
    person: &Person,
    found: &[Mangel],
    catalogue: &Catalogue,
    avsendersystem: &str,
) -> wire::Datakonsistens {
    let one = |mangel: &Mangel| {
        let row = catalogue.lookup("mangel", mangel.kode);
        let post = mangel.post.and_then(|id| person.post(id));
        let navn = row.map(|row| row.navn.clone()).unwrap_or_default();
        wire::Mangel {
            kode: mangel.kode.to_owned(),
            alvorlighet: mangel.alvor.code().to_owned(),
            ordning: Some(mangel.ordning.code().to_owned()),
            kategori: mangel.kategori.map(|kategori| kategori.code().to_owned()),
            fristtype: mangel.fristtype.map(|fristtype| fristtype.code().to_owned()),
            dato: mangel.dato,
            post: post.map(|post| post_svar(&post_answer(post, avsendersystem, false))),
            melding: mangel.dato.map_or(navn.clone(), |dato| format!("{navn}: {}", dato.format("%d.%m.%Y"))),
            loesning: row.and_then(|row| row.veiledning.clone()).unwrap_or_default(),
        }
    };
    wire::Datakonsistens { duf_nummer: person.duf.to_string(), mangel: found.iter().map(one).collect() }
}

/// A page of `hentDatakonsistens`.
pub fn datakonsistens_side(
    person: Vec<wire::Datakonsistens>,
    dato: NaiveDate,
    next: Option<String>,
) -> wire::Datakonsistensside {
    wire::Datakonsistensside { dato, person, flere: next.is_some(), neste_token: next }
}

/// What `hentBeregningslogg` asks for.
pub fn logg_asked(request: &wire::Beregningsloggforespoersel, policy: &Policy) -> Result<(Duf, Option<Uuid>), Finding> {
    let nowhere = |_| finding(Rejection::NotFound, Field::Person("beregningsId"));
    let id = request.beregnings_id.as_deref().map(Uuid::parse_str).transpose().map_err(nowhere);
    Ok((duf(&request.duf_nummer, policy)?, id?))
}

/// A computation with its log in words.
pub fn beregningslogg(duf: Duf, row: &BeregningRow) -> wire::Beregningslogg {
    let beregning = &row.beregning;
    wire::Beregningslogg {
        duf_nummer: duf.to_string(),
        beregnings_id: row.beregnings_id.to_string(),
        beregnet: oslo(row.system_from),
        gjeldende: row.system_to.is_none(),
        regelversjon: row.regelversjon.clone(),
        lov: beregning.lov.map(|lov| lov.code().to_owned()),
        kategori: beregning
            .kategorier
            .iter()
            .map(|k| wire::Loggkategori {
                kategori: k.kode.code().to_owned(),
                lov: k.lov.code().to_owned(),
                fra_dato: k.gyldig.from,
                til_dato: k.gyldig.last(),
                lukket_aarsak: k.aarsak.map(|aarsak| aarsak.code().to_owned()),
                regel: k.rad.clone(),
                usikker: k.usikker,
            })
            .collect(),
        frist: beregning
            .frister
            .iter()
            .map(|f| wire::Loggfrist {
                fristtype: f.fristtype.code().to_owned(),
                ordning: f.ordning.code().to_owned(),
                dato: f.dato,
                status: f.status.code().to_owned(),
                tilleggsdager: f.tillegg_dager,
                regel: f.rad.clone(),
                usikker: f.usikker,
            })
            .collect(),
        steg: beregning
            .logg
            .iter()
            .zip(1..)
            .map(|(steg, nummer)| wire::Beregningssteg {
                nummer,
                regel: steg.regel.clone(),
                hjemmel: hjemmel(steg).map(str::to_owned),
                grunnlag: steg
                    .grunnlag
                    .iter()
                    .map(|(noekkel, verdi)| wire::Tillegg { noekkel: noekkel.clone(), verdi: verdi.clone() })
                    .collect(),
                fra_dato: steg.fra,
                til_dato: steg.til.and_then(|til| til.pred_opt()),
                utfall: steg.utfall.clone(),
                tekst: tekst(steg),
            })
            .collect(),
    }
}

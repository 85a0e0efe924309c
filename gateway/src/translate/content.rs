//! Content of a registration, both ways. References are resolved by `decide`.

use nir_xsd::message as wire;
use register::post::{Content, Ordning, PostId};
use register::receipt::Finding;
use register::rejection::Rejection;

use crate::translate::registrering::unknown_code;

mod aktivitet;
mod kunnskap;
mod norsk;
mod program;
#[cfg(test)]
mod tests;

use aktivitet::*;
use kunnskap::*;
use norsk::*;
use program::*;

/// A scheme from its wire code; `path` is the element's, from the line.
pub fn ordning(code: &str, path: &'static str) -> Result<Ordning, Finding> {
    match code {
        "INTRO" => Ok(Ordning::Intro),
        "NORSK" => Ok(Ordning::Norsk),
        "MOTTAK_OPPL" => Ok(Ordning::MottakOppl),
        "MOTTAK_KVAL" => Ok(Ordning::MottakKval),
        _ => Err(unknown_code(Rejection::UnknownCode, path, "ordning", code)),
    }
}

/// The register's content: of the choice exactly one branch is there, which the schema has seen to.
pub fn content(innhold: &wire::Innhold) -> Result<Option<Content>, Finding> {
    let wire::Innhold {
        vedtak,
        kontakt,
        klage,
        oppstart,
        avslutning,
        sluttmaal,
        integreringskontrakt,
        integreringsplan,
        tiltak,
        fravaer,
        permisjon,
        norsktimer,
        utdanningsbakgrunn,
        norskmaal,
        fulltid_videregaaende,
        kompetansekartlegging,
        karriereveiledning,
        opplaering_i_mottak,
        reservasjon_forskning,
        arbeidsforhold,
        deltakerbevis,
        oppfoelging_omsorgspermisjon,
    } = innhold;
    let all = [
        vedtak.as_ref().map(|w| read_vedtak(w).map(Content::Vedtak)),
        kontakt.as_ref().map(|w| read_kontakt(w).map(Content::Kontakt)),
        klage.as_ref().map(|w| read_klage(w).map(Content::Klage)),
        oppstart.as_ref().map(|w| read_oppstart(w).map(Content::Oppstart)),
        avslutning.as_ref().map(|w| Ok(Content::Avslutning(read_avslutning(w)))),
        sluttmaal.as_ref().map(|w| Ok(Content::Sluttmaal(read_sluttmaal(w)))),
        integreringskontrakt.as_ref().map(|w| Ok(Content::Integreringskontrakt(read_integreringskontrakt(w)))),
        integreringsplan.as_ref().map(|w| read_integreringsplan(w).map(Content::Integreringsplan)),
        tiltak.as_ref().map(|w| read_tiltak(w).map(Content::Tiltak)),
        fravaer.as_ref().map(|w| read_fravaer(w).map(Content::Fravaer)),
        permisjon.as_ref().map(|w| read_permisjon(w).map(Content::Permisjon)),
        norsktimer.as_ref().map(|w| Ok(Content::Norsktimer(read_norsktimer(w)))),
        utdanningsbakgrunn.as_ref().map(|w| Ok(Content::Utdanningsbakgrunn(read_utdanningsbakgrunn(w)))),
        norskmaal.as_ref().map(|w| Ok(Content::Norskmaal(read_norskmaal(w)))),
        fulltid_videregaaende.as_ref().map(|w| Ok(Content::FulltidVideregaaende(read_fulltid_videregaaende(w)))),
        kompetansekartlegging.as_ref().map(|w| Ok(Content::Kompetansekartlegging(read_kompetansekartlegging(w)))),
        karriereveiledning.as_ref().map(|w| Ok(Content::Karriereveiledning(read_karriereveiledning(w)))),
        opplaering_i_mottak.as_ref().map(|w| Ok(Content::OpplaeringIMottak(read_opplaering_i_mottak(w)))),
        reservasjon_forskning.as_ref().map(|w| Ok(Content::ReservasjonForskning(read_reservasjon_forskning(w)))),
        arbeidsforhold.as_ref().map(|w| Ok(Content::Arbeidsforhold(read_arbeidsforhold(w)))),
        deltakerbevis.as_ref().map(|w| Ok(Content::Deltakerbevis(read_deltakerbevis(w)))),
        oppfoelging_omsorgspermisjon
            .as_ref()
            .map(|w| Ok(Content::OppfoelgingOmsorgspermisjon(read_oppfoelging_omsorgspermisjon(w)))),
    ];
    all.into_iter().flatten().next().transpose()
}

/// The wire's content.
pub fn innhold(content: &Content) -> wire::Innhold {
    let mut innhold = wire::Innhold::default();
    match content {
        Content::Vedtak(c) => innhold.vedtak = Some(write_vedtak(c)),
        Content::Kontakt(c) => innhold.kontakt = Some(write_kontakt(c)),
        Content::Klage(c) => innhold.klage = Some(write_klage(c)),
        Content::Oppstart(c) => innhold.oppstart = Some(write_oppstart(c)),
        Content::Avslutning(c) => innhold.avslutning = Some(write_avslutning(c)),
        Content::Sluttmaal(c) => innhold.sluttmaal = Some(write_sluttmaal(c)),
        Content::Integreringskontrakt(c) => innhold.integreringskontrakt = Some(write_integreringskontrakt(c)),
        Content::Integreringsplan(c) => innhold.integreringsplan = Some(write_integreringsplan(c)),
        Content::Tiltak(c) => innhold.tiltak = Some(write_tiltak(c)),
        Content::Fravaer(c) => innhold.fravaer = Some(write_fravaer(c)),
        Content::Permisjon(c) => innhold.permisjon = Some(write_permisjon(c)),
        Content::Norsktimer(c) => innhold.norsktimer = Some(write_norsktimer(c)),
        Content::Utdanningsbakgrunn(c) => innhold.utdanningsbakgrunn = Some(write_utdanningsbakgrunn(c)),
        Content::Norskmaal(c) => innhold.norskmaal = Some(write_norskmaal(c)),
        Content::FulltidVideregaaende(c) => innhold.fulltid_videregaaende = Some(write_fulltid_videregaaende(c)),
        Content::Kompetansekartlegging(c) => innhold.kompetansekartlegging = Some(write_kompetansekartlegging(c)),
        Content::Karriereveiledning(c) => innhold.karriereveiledning = Some(write_karriereveiledning(c)),
        Content::OpplaeringIMottak(c) => innhold.opplaering_i_mottak = Some(write_opplaering_i_mottak(c)),
        Content::ReservasjonForskning(c) => innhold.reservasjon_forskning = Some(write_reservasjon_forskning(c)),
        Content::Arbeidsforhold(c) => innhold.arbeidsforhold = Some(write_arbeidsforhold(c)),
        Content::Deltakerbevis(c) => innhold.deltakerbevis = Some(write_deltakerbevis(c)),
        Content::OppfoelgingOmsorgspermisjon(c) => {
            innhold.oppfoelging_omsorgspermisjon = Some(write_oppfoelging_omsorgspermisjon(c))
        }
    }
    innhold
}

fn post_id(id: PostId) -> wire::Postreferanse {
    wire::Postreferanse { post_id: Some(id.to_string()), ..wire::Postreferanse::default() }
}

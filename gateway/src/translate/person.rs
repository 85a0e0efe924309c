//! `hentPerson`: what is asked, and the person as the wire writes it.

use chrono::NaiveDate;
use nir_xsd::message as wire;
use register::decide::finding;
use register::id::Duf;
use register::kategori::{Frist, Kategori};
use register::policy::Policy;
use register::post::{Feilregistrering, Ordning, PostVersion};
use register::query::{MAX_MONTHS, PersonQuery, PersonView};
use register::receipt::{Field, Finding, StreamPosition};
use register::rejection::Rejection;
use uuid::Uuid;

use crate::translate::content::innhold;
use crate::translate::notice::oslo;
use crate::translate::stream_position;

mod fakta;

/// The query, or what is wrong with it.
pub fn person_query(request: &wire::Personforespoersel, policy: &Policy) -> Result<PersonQuery, Finding> {
    let refused = |rejection, field| finding(rejection, Field::Person(field));
    let duf = Duf::parse(&request.duf_nummer, policy.test_series())
        .map_err(|_| refused(Rejection::InvalidDuf, "dufNummer"))?;
    let from = request.maaned_fra.as_deref().and_then(first_of_month);
    let to = request.maaned_til.as_deref().and_then(first_of_month);
    // One end alone means that month.
    let months = from.or(to).zip(to.or(from));
    if months.is_some_and(|(from, to)| to < from) {
        return Err(refused(Rejection::EndBeforeStart, "maanedTil"));
    }
    if months.is_some_and(|(from, to)| to > from + chrono::Months::new(MAX_MONTHS - 1)) {
        return Err(refused(Rejection::PageTooLarge, "maanedTil"));
    }
    Ok(PersonQuery {
        duf,
        valid_on: request.gyldig_dato,
        recorded_at: request.registrert_tidspunkt.map(|at| at.to_utc()),
        with_annulled: request.med_annullerte.unwrap_or(false),
        months,
    })
}

/// `2021-04` to the first of that month; the schema has checked the form.
fn first_of_month(text: &str) -> Option<NaiveDate> {
    format!("{text}-01").parse().ok()
}

/// The answer, and a picture in the stream alike.
pub fn person_answer(view: &PersonView, stroem: Option<StreamPosition>) -> wire::Personsvar {
    let mut svar = wire::Personsvar {
        duf_nummer: view.duf.to_string(),
        oppfoelging: view
            .oppfoelging
            .iter()
            .map(|(kommune, bydel, period)| wire::Oppfoelging {
                kommunenummer: kommune.to_string(),
                bydelsnummer: bydel.map(|bydel| bydel.to_string()),
                fra_dato: period.from,
                til_dato: period.last(),
            })
            .collect(),
        ordning: view
            .ordninger
            .iter()
            .map(|(ordning, status, tiltak)| wire::OrdningSvar {
                ordning: ordning.code().to_owned(),
                status: status.clone(),
                tiltak_registrert: *tiltak,
                fristtype: fristtyper(view, *ordning),
            })
            .collect(),
        post: view.posts.iter().map(|post| person_post(view, post)).collect(),
        maanedssnitt: view
            .averages
            .iter()
            .map(|average| wire::Maanedssnitt {
                maaned: average.month.format("%Y-%m").to_string(),
                virkedager: average.virkedager,
                timer_per_uke: average.timer_per_uke,
            })
            .collect(),
        stroem: stroem.as_ref().map(stream_position),
        ..wire::Personsvar::default()
    };
    for (content, valid) in &view.facts {
        fakta::fact(&mut svar, content, *valid);
    }
    if let Some(beregning) = &view.beregning {
        svar.lov = beregning.lov.map(|lov| lov.code().to_owned());
        svar.kategori = beregning
            .kategorier
            .iter()
            .map(|k| personkategori(k, &beregning.kategorier, beregning.beregnings_id))
            .collect();
        svar.frist = beregning.frister.iter().map(|f| personfrist(f, beregning.beregnings_id)).collect();
    }
    svar
}

/// What the deadlines of a scheme are for, each once.
fn fristtyper(view: &PersonView, ordning: Ordning) -> Vec<String> {
    let frister = view.beregning.iter().flat_map(|beregning| &beregning.frister);
    let mut all: Vec<_> = frister.filter(|f| f.ordning == ordning).map(|f| f.fristtype).collect();
    all.sort();
    all.dedup();
    all.into_iter().map(|fristtype| fristtype.code().to_owned()).collect()
}

fn personkategori(kategori: &Kategori, all: &[Kategori], beregnings_id: Uuid) -> wire::Personkategori {
    wire::Personkategori {
        kategori: kategori.kode.code().to_owned(),
        lov: kategori.lov.code().to_owned(),
        fra_dato: kategori.gyldig.from,
        til_dato: kategori.gyldig.last(),
        lukket_aarsak: kategori.aarsak.map(|aarsak| aarsak.code().to_owned()),
        rett_til_aa_fullfoere: kategori.rett_til_aa_fullfoere,
        gratis: register::kategori::betaling::free(kategori, all),
        regel: kategori.rad.clone(),
        usikker: kategori.usikker,
        beregnings_id: beregnings_id.to_string(),
    }
}

fn personfrist(frist: &Frist, beregnings_id: Uuid) -> wire::Personfrist {
    wire::Personfrist {
        fristtype: frist.fristtype.code().to_owned(),
        ordning: frist.ordning.code().to_owned(),
        dato: frist.dato,
        status: frist.status.code().to_owned(),
        tilleggsdager: frist.tillegg_dager,
        regel: frist.rad.clone(),
        usikker: frist.usikker,
        beregnings_id: beregnings_id.to_string(),
    }
}

fn feilregistrering(report: &Feilregistrering) -> wire::Feilregistrering {
    wire::Feilregistrering {
        sak_id: report.sak.to_string(),
        aarsak: report.aarsak.clone(),
        meldt_dato: report.meldt,
        status: report.status.code().to_owned(),
    }
}

fn person_post(view: &PersonView, post: &PostVersion) -> wire::PersonPost {
    wire::PersonPost {
        post_id: post.post_id.to_string(),
        versjon: post.versjon,
        // The view has the reader's own references alone; the one attached last is shown.
        avsenders_referanse: post.references.last().map(|(_, reference)| reference.clone()),
        posttype: post.content.posttype().to_owned(),
        kommunenummer: post.kommune.to_string(),
        bydelsnummer: post.bydel.map(|bydel| bydel.to_string()),
        // What no transfer user wrote, its channel did: the register itself, an import.
        registrert_av: match post.registered_by.as_str() {
            "" => post.channel.code().to_owned(),
            user => user.to_owned(),
        },
        registrert: oslo(post.system_from),
        sist_endret_av: post.channel.code().to_owned(),
        annullert: post.annulled,
        fortsetter: post.continues.map(|post| post.to_string()),
        flytting: view.moved.iter().find(|(id, _)| *id == post.post_id).map(|(_, what)| what.code().to_owned()),
        feilregistrert: post.feilregistrert.as_deref().map(feilregistrering),
        innhold: innhold(&post.content),
    }
}

//! UDI's evidence for permanent residence and citizenship (domain.md 16 row 57, IF §56): what was done of the duty.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::fact::{FactContent, Proeveresultat};
use crate::kategori::{Kategorikode, LukketAarsak};
use crate::person::Person;
use crate::post::Content;

/// What UDI is told of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bevis {
    /// The person.
    pub duf_nummer: String,
    /// The act.
    pub lov: &'static str,
    /// First day of the duty, where there was one.
    pub plikt_fra: Option<NaiveDate>,
    /// Last day of the duty, where it is over.
    pub plikt_til: Option<NaiveDate>,
    /// Whether the duty is fulfilled, or was taken away by an exemption.
    pub plikt_oppfylt: bool,
    /// Hours of Norwegian registered.
    pub norsk_timer: Decimal,
    /// Hours of samfunnskunnskap registered, training in mottak included (IF §2).
    pub samfunnskunnskap_timer: Decimal,
    /// Exemptions, `vedtakstype/fritaksgrunnlag`, oldest first.
    pub fritak: Vec<String>,
    /// Test results that stand, `type/delprøve/resultat/dato`, oldest first.
    pub proever: Vec<String>,
}

/// The evidence as of a day; `None` for a person the register has computed nothing of.
pub fn bevis(person: &Person, on: NaiveDate) -> Option<Bevis> {
    let beregnet = person.beregnet.as_ref()?;
    let duty = || beregnet.kategorier.iter().filter(|kategori| kategori.kode == Kategorikode::NorskPlikt);
    let last = duty().max_by_key(|kategori| kategori.gyldig.from);
    let over = last.and_then(|kategori| kategori.gyldig.to).filter(|to| *to <= on);
    let done = [LukketAarsak::FullfoertPlikt, LukketAarsak::FritakOgBortfall];
    let mut norsk_timer = Decimal::ZERO;
    let mut samfunnskunnskap_timer = Decimal::ZERO;
    let mut fritak = Vec::new();
    for post in person.posts.iter().filter(|post| post.stands()) {
        match &post.content {
            Content::Norsktimer(timer) if timer.til_dato <= on => {
                norsk_timer += timer.norsk_timer;
                samfunnskunnskap_timer += timer.samfunnskunnskap_timer.iter().map(|modul| modul.timer).sum::<Decimal>();
            }
            Content::OpplaeringIMottak(timer) if timer.til_dato <= on => {
                samfunnskunnskap_timer += timer.samfunnskunnskap_timer.iter().map(|modul| modul.timer).sum::<Decimal>();
            }
            Content::Vedtak(vedtak) if vedtak.vedtakstype.starts_with("FRITAK_") && vedtak.vedtaksdato <= on => {
                let ground = vedtak.fritaksgrunnlag.as_deref().unwrap_or("-");
                fritak.push((vedtak.vedtaksdato, format!("{}/{ground}", vedtak.vedtakstype)));
            }
            _ => {}
        }
    }
    fritak.sort();
    let mut proever: Vec<&Proeveresultat> = person
        .facts
        .iter()
        .filter_map(|fact| match &fact.content {
            FactContent::Proeve(proeve) if proeve.dato <= on => Some(&**proeve),
            _ => None,
        })
        .collect();
    proever.sort_by_key(|proeve| (proeve.dato, &proeve.proevetype, &proeve.delproeve));
    Some(Bevis {
        duf_nummer: person.duf.to_string(),
        lov: beregnet.lov.map_or("", |lov| lov.code()),
        plikt_fra: duty().map(|kategori| kategori.gyldig.from).min(),
        plikt_til: over.and_then(|to| to.pred_opt()),
        plikt_oppfylt: over.is_some()
            && last.and_then(|kategori| kategori.aarsak).is_some_and(|why| done.contains(&why)),
        norsk_timer,
        samfunnskunnskap_timer,
        fritak: fritak.into_iter().map(|(_, text)| text).collect(),
        proever: proever
            .into_iter()
            .map(|proeve| {
                let part = proeve.delproeve.as_deref().unwrap_or("-");
                let result = proeve.resultat.as_deref().unwrap_or("-");
                format!("{}/{part}/{result}/{}", proeve.proevetype, proeve.dato)
            })
            .collect(),
    })
}

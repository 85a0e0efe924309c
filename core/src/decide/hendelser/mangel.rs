//! What a kommune owes (domain.md 12; consistency control): told once, when it arises, by whatever it arises.

use chrono::NaiveDate;

use crate::change::Addressed;
use crate::decide::Ids;
use crate::decide::hendelser::mottakere::{Hendelse, Teller, Tillegg, sted};
use crate::konsistens::{Mangel, mangler};
use crate::person::Person;
use crate::policy::Policy;

/// The lacks that have a notice of their own; the others are in hentDatakonsistens alone.
const TOLD: [&str; 4] = ["VEDTAK_MANGLER", "TILTAK_MANGLER", "AVSLUTNING_MANGLER", "UTDANNING_MANGLER"];

/// What is missing on the day and was not missing before, each lack once.
pub(in crate::decide) fn arisen(
    policy: &Policy,
    (before, day_before): (&Person, NaiveDate),
    (after, day): (&Person, NaiveDate),
) -> Vec<Mangel> {
    let told = |person, day| mangler(person, None, policy, day).into_iter().filter(|m| TOLD.contains(&m.kode));
    let mut new: Vec<Mangel> = told(after, day).collect();
    if new.is_empty() {
        return new;
    }
    // Schooling that is not known is one lack of the person, under whichever scheme it is asked for: that one category closes
    // makes it no other. Where nobody followed the person up, nobody has heard of it.
    let heard = before.follow_up(day_before).is_some();
    let lack = |m: &Mangel| (m.kode, (m.kode != "UTDANNING_MANGLER" || !heard).then_some(m.ordning));
    let mut known: Vec<_> = told(before, day_before).map(|m| lack(&m)).collect();
    new.retain(|m| {
        let first = !known.contains(&lack(m));
        known.push(lack(m));
        first
    });
    new
}

/// Tells what is missing today and was not before what was just written.
pub(in crate::decide) fn tell_arisen(
    teller: &Teller<'_>,
    before: &Person,
    after: &Person,
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let today = teller.now.today;
    tell(teller, after, &arisen(teller.policy, (before, today), (after, today)), ids)
}

/// Tells the kommune that follows the person up of them.
pub(in crate::decide) fn tell(
    teller: &Teller<'_>,
    person: &Person,
    mangler: &[Mangel],
    ids: &mut dyn Ids,
) -> Vec<Addressed> {
    let today = teller.now.today;
    // Of a strictly confidential person a message is told to its sender alone, who sees it in hentDatakonsistens.
    let message = teller.cause.message.is_some() && person.hidden(today);
    let Some(follow_up) = person.follow_up(today).filter(|_| !message) else { return Vec::new() };
    let all: Vec<Hendelse> = mangler.iter().map(|mangel| hendelse(mangel, today)).collect();
    teller.tell(person.duf, sted(follow_up), person.hidden(today), &all, ids)
}

fn hendelse(mangel: &Mangel, today: NaiveDate) -> Hendelse {
    let tillegg = Tillegg::default()
        .and("hva", mangel.kode)
        .and("ordning", mangel.ordning.code())
        .and_some("kategori", mangel.kategori.map(|kode| kode.code()))
        .and_some("siden", mangel.dato)
        .and("alvorlighet", mangel.alvor.code())
        .and_some("postId", mangel.post);
    let one = Hendelse::annen(mangel.kode, mangel.dato.unwrap_or(today), tillegg);
    Hendelse { ordning: Some(mangel.ordning), ..one }
}

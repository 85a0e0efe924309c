//! Each kind of fact and its notice (domain.md 12). Keys of `annenHendelse` are listed in docs/hendelser.md.

use chrono::NaiveDate;

use crate::decide::hendelser::Skrevet;
use crate::decide::hendelser::mottakere::{Hendelse, Sted, Tillegg};
use crate::fact::{Avgjoerelse, FactContent, Mottakstype, Nummertype, Oppholdstillatelse, Proeveresultat, Utfall};
use crate::person::{Person, personalia};
use crate::time::Period;

/// A decision of IMDi about who follows the person up.
pub(super) fn is_decision(one: &Skrevet) -> bool {
    matches!(one.naa.content, FactContent::Oppfoelging { .. })
}

/// The place that the fact itself names: it hears even before it follows the person up.
pub(super) fn place(one: &Skrevet) -> Option<Sted> {
    match one.naa.content {
        FactContent::Mottak { kommune, .. } => Some((kommune, None)),
        FactContent::Bosetting { kommune, bydel, .. } => Some((kommune, bydel)),
        _ => None,
    }
}

/// What is news about one fact, for whoever follows the person up.
pub(super) fn hendelser(
    one: &Skrevet,
    before: &Person,
    after: &Person,
    moved: bool,
    today: NaiveDate,
) -> Vec<Hendelse> {
    let Skrevet { foer, naa } = one;
    let began = naa.valid.from.max(NaiveDate::default());
    // The period of most facts begins with time; what they are about is then the day on which they were said.
    let day = if naa.valid.from == NaiveDate::MIN { today } else { began };
    let said_before = foer.as_ref();
    match &naa.content {
        FactContent::Personalia { .. } => navn(before, after, day),
        FactContent::Ident { number } => {
            let old = before.idents().last().filter(|old| *old != number);
            let changed = old.is_some() || naa.annulled;
            let tillegg = Tillegg::default().and_some("gammel", old).and("ny", number);
            one_if(changed, Hendelse::annen("IDENT_ENDRET", day, status(one, tillegg)))
        }
        FactContent::Nummer { nummertype, verdi } => {
            let old = before.facts.iter().rev().find_map(|fact| match &fact.content {
                FactContent::Nummer { nummertype: kind, verdi } if kind == nummertype => Some(verdi),
                _ => None,
            });
            let kind = match nummertype {
                Nummertype::RegNummer => "REG_NUMMER",
                Nummertype::UnhcrNummer => "UNHCR_NUMMER",
                Nummertype::Passnummer => "PASSNUMMER",
            };
            let tillegg = Tillegg::default().and("nummertype", kind).and_some("gammel", old).and("ny", verdi);
            let changed = old.is_some_and(|old| old != verdi) || naa.annulled;
            one_if(changed, Hendelse::annen("IDENT_ENDRET", day, status(one, tillegg)))
        }
        // A move and a merge are told as such.
        FactContent::Oppfoelging { .. } | FactContent::DufErstattet { .. } => Vec::new(),
        FactContent::Bosted { kommune, bydel } => {
            let tillegg = if after.undertrykt(today) {
                Tillegg::default().and("undertrykt", true)
            } else {
                Tillegg::default().and("kommunenummer", kommune).and_some("bydelsnummer", *bydel)
            };
            one_if(!moved && !naa.annulled, Hendelse::annen("ADRESSE_ENDRET", day, status(one, tillegg)))
        }
        FactContent::Beskyttelse { .. } => {
            let now = after.undertrykt(today);
            let tillegg = Tillegg::default().and("undertrykt", now);
            // Protection that ends is told as such.
            let changed = now != before.undertrykt(today) && !before.hidden(today);
            one_if(changed, Hendelse::annen("ADRESSE_ENDRET", today, tillegg))
        }
        FactContent::Mottak { navn, kommune, mottakstype } => {
            let suppressed = after.undertrykt(today);
            let of = |dato: NaiveDate| {
                if suppressed {
                    return Tillegg::default().and("undertrykt", true);
                }
                let kind = match mottakstype {
                    Mottakstype::Ankomst => "ANKOMST",
                    Mottakstype::Transitt => "TRANSITT",
                    Mottakstype::Ordinaert => "ORDINAERT",
                };
                Tillegg::default()
                    .and("mottak", navn)
                    .and("mottakstype", kind)
                    .and("vertskommune", kommune)
                    .and("dato", dato)
            };
            let mut all = Vec::new();
            let last = naa.valid.last();
            let same = said_before.is_some_and(|foer| foer.content == naa.content && foer.valid.from == naa.valid.from);
            if !same || naa.annulled {
                all.push(Hendelse::annen("MOTTAK_INN", day, status(one, of(day))));
            }
            if let Some(last) = last.filter(|_| !naa.annulled && said_before.and_then(|foer| foer.valid.last()) != last)
            {
                all.push(Hendelse::annen("MOTTAK_UT", last, of(last)));
            }
            all
        }
        FactContent::Bosetting { kommune, bydel, dato, etter_avtale } => {
            let tillegg = Tillegg::default()
                .and("kommunenummer", kommune)
                .and_some("bydelsnummer", *bydel)
                .and("dato", dato)
                .and("etterAvtale", etter_avtale);
            vec![Hendelse::annen("BOSETTING_REGISTRERT", *dato, status(one, tillegg))]
        }
        FactContent::Doedsfall { dato } => felt(one, "doedsdato", dato, *dato),
        FactContent::Utflyttet { dato } => felt(one, "utflyttetDato", dato, *dato),
        FactContent::Forsvunnet { dato } => felt(one, "forsvunnetDato", dato, *dato),
        FactContent::Landbakgrunn { land } => felt(one, "landbakgrunn", land, day),
        FactContent::Ankomst { dato } => felt(one, "ankomstdato", dato, *dato),
        FactContent::EnsligMindreaarig => felt(one, "ensligMindreaarig", !naa.annulled, day),
        FactContent::KulturOgVerdier { timer } => felt(one, "timerKulturOgVerdier", timer, day),
        FactContent::Statsborgerskap { land } => {
            let tillegg = period(Tillegg::default().and("land", land), naa.valid);
            vec![Hendelse::annen("STATSBORGERSKAP_ENDRET", day, status(one, tillegg))]
        }
        FactContent::Oppholdstillatelse(permit) => vec![opphold(one, permit, day)],
        FactContent::Fornyelse { soeknadsdato, avgjoerelse } => {
            let old = match said_before.map(|foer| &foer.content) {
                Some(FactContent::Fornyelse { avgjoerelse, .. }) => *avgjoerelse,
                _ => None,
            };
            let tillegg = Tillegg::default().and("soeknadsdato", soeknadsdato);
            match avgjoerelse.filter(|now| Some(*now) != old) {
                Some(now) => {
                    let tillegg = status_of(one, old.is_some(), avgjort(tillegg, &now));
                    vec![Hendelse::annen("FORNYELSE_AVGJORT", now.dato, tillegg)]
                }
                None => vec![Hendelse::annen("FORNYELSE_SOEKT", *soeknadsdato, status(one, tillegg))],
            }
        }
        FactContent::Asylsoeknad { soeknadsdato, avgjoerelse, .. } => {
            let old = match said_before.map(|foer| &foer.content) {
                Some(FactContent::Asylsoeknad { avgjoerelse, .. }) => *avgjoerelse,
                _ => None,
            };
            let new = avgjoerelse.filter(|now| Some(*now) != old || naa.annulled);
            let tillegg = Tillegg::default().and("soeknadsdato", soeknadsdato);
            let told = new.map(|now| {
                let tillegg = status_of(one, old.is_some(), avgjort(tillegg, &now));
                Hendelse::annen("ASYLSOEKNAD_AVGJORT", now.dato, tillegg)
            });
            told.into_iter().collect()
        }
        // Who the other is may itself be confidential.
        FactContent::Familie { relasjon, .. } => {
            let tillegg = period(Tillegg::default().and("relasjon", relasjon), naa.valid);
            vec![Hendelse::annen("FAMILIE_ENDRET", day, status(one, tillegg))]
        }
        FactContent::Kompetanse { status: code } => {
            let tillegg = period(Tillegg::default().and("status", code), naa.valid);
            vec![Hendelse::annen("KOMPETANSE_STATUS", day, status(one, tillegg))]
        }
        FactContent::Proeve(proeve) => vec![resultat(one, proeve)],
    }
}

fn one_if(so: bool, one: Hendelse) -> Vec<Hendelse> {
    if so { vec![one] } else { Vec::new() }
}

/// What the source said before was another thing, or never was.
fn status(one: &Skrevet, tillegg: Tillegg) -> Tillegg {
    status_of(one, one.foer.is_some(), tillegg)
}

/// The same for what comes after something else under the same id, which is no correction of it.
fn status_of(one: &Skrevet, said_before: bool, tillegg: Tillegg) -> Tillegg {
    tillegg.and_if("korrigert", said_before && !one.naa.annulled).and_if("annullert", one.naa.annulled)
}

/// The days of a fact, inclusive; what begins with time says no beginning.
fn period(tillegg: Tillegg, valid: Period) -> Tillegg {
    let from = Some(valid.from).filter(|from| *from != NaiveDate::MIN);
    tillegg.and_some("fra", from).and_some("til", valid.last())
}

fn felt(one: &Skrevet, felt: &str, verdi: impl ToString, day: NaiveDate) -> Vec<Hendelse> {
    let tillegg = Tillegg::default().and(felt, verdi);
    vec![Hendelse::annen("PERSONALIA_ENDRET", day, status(one, tillegg))]
}

/// Whether it may change what the person is called.
pub(super) fn is_personalia(one: &Skrevet) -> bool {
    matches!(one.naa.content, FactContent::Personalia { .. })
}

/// The fields that are other than they were, of what holds (domain.md 4): one source's word may hide behind another's. What is
/// known for the first time has not changed; where nothing is left, what it was is said to be annulled.
fn navn(before: &Person, after: &Person, day: NaiveDate) -> Vec<Hendelse> {
    let told = |person: &Person| match &personalia(&person.facts)?.content {
        FactContent::Personalia { fornavn, etternavn, foedselsdato, kjoenn } => Some([
            ("fornavn", fornavn.clone()),
            ("etternavn", etternavn.clone()),
            ("foedselsdato", foedselsdato.to_string()),
            ("kjoenn", kjoenn.clone()),
        ]),
        _ => None,
    };
    let Some(old) = told(before) else { return Vec::new() };
    let new = told(after);
    let gone = new.is_none();
    let fields = new.unwrap_or_else(|| old.clone());
    let changed = fields.into_iter().zip(old).filter(|(new, old)| gone || new != old);
    let tillegg = changed.fold(Tillegg::default(), |all, ((felt, verdi), _)| all.and(felt, verdi));
    one_if(!tillegg.is_empty(), Hendelse::annen("PERSONALIA_ENDRET", day, tillegg.and_if("annullert", gone)))
}

/// A permit: given, renewed, or ended before its last day. A correction tells the whole of it again.
fn opphold(one: &Skrevet, permit: &Oppholdstillatelse, day: NaiveDate) -> Hendelse {
    let ended_before = match one.foer.as_ref().map(|foer| &foer.content) {
        Some(FactContent::Oppholdstillatelse(old)) => old.opphoer,
        _ => None,
    };
    let new_end = permit.opphoer.filter(|end| Some(*end) != ended_before && !one.naa.annulled);
    let (hendelsestype, gjelder) = match new_end {
        Some(end) => ("OPPHOLD_TILBAKEKALT", end.dato),
        None if permit.foerstegang => ("OPPHOLD_NYTT", day),
        None => ("OPPHOLD_FORNYET", day),
    };
    let tillegg = Tillegg::default()
        .and("oppholdsgrunnlag", &permit.oppholdsgrunnlag)
        .and("vedtaksdato", permit.vedtaksdato)
        .and_some("gyldigFra", Some(one.naa.valid.from).filter(|from| *from != NaiveDate::MIN))
        .and_some("gyldigTil", one.naa.valid.last())
        .and("dannerGrunnlagForPermanent", permit.danner_grunnlag_for_permanent)
        .and("fornybar", permit.fornybar)
        .and_some("opphoerUtfall", permit.opphoer.map(|end| utfall(end.utfall)))
        .and_some("opphoerDato", permit.opphoer.map(|end| end.dato))
        .and_some("opphoerEndelig", permit.opphoer.map(|end| end.endelig));
    let said_before = one.foer.is_some() && (new_end.is_none() || ended_before.is_some());
    Hendelse::annen(hendelsestype, gjelder, status_of(one, said_before, tillegg))
}

fn avgjort(tillegg: Tillegg, avgjoerelse: &Avgjoerelse) -> Tillegg {
    let Avgjoerelse { utfall: code, dato, endelig } = *avgjoerelse;
    tillegg.and("utfall", utfall(code)).and("dato", dato).and("endelig", endelig)
}

const fn utfall(utfall: Utfall) -> &'static str {
    match utfall {
        Utfall::Innvilget => "INNVILGET",
        Utfall::Avslag => "AVSLAG",
        Utfall::Tilbakekall => "TILBAKEKALL",
        Utfall::Bortfall => "BORTFALL",
        Utfall::Utvisning => "UTVISNING",
    }
}

fn resultat(one: &Skrevet, proeve: &Proeveresultat) -> Hendelse {
    let hendelsestype = match (&one.foer, one.naa.annulled) {
        (_, true) => "PROEVERESULTAT_ANNULLERT",
        (Some(_), false) => "PROEVERESULTAT_ENDRET",
        (None, false) => "PROEVERESULTAT_NYTT",
    };
    let tillegg = Tillegg::default()
        .and("proevetype", &proeve.proevetype)
        .and_some("delproeve", proeve.delproeve.as_ref())
        .and("dato", proeve.dato)
        .and_some("resultat", proeve.resultat.as_ref())
        .and("status", &proeve.status)
        .and_some("spraak", proeve.spraak.as_ref());
    Hendelse::annen(hendelsestype, proeve.dato, tillegg)
}

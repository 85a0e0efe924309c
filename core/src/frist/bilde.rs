//! The facts and standing registrations of a person, sorted by kind and day: every rule reads this and nothing else, so the
//! order in which they came cannot matter.

use chrono::NaiveDate;

use crate::fact::{FactContent, Oppholdstillatelse};
use crate::kategori::Grunnlag;
use crate::post::{
    Avslutning, Content, Fravaer, FulltidVideregaaende, Kontakt, Ordning, Permisjon, PostId, Sluttmaal, Tiltak,
    Utdanningsbakgrunn, Vedtak,
};
use crate::time::Period;

/// A standing decision.
#[derive(Clone, Copy)]
pub(super) struct Decision<'a> {
    pub post: PostId,
    pub vedtak: &'a Vedtak,
    /// The decision that this one changes from a day on (ENDRE).
    pub continues: Option<PostId>,
    /// Receipt day of the message that wrote it.
    pub mottatt: NaiveDate,
}

impl Decision<'_> {
    /// First day of effect.
    pub fn start(&self) -> NaiveDate {
        self.vedtak.start_dato.unwrap_or(self.vedtak.vedtaksdato)
    }

    pub fn is(&self, ordning: Ordning, vedtakstype: &str) -> bool {
        self.vedtak.ordning == ordning && self.vedtak.vedtakstype == vedtakstype
    }
}

#[derive(Default)]
pub(super) struct Bilde<'a> {
    /// By day of decision.
    pub permits: Vec<&'a Oppholdstillatelse>,
    /// Days of settlement by agreement.
    pub settled: Vec<NaiveDate>,
    /// Where Folkeregisteret had the person living.
    pub registered: Vec<Period>,
    pub arrival: Option<NaiveDate>,
    /// By day of effect.
    pub vedtak: Vec<Decision<'a>>,
    pub kontakter: Vec<&'a Kontakt>,
    /// Actual starts.
    pub oppstarter: Vec<(Ordning, NaiveDate)>,
    pub avslutninger: Vec<&'a Avslutning>,
    pub sluttmaal: Vec<&'a Sluttmaal>,
    pub fravaer: Vec<&'a Fravaer>,
    pub permisjoner: Vec<&'a Permisjon>,
    pub utdanning: Vec<&'a Utdanningsbakgrunn>,
    pub videregaaende: Vec<&'a FulltidVideregaaende>,
    pub tiltak: Vec<&'a Tiltak>,
}

impl<'a> Bilde<'a> {
    pub fn of(grunnlag: Grunnlag<'a>) -> Self {
        let mut bilde = Bilde::default();
        for fact in grunnlag.facts.iter().filter(|fact| fact.system_to.is_none() && !fact.annulled) {
            match &fact.content {
                FactContent::Oppholdstillatelse(permit) => bilde.permits.push(permit),
                FactContent::Bosetting { dato, etter_avtale: true, .. } => bilde.settled.push(*dato),
                FactContent::Bosted { .. } => bilde.registered.push(fact.valid),
                FactContent::Ankomst { dato } => {
                    bilde.arrival = Some(bilde.arrival.map_or(*dato, |known| known.min(*dato)));
                }
                _ => {}
            }
        }
        for post in grunnlag.posts.iter().filter(|post| post.stands()) {
            match &post.content {
                Content::Vedtak(vedtak) => {
                    let (continues, mottatt) = (post.continues, post.received_on);
                    bilde.vedtak.push(Decision { post: post.post_id, vedtak, continues, mottatt });
                }
                Content::Kontakt(kontakt) => bilde.kontakter.push(kontakt),
                Content::Oppstart(start) => bilde.oppstarter.push((start.ordning, start.oppstart_dato)),
                Content::Avslutning(avslutning) => bilde.avslutninger.push(avslutning),
                Content::Sluttmaal(sluttmaal) => bilde.sluttmaal.push(sluttmaal),
                Content::Fravaer(fravaer) => bilde.fravaer.push(fravaer),
                Content::Permisjon(permisjon) => bilde.permisjoner.push(permisjon),
                Content::Utdanningsbakgrunn(utdanning) => bilde.utdanning.push(utdanning),
                Content::FulltidVideregaaende(education) => bilde.videregaaende.push(education),
                Content::Tiltak(tiltak) => bilde.tiltak.push(tiltak),
                _ => {}
            }
        }
        bilde.sort();
        bilde
    }

    fn sort(&mut self) {
        self.permits.sort_by(|a, b| {
            (a.vedtaksdato, &a.oppholdsgrunnlag, a.foerstegang).cmp(&(
                b.vedtaksdato,
                &b.oppholdsgrunnlag,
                b.foerstegang,
            ))
        });
        self.settled.sort_unstable();
        self.registered.sort_by_key(|period| (period.from, period.to));
        self.vedtak.sort_by(|a, b| {
            (a.start(), a.vedtak.vedtaksdato, a.mottatt, a.post).cmp(&(
                b.start(),
                b.vedtak.vedtaksdato,
                b.mottatt,
                b.post,
            ))
        });
        self.kontakter.sort_by_key(|kontakt| kontakt.dato);
        self.oppstarter.sort_unstable();
        self.avslutninger
            .sort_by(|a, b| (a.avslutningsdato, &a.avslutningsaarsak).cmp(&(b.avslutningsdato, &b.avslutningsaarsak)));
        self.sluttmaal.sort_by(|a, b| (a.fra_dato, &a.sluttmaal).cmp(&(b.fra_dato, &b.sluttmaal)));
        self.fravaer.sort_by(|a, b| {
            (a.fra_dato, a.til_dato, &a.fravaertype, a.dager, a.timer).cmp(&(
                b.fra_dato,
                b.til_dato,
                &b.fravaertype,
                b.dager,
                b.timer,
            ))
        });
        self.permisjoner.sort_by(|a, b| {
            (a.fra_dato, a.til_dato, &a.permisjonstype).cmp(&(b.fra_dato, b.til_dato, &b.permisjonstype))
        });
        self.utdanning.sort_by(|a, b| (a.dato, &a.har_videregaaende).cmp(&(b.dato, &b.har_videregaaende)));
        self.videregaaende.sort_by_key(|education| (education.fra_dato, education.til_dato));
    }

    /// The permit that opened what began on the day: the last one granted by then, and behind a renewal the first of its
    /// ground.
    pub fn permit_of(&self, day: NaiveDate) -> Option<&'a Oppholdstillatelse> {
        let last = *self.permits.iter().rfind(|permit| permit.vedtaksdato <= day)?;
        if last.foerstegang {
            return Some(last);
        }
        let same = self.permits.iter().find(|permit| permit.oppholdsgrunnlag == last.oppholdsgrunnlag);
        Some(same.copied().unwrap_or(last))
    }

    /// Whether the permit of the day is collective protection (UTL §34).
    pub fn kollektiv(&self, day: NaiveDate) -> bool {
        self.permits
            .iter()
            .rfind(|permit| permit.vedtaksdato <= day)
            .is_some_and(|permit| permit.oppholdsgrunnlag == "KOLL34")
    }

    /// Whether the person has videregående, as last established; `None` when nobody has said.
    pub fn har_videregaaende(&self) -> Option<bool> {
        match self.utdanning.last()?.har_videregaaende.as_str() {
            "JA" => Some(true),
            "NEI" => Some(false),
            _ => None,
        }
    }

    /// Decisions of a type, by day of effect.
    pub fn decisions(&self, ordning: Ordning, vedtakstype: &str) -> impl Iterator<Item = &Decision<'a>> {
        self.vedtak.iter().filter(move |decision| decision.is(ordning, vedtakstype))
    }
}

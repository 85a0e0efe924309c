//! Kontakt, klage and reservasjon (domain.md 6.1).

use crate::decide::Scene;
use crate::decide::common::{others, refusal};
use crate::decide::line::missing;
use crate::person::Person;
use crate::post::{Content, Klage, Kontakt, PostId, ReservasjonForskning};
use crate::receipt::{Field, Finding};
use crate::rejection::Rejection;

impl Scene<'_> {
    /// HD-2, HD-12: what was said has been said.
    pub(super) fn kontakt_findings(&self, person: &Person, kontakt: &Kontakt, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(kontakt.dato), "dato", &mut all);
        self.doubled(person, &Content::Kontakt(kontakt.clone()), own, "kontakttype", &mut all);
        all
    }

    /// An appeal follows the decision, its outcome follows the appeal, and one appeal on a decision is open at a time.
    pub(super) fn klage_findings(&self, person: &Person, klage: &Klage, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(klage.klage_dato), "klageDato", &mut all);
        self.past(klage.utfallsdato, "utfallsdato", &mut all);
        let parent = klage.vedtak_ref.and_then(|id| person.post(id)).map(|post| &post.content);
        if matches!(parent, Some(Content::Vedtak(vedtak)) if klage.klage_dato < vedtak.vedtaksdato) {
            all.push(refusal(Rejection::WrongOrder, "klageDato"));
        }
        if klage.utfall.is_some() && klage.utfallsdato.is_none() {
            all.push(missing(Field::Content("utfallsdato")));
        } else if klage.utfall.is_none() && klage.utfallsdato.is_some() {
            all.push(missing(Field::Content("utfall")));
        }
        if klage.utfallsdato.is_some_and(|day| day < klage.klage_dato) {
            all.push(refusal(Rejection::EndBeforeStart, "utfallsdato"));
        }
        if self.doubled(person, &Content::Klage(klage.clone()), own, "klageDato", &mut all) {
            return all;
        }
        let open = others(person, own).find(|post| {
            matches!(&post.content, Content::Klage(other) if other.vedtak_ref == klage.vedtak_ref && other.utfall.is_none())
        });
        if let Some(post) = open.filter(|_| klage.utfall.is_none()) {
            all.push(self.in_the_way(person, post.post_id, "klageDato"));
        }
        all
    }

    /// The person's own word, from the day it was given.
    pub(super) fn reservasjon_findings(
        &self,
        person: &Person,
        reservasjon: &ReservasjonForskning,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(reservasjon.dato), "dato", &mut all);
        if self.doubled(person, &Content::ReservasjonForskning(reservasjon.clone()), own, "dato", &mut all) {
            return all;
        }
        let same_day = others(person, own).find(
            |post| matches!(&post.content, Content::ReservasjonForskning(other) if other.dato == reservasjon.dato),
        );
        all.extend(same_day.map(|post| self.in_the_way(person, post.post_id, "dato")));
        all
    }
}

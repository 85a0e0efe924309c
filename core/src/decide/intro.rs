//! Oppstart, sluttmål, kontrakt, plan, kartlegging, veiledning, deltakerbevis (domain.md 6.2).

use chrono::NaiveDate;

use crate::decide::common::{others, refusal, with};
use crate::decide::{Scene, with_post};
use crate::person::Person;
use crate::post::{
    Content, Deltakerbevis, Integreringskontrakt, Integreringsplan, Oppstart, Ordning, PostId, Sluttmaal,
};
use crate::receipt::Finding;
use crate::rejection::Rejection;

impl Scene<'_> {
    /// The actual start: in what was granted, one of each, and nothing was done in the scheme before it.
    pub(super) fn oppstart_findings(&self, person: &Person, start: &Oppstart, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        let day = start.oppstart_dato;
        self.past(Some(day), "oppstartDato", &mut all);
        if self.doubled(person, &Content::Oppstart(start.clone()), own, "oppstartDato", &mut all)
            || self.earlier_line_failed
        {
            return all;
        }
        let scheme = self.scheme(person, start.ordning, own);
        match scheme.granted_on(day) {
            None if scheme.granted.is_empty() => all.push(refusal(Rejection::NoInnvilgelse, "oppstartDato")),
            None => match (scheme.ended_before(day), scheme.granted.iter().find(|granted| day < granted.period.from)) {
                (Some(post), _) => {
                    all.push(with_post(refusal(Rejection::ProgrammeEnded, "oppstartDato"), person, post, self));
                }
                (None, Some(later)) => {
                    let early = refusal(Rejection::StartTooEarly, "oppstartDato");
                    all.push(with(early, "gyldigFra", later.period.from));
                }
                (None, None) => all.push(refusal(Rejection::OutsideOrdning, "oppstartDato")),
            },
            Some(granted) => {
                all.extend(granted.started.map(|(post, _)| self.in_the_way(person, post, "oppstartDato")));
                let before = self.measure_before(person, start.ordning, day);
                all.extend(
                    before.map(|post| with_post(refusal(Rejection::WrongOrder, "oppstartDato"), person, post, self)),
                );
            }
        }
        all
    }

    /// HD-10: one goal from each day; the same goal twice in a row is one.
    pub(super) fn sluttmaal_findings(&self, person: &Person, goal: &Sluttmaal, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(goal.fra_dato), "fraDato", &mut all);
        if self.doubled(person, &Content::Sluttmaal(goal.clone()), own, "sluttmaal", &mut all) {
            return all;
        }
        let same_day = others(person, own)
            .find(|post| matches!(&post.content, Content::Sluttmaal(other) if other.fra_dato == goal.fra_dato));
        all.extend(same_day.map(|post| self.in_the_way(person, post.post_id, "fraDato")));
        all
    }

    /// One active contract (IL §16): another only in another programme.
    pub(super) fn kontrakt_findings(
        &self,
        person: &Person,
        kontrakt: &Integreringskontrakt,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(kontrakt.inngaatt_dato), "inngaattDato", &mut all);
        self.past(kontrakt.endret_dato, "endretDato", &mut all);
        if let Some(changed) = kontrakt.endret_dato {
            self.ordered((kontrakt.inngaatt_dato, changed), "endretDato", &mut all);
        }
        if self.doubled(person, &Content::Integreringskontrakt(kontrakt.clone()), own, "inngaattDato", &mut all) {
            return all;
        }
        let scheme = self.scheme(person, Ordning::Intro, None);
        // A programme that ended between the two lies between their contracts.
        let apart = |a: NaiveDate, b: NaiveDate| {
            let (first, second) = (a.min(b), a.max(b));
            scheme.granted.iter().any(|g| g.period.to.is_some_and(|to| first < to && to <= second))
        };
        let active = others(person, own).find(|post| {
            matches!(&post.content, Content::Integreringskontrakt(other)
                if !apart(other.inngaatt_dato, kontrakt.inngaatt_dato))
        });
        all.extend(active.map(|post| self.in_the_way(person, post.post_id, "inngaattDato")));
        all
    }

    /// A plan is made before it is revised.
    pub(super) fn plan_findings(&self, person: &Person, plan: &Integreringsplan, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(plan.dato), "dato", &mut all);
        self.past(plan.revidert_dato, "revidertDato", &mut all);
        if let Some(revised) = plan.revidert_dato {
            self.ordered((plan.dato, revised), "revidertDato", &mut all);
        }
        if self.doubled(person, &Content::Integreringsplan(plan.clone()), own, "dato", &mut all) {
            return all;
        }
        let same_day = others(person, own).find(|post| {
            matches!(&post.content, Content::Integreringsplan(other)
                if other.ordning == plan.ordning && other.dato == plan.dato)
        });
        all.extend(same_day.map(|post| self.in_the_way(person, post.post_id, "dato")));
        all
    }

    /// What was done on a day, and once: mapping of skills, career guidance.
    pub(super) fn done_findings(
        &self,
        person: &Person,
        content: &Content,
        day: NaiveDate,
        own: Option<PostId>,
    ) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(day), "gjennomfoertDato", &mut all);
        self.doubled(person, content, own, "gjennomfoertDato", &mut all);
        all
    }

    /// A certificate of a programme that has begun, one of each.
    pub(super) fn bevis_findings(&self, person: &Person, bevis: &Deltakerbevis, own: Option<PostId>) -> Vec<Finding> {
        let mut all = Vec::new();
        self.past(Some(bevis.utstedt_dato), "utstedtDato", &mut all);
        if self.doubled(person, &Content::Deltakerbevis(bevis.clone()), own, "utstedtDato", &mut all) {
            return all;
        }
        let scheme = self.scheme(person, Ordning::Intro, None);
        let programme = scheme.granted.iter().find(|granted| Some(granted.post) == bevis.vedtak_ref);
        if programme.is_some_and(|granted| bevis.utstedt_dato < granted.first_day()) {
            all.push(refusal(Rejection::WrongOrder, "utstedtDato"));
        }
        let another = others(person, own).find(
            |post| matches!(&post.content, Content::Deltakerbevis(other) if other.vedtak_ref == bevis.vedtak_ref),
        );
        all.extend(another.map(|post| self.in_the_way(person, post.post_id, "utstedtDato")));
        all
    }
}

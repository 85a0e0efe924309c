//! The back-registration window of one registration (domain.md 9.3): which days are tested, what the answer says, and what
//! an accepted one rested on. A day is tested when the record says something else of it than before.

use chrono::NaiveDate;

use crate::decide::{Scene, finding};
use crate::person::Person;
use crate::policy::{About, Policy, month_end};
use crate::post::{Avslutning, Content, Etterregistrering, Klage, Ordning, PostVersion, Tiltak, Vedtak};
use crate::receipt::{Field, Finding};
use crate::registry::{Kanal, Role};
use crate::rejection::Rejection;
use crate::scheme::effect_day;
use crate::time::Period;
use crate::vindu::{Inside, Judgement};

/// The system's own reason of an end (HD-9a).
const SYSTEM_REASON: &str = "SYS0";

/// Days to be tested, with the element that gave them and the code that fits (domain.md 15.1, V601 / V602).
#[derive(Debug, Clone, Copy)]
pub(super) struct Tested {
    /// Every one of them must be inside.
    pub days: Period,
    pub field: Field,
    pub rejection: Rejection,
    /// The day that the window looks at instead of them (HD-7, HD-9a).
    pub judged_as: Option<NaiveDate>,
    /// The day of the decision that may stand for them (HD-1a).
    pub vedtak: Option<NaiveDate>,
}

impl Tested {
    fn first(&self) -> NaiveDate {
        self.judged_as.unwrap_or(self.days.from)
    }
}

fn days(days: Period, field: &'static str, rejection: Rejection) -> Tested {
    // A period that ends before it begins is refused by its own rule (TI-7); here it is its first day.
    let days = if days.to.is_some_and(|to| to <= days.from) { point(days.from) } else { days };
    Tested { days, field: Field::Content(field), rejection, judged_as: None, vedtak: None }
}

fn at(day: NaiveDate, field: &'static str, rejection: Rejection) -> Tested {
    days(point(day), field, rejection)
}

fn point(day: NaiveDate) -> Period {
    Period { from: day, to: day.succ_opt() }
}

/// A date after the last one that may be sent today (HD-12).
pub(super) fn too_far_ahead(field: &'static str, last: NaiveDate) -> Finding {
    let mut refusal = finding(Rejection::InTheFuture, Field::Content(field));
    refusal.params.push(("senesteDato", last.to_string()));
    refusal
}

/// Elements that hold the days of a record: the first and last day of a period, or the dates of what happened on a day.
enum Dates {
    Period(Period, [&'static str; 2]),
    Points(Vec<(NaiveDate, &'static str)>),
}

/// The dates of every kind but decision and appeal, whose rows are their own.
fn dates(content: &Content) -> Dates {
    let period = |last| Dates::Period(content.valid(), ["fraDato", last]);
    let several = |first: (NaiveDate, &'static str), second: Option<NaiveDate>, field| {
        Dates::Points(std::iter::once(first).chain(second.map(|day| (day, field))).collect())
    };
    match content {
        Content::Tiltak(_)
        | Content::Fravaer(_)
        | Content::Permisjon(_)
        | Content::Norsktimer(_)
        | Content::FulltidVideregaaende(_)
        | Content::OpplaeringIMottak(_)
        | Content::Arbeidsforhold(_)
        | Content::OppfoelgingOmsorgspermisjon(_) => period("tilDato"),
        Content::Integreringskontrakt(k) => several((k.inngaatt_dato, "inngaattDato"), k.endret_dato, "endretDato"),
        Content::Integreringsplan(p) => several((p.dato, "dato"), p.revidert_dato, "revidertDato"),
        other => Dates::Points(vec![other.hendelse()]),
    }
}

/// Whether only the date is tested, so that what else the record says may be corrected (HD-10).
fn only_the_date(content: &Content) -> bool {
    matches!(
        content,
        Content::Sluttmaal(_)
            | Content::Norskmaal(_)
            | Content::Integreringskontrakt(_)
            | Content::Utdanningsbakgrunn(_)
    )
}

/// Whether the two say the same but for their dates.
fn same_but_dates(old: &Content, new: &Content) -> bool {
    let mut same = new.clone();
    match (old, &mut same) {
        (Content::Kontakt(a), Content::Kontakt(b)) => b.dato = a.dato,
        (Content::Oppstart(a), Content::Oppstart(b)) => b.oppstart_dato = a.oppstart_dato,
        (Content::Avslutning(a), Content::Avslutning(b)) => b.avslutningsdato = a.avslutningsdato,
        (Content::Sluttmaal(a), Content::Sluttmaal(b)) => b.fra_dato = a.fra_dato,
        (Content::Integreringskontrakt(a), Content::Integreringskontrakt(b)) => {
            (b.inngaatt_dato, b.endret_dato) = (a.inngaatt_dato, a.endret_dato);
        }
        (Content::Integreringsplan(a), Content::Integreringsplan(b)) => {
            (b.dato, b.revidert_dato) = (a.dato, a.revidert_dato);
        }
        (Content::Tiltak(a), Content::Tiltak(b)) => {
            (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato);
            (b.gjennomfoering, b.vurdert_dato) = (a.gjennomfoering.clone(), a.vurdert_dato);
        }
        (Content::Fravaer(a), Content::Fravaer(b)) => (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato),
        (Content::Permisjon(a), Content::Permisjon(b)) => (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato),
        (Content::Norsktimer(a), Content::Norsktimer(b)) => (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato),
        (Content::Utdanningsbakgrunn(a), Content::Utdanningsbakgrunn(b)) => b.dato = a.dato,
        (Content::Norskmaal(a), Content::Norskmaal(b)) => b.dato = a.dato,
        (Content::FulltidVideregaaende(a), Content::FulltidVideregaaende(b)) => {
            (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato);
        }
        (Content::Kompetansekartlegging(a), Content::Kompetansekartlegging(b)) => {
            b.gjennomfoert_dato = a.gjennomfoert_dato;
        }
        (Content::Karriereveiledning(a), Content::Karriereveiledning(b)) => b.gjennomfoert_dato = a.gjennomfoert_dato,
        (Content::OpplaeringIMottak(a), Content::OpplaeringIMottak(b)) => {
            (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato);
        }
        (Content::ReservasjonForskning(a), Content::ReservasjonForskning(b)) => b.dato = a.dato,
        (Content::Arbeidsforhold(a), Content::Arbeidsforhold(b)) => (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato),
        (Content::Deltakerbevis(a), Content::Deltakerbevis(b)) => b.utstedt_dato = a.utstedt_dato,
        (Content::OppfoelgingOmsorgspermisjon(a), Content::OppfoelgingOmsorgspermisjon(b)) => {
            (b.fra_dato, b.til_dato) = (a.fra_dato, a.til_dato);
        }
        // Decisions and appeals have their own rows.
        _ => {}
    }
    same == *old
}

/// Whether two versions of a measure differ in the gjennomføring mark alone.
pub(super) fn only_mark_differs(old: &Content, new: &Content) -> bool {
    matches!(new, Content::Tiltak(_)) && old != new && old.valid() == new.valid() && same_but_dates(old, new)
}

/// The days between the ends of two versions, where nothing else differs.
pub(super) fn only_end_moved(old: &Content, new: &Content) -> Option<Period> {
    let (Dates::Period(a, _), Dates::Period(b, _)) = (dates(old), dates(new)) else { return None };
    let marks_same = match (old, new) {
        (Content::Tiltak(a), Content::Tiltak(b)) => marks(a, b).is_none(),
        _ => true,
    };
    if a.from != b.from || a.to == b.to || !marks_same || !same_but_dates(old, new) {
        return None;
    }
    match (a.to, b.to) {
        (Some(x), Some(y)) => Some(Period { from: x.min(y), to: Some(x.max(y)) }),
        (x, y) => Some(Period { from: x.or(y)?, to: None }),
    }
}

/// The first field of a measure that differs and is no date, for the place of the error.
fn first_other_field(a: &Tiltak, b: &Tiltak) -> &'static str {
    if a.tiltaksgruppe != b.tiltaksgruppe {
        "tiltaksgruppe"
    } else if a.tiltakstype != b.tiltakstype {
        "tiltakstype"
    } else if a.timer_per_uke != b.timer_per_uke {
        "timerPerUke"
    } else if a.erstattende_tiltak != b.erstattende_tiltak {
        "erstattendeTiltak"
    } else {
        "mottattTilbud"
    }
}

/// HD-11. The outcome is tested by its own day, however old the appeal is.
fn klage_changed(a: &Klage, b: &Klage) -> Vec<Tested> {
    let mut all = Vec::new();
    for day in [a.klage_dato, b.klage_dato].into_iter().filter(|_| a.klage_dato != b.klage_dato) {
        all.push(at(day, "klageDato", Rejection::ClosedPeriodTouched));
    }
    if (&a.utfall, a.utfallsdato) != (&b.utfall, b.utfallsdato) {
        for day in [a.utfallsdato, b.utfallsdato].into_iter().flatten() {
            all.push(at(day, "utfallsdato", Rejection::TooFarBack));
        }
    } else if all.is_empty() {
        let (day, field) = Content::Klage(b.clone()).hendelse();
        all.push(at(day, field, Rejection::TooFarBack));
    }
    all
}

fn marks(a: &Tiltak, b: &Tiltak) -> Option<Tested> {
    let changed = (&a.gjennomfoering, a.vurdert_dato) != (&b.gjennomfoering, b.vurdert_dato);
    let day = b.vurdert_dato.or(a.vurdert_dato).filter(|_| changed)?;
    Some(at(day, "vurdertDato", Rejection::TooFarBack))
}

/// The days that lie in one of two periods and not in the other, with the element that moved.
fn differing(a: Period, b: Period, fields: [&'static str; 2]) -> Vec<Tested> {
    let [first, last] = fields;
    let mut all = Vec::new();
    let mut add = |from, to: Option<NaiveDate>, field| {
        if to.is_none_or(|to| from < to) {
            all.push(days(Period { from, to }, field, Rejection::ClosedPeriodTouched));
        }
    };
    let (early, late) = if a.from <= b.from { (a, b) } else { (b, a) };
    // What begins after the other has ended has no day with it in common.
    let start_ends = early.to.map_or(late.from, |to| to.min(late.from));
    add(early.from, Some(start_ends), first);
    if a.to != b.to {
        let (from, to) = match (a.to, b.to) {
            (Some(x), Some(y)) => (x.min(y), Some(x.max(y))),
            (x, y) => (x.or(y).unwrap_or(NaiveDate::MAX), None),
        };
        add(from.max(late.from), to, last);
    }
    all
}

impl Scene<'_> {
    /// Days of a new post (HD-1, HD-3, HD-7, HD-8, HD-10, HD-15) or of a deleted one (HD-5).
    pub(super) fn whole(&self, person: &Person, content: &Content) -> Vec<Tested> {
        if let Content::Vedtak(vedtak) = content {
            let mut all = vec![at(vedtak.vedtaksdato, "vedtaksdato", Rejection::TooFarBack)];
            if let Some(start) = vedtak.start_dato.filter(|_| !starts_earlier(self.policy, vedtak)) {
                let mut tested = at(start, "startDato", Rejection::TooFarBack);
                tested.vedtak = self.outcome_of_appeal(person, vedtak);
                all.push(tested);
            }
            return all;
        }
        let mut all = match dates(content) {
            Dates::Period(period, [first, _]) => {
                vec![self.as_judged(person, content, days(period, first, Rejection::TooFarBack))]
            }
            Dates::Points(points) => {
                points.into_iter().map(|(day, field)| at(day, field, Rejection::TooFarBack)).collect()
            }
        };
        if let Content::Tiltak(tiltak) = content {
            all.extend(tiltak.vurdert_dato.map(|day| at(day, "vurdertDato", Rejection::TooFarBack)));
        }
        all
    }

    /// Days that differ between what is stored and what shall be (HD-4, HD-6, HD-9a, HD-11; design.md 17, Windows).
    pub(super) fn changed(&self, person: &Person, post: &PostVersion, new: &Content) -> Vec<Tested> {
        match (&post.content, new) {
            (Content::Vedtak(a), Content::Vedtak(b)) => return self.vedtak_changed(person, a, b),
            (Content::Klage(a), Content::Klage(b)) => return klage_changed(a, b),
            (Content::Avslutning(a), _) if a.avslutningsaarsak == SYSTEM_REASON => return vec![system_end(post, a)],
            _ => {}
        }
        let (old, same) = (&post.content, same_but_dates(&post.content, new));
        let mut all = match (dates(old), dates(new)) {
            (Dates::Period(a, fields), Dates::Period(b, _)) if same => {
                if let (Content::Arbeidsforhold(_), true, Some(end)) = (new, a.from == b.from, first_end(a, b)) {
                    // HD-15: the end is tested by itself.
                    vec![at(end, "tilDato", Rejection::ClosedPeriodTouched)]
                } else {
                    differing(a, b, fields)
                }
            }
            (Dates::Period(a, _), Dates::Period(b, _)) => {
                // A field that is no date says something else of every day of both periods.
                let field = match (old, new) {
                    _ if b.from < a.from => "fraDato",
                    (Content::Tiltak(a), Content::Tiltak(b)) => first_other_field(a, b),
                    _ => new.hendelse().1,
                };
                let to = a.to.and_then(|x| b.to.map(|y| x.max(y)));
                vec![days(Period { from: a.from.min(b.from), to }, field, Rejection::TooFarBack)]
            }
            (Dates::Points(a), Dates::Points(b)) => {
                let moved = |(day, field): &(NaiveDate, &'static str), others: &[(NaiveDate, &'static str)]| {
                    !others.contains(&(*day, *field))
                };
                let mut all: Vec<Tested> = Vec::new();
                all.extend(a.iter().filter(|one| moved(one, &b)).map(|(day, field)| (*day, *field)).map(closed_point));
                all.extend(b.iter().filter(|one| moved(one, &a)).map(|(day, field)| (*day, *field)).map(closed_point));
                if !same && !only_the_date(new) && all.is_empty() {
                    all.extend(b.last().map(|(day, field)| at(*day, field, Rejection::TooFarBack)));
                }
                all
            }
            _ => Vec::new(),
        };
        for tested in &mut all {
            *tested = self.as_judged(person, new, *tested);
        }
        if let (Content::Tiltak(a), Content::Tiltak(b)) = (old, new) {
            all.extend(marks(a, b));
        }
        all
    }

    /// The day from which ENDRE says something else (HD-4).
    pub(super) fn changed_from(&self, person: &Person, content: &Content, from: NaiveDate) -> Vec<Tested> {
        let mut tested = at(from, "", Rejection::ClosedPeriodTouched);
        tested.field = Field::Line("gjelderFra");
        vec![self.as_judged(person, content, tested)]
    }

    /// Hours of a month are judged by its last day (HD-7); what a decision after an appeal covers inherits the window of
    /// the decision, and so does a leave that was granted by one (HD-1a, HD-8).
    fn as_judged(&self, person: &Person, content: &Content, mut tested: Tested) -> Tested {
        let day = tested.days.from;
        match content {
            Content::Norsktimer(_) | Content::OpplaeringIMottak(_) => tested.judged_as = Some(month_end(day)),
            _ => {}
        }
        if self.policy.earlier_effect() {
            tested.vedtak = match content {
                Content::Tiltak(_) | Content::Norsktimer(_) => self.after_appeal(person, content.ordning(), day),
                Content::Permisjon(leave) => {
                    leave.vedtak_ref.and_then(|id| person.post(id)).map(|post| post.content.hendelse().0)
                }
                _ => None,
            };
        }
        tested
    }

    /// The day of a standing decision after an appeal that covers the day.
    fn after_appeal(&self, person: &Person, ordning: Ordning, day: NaiveDate) -> Option<NaiveDate> {
        let standing = person.posts.iter().filter(|post| post.stands() && post.valid.contains(day));
        let decided = standing.filter_map(|post| match &post.content {
            Content::Vedtak(vedtak) if vedtak.ordning == ordning && vedtak.klage_ref.is_some() => {
                Some(vedtak.vedtaksdato)
            }
            _ => None,
        });
        decided.max()
    }

    /// The day of the outcome that the decision follows (HD-1a).
    fn outcome_of_appeal(&self, person: &Person, vedtak: &Vedtak) -> Option<NaiveDate> {
        let post = vedtak.klage_ref.filter(|_| self.policy.earlier_effect()).and_then(|id| person.post(id))?;
        match &post.content {
            Content::Klage(klage) => klage.utfallsdato,
            _ => None,
        }
    }

    fn vedtak_changed(&self, person: &Person, a: &Vedtak, b: &Vedtak) -> Vec<Tested> {
        let mut all = Vec::new();
        for day in [a.vedtaksdato, b.vedtaksdato].into_iter().filter(|_| a.vedtaksdato != b.vedtaksdato) {
            all.push(at(day, "vedtaksdato", Rejection::ClosedPeriodTouched));
        }
        // Without a start the period begins with vedtaksdato, which is tested above.
        let unchanged = a.start_dato.is_none() && b.start_dato.is_none();
        let period =
            |v: &Vedtak| Period::inclusive(if unchanged { a.vedtaksdato } else { effect_day(v) }, v.slutt_dato);
        if !starts_earlier(self.policy, b) {
            let outcome = self.outcome_of_appeal(person, b);
            let moved = differing(period(a), period(b), ["startDato", "sluttDato"]);
            all.extend(moved.into_iter().map(|tested| Tested { vedtak: outcome, ..tested }));
        }
        let mut same = b.clone();
        (same.vedtaksdato, same.start_dato, same.slutt_dato) = (a.vedtaksdato, a.start_dato, a.slutt_dato);
        if same != *a {
            all.push(at(a.vedtaksdato, "vedtaksdato", Rejection::TooFarBack));
        }
        all
    }

    fn about<'s>(&'s self, person: &Person, content: &Content) -> About<'s> {
        let lov = person.beregnet.as_ref().and_then(|beregnet| beregnet.lov);
        About {
            roles: self.roles(),
            ordning: content.ordning(),
            any_ordning: content.any_ordning(),
            kommune: self.kommune,
            kanal: Kanal::Fagsystem,
            posttype: Some(content.posttype()),
            lov,
        }
    }

    fn judgement<'s>(&'s self, person: &'s Person, content: &Content) -> Judgement<'s> {
        Judgement::new(self.policy, self.registry, self.about(person, content), Some(person), self.now.today)
    }

    /// Refusals of days before the window; one per element. A day lies inside at or after the earliest date, or when
    /// the register itself opened it for writing at or after that (domain.md 9.2, HD-13).
    pub(super) fn outside(&self, person: &Person, content: &Content, tested: &[Tested]) -> Vec<Finding> {
        let judgement = self.judgement(person, content);
        let window = &judgement.furthest;
        let mut all: Vec<Finding> = Vec::new();
        for t in tested {
            if all.iter().any(|told| told.field == t.field) {
                continue;
            }
            if let Some(aar) = judgement.locked(t.days) {
                let mut refusal = finding(Rejection::YearLocked, t.field);
                refusal.regel = Some(format!("vindu.laas.{aar}"));
                refusal.params.push(("aar", aar.to_string()));
                all.push(refusal);
                continue;
            }
            let day = t.first();
            if judgement.inside(day, t.days, t.vedtak).is_some() {
                continue;
            }
            let (rejection, kampanje) = judgement.campaign(day).unzip();
            let mut refusal = finding(rejection.unwrap_or(t.rejection), t.field);
            refusal.tidligste_dato = Some(window.earliest);
            refusal.regel = Some(window.regel.clone());
            refusal.params.push(("grunnlag", window.grunnlag.code().to_owned()));
            refusal.params.extend(kampanje.map(|campaign| ("kampanje", campaign)));
            let with_role = self.policy.earliest_with_role(self.now.today);
            if !self.roles().contains(&Role::Etterregistrerer) && day >= with_role {
                refusal.params.push(("rolleSomGirMer", Role::Etterregistrerer.code().to_owned()));
                refusal.params.push(("tidligsteDatoMedRollen", with_role.to_string()));
            }
            all.push(refusal);
        }
        all
    }

    /// What an accepted registration of days before today rested on: of several tested days that of the first
    /// (domain.md 9.4, audit).
    pub(super) fn etterregistrering(
        &self,
        person: &Person,
        content: &Content,
        tested: &[Tested],
    ) -> Option<Box<Etterregistrering>> {
        let first = tested.iter().filter(|t| t.days.from < self.now.today).min_by_key(|t| t.first())?;
        let judgement = self.judgement(person, content);
        let Inside { grunnlag, window, aapnet } = judgement.inside(first.first(), first.days, first.vedtak)?;
        Some(Box::new(Etterregistrering {
            rolle: window.rolle,
            maaneder: window.maaneder,
            tidligste: window.earliest,
            grunnlag,
            aapnet,
            kampanje: window.kampanje.clone(),
        }))
    }
}

/// Whether the effect of the decision may begin before the window whatever it follows (HD-1a).
fn starts_earlier(policy: &Policy, vedtak: &Vedtak) -> bool {
    let rule = policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype);
    policy.earlier_effect() && rule.is_some_and(|rule| rule.tidligere_virkning)
}

fn closed_point((day, field): (NaiveDate, &'static str)) -> Tested {
    at(day, field, Rejection::ClosedPeriodTouched)
}

/// The earlier of two ends, where they differ.
fn first_end(a: Period, b: Period) -> Option<NaiveDate> {
    let ends = [a.last(), b.last()].into_iter().flatten();
    ends.min().filter(|_| a.to != b.to)
}

/// HD-9a: the reason that the register set is replaced within the window of the day it ended or the day it was set.
fn system_end(post: &PostVersion, end: &Avslutning) -> Tested {
    let judged_as = Some(end.avslutningsdato.max(post.received_on));
    Tested { judged_as, ..at(end.avslutningsdato, "avslutningsdato", Rejection::TooFarBack) }
}

/// The event day that decides who owns the record (domain.md 11.3), and the element that holds it.
pub(super) fn event_day(content: &Content) -> (NaiveDate, Field) {
    let (day, field) = content.hendelse();
    (day, Field::Content(field))
}

//! One line: form, the post it concerns, ownership, role, state, window, rule; then its changes (contract.md 0.7,
//! domain.md 15.1).

use std::collections::BTreeMap;

use crate::change::Change;
use crate::command::{Handling, Line};
use crate::decide::authority::Hold;
use crate::decide::stored::Target;
use crate::decide::window::{self, Tested};
use crate::decide::{Ids, Scene, finding, is_error, with_post};
use crate::person::Person;
use crate::policy::Virkning;
use crate::post::{Channel, Content, Ordning, PostId, PostVersion, Vedtak};
use crate::receipt::{Field, Finding, LineOutcome};
use crate::rejection::Rejection;

/// A line that stands.
pub(super) struct Done {
    pub outcome: LineOutcome,
    pub post: Option<PostId>,
    pub warnings: Vec<Finding>,
    pub changes: Vec<Change>,
}

type Judged = Result<Done, Vec<Finding>>;

/// Step 0: what the line alone shows.
pub(super) fn form(line: &Line) -> Vec<Finding> {
    let mut all = line.form_errors.clone();
    if let Err(code) = &line.handling {
        let mut unknown = finding(Rejection::UnknownCode, Field::Line("handling"));
        unknown.params = vec![("kodeverk", "handling".to_owned()), ("kode", code.clone())];
        all.push(unknown);
    }
    all
}

fn one(rejection: Rejection, field: Field) -> Vec<Finding> {
    vec![finding(rejection, field)]
}

/// An element that the handling or the kind of decision cannot do without.
pub(super) fn missing(field: Field) -> Finding {
    finding(Rejection::Missing, field)
}

impl Scene<'_> {
    pub(super) fn judge_line(
        &self,
        person: &Person,
        line: &Line,
        earlier: &BTreeMap<String, PostId>,
        ids: &mut dyn Ids,
    ) -> Judged {
        let form = form(line);
        let Ok(handling) = line.handling.clone() else { return Err(form) };
        if !form.is_empty() {
            return Err(form);
        }
        let mut content = line.content.clone();
        if let Some(Content::Vedtak(vedtak)) = &mut content {
            // A decision that follows another (OMGJOERING, klage) names it; both must be there (L810).
            let ordning = vedtak.ordning;
            vedtak.vedtak_ref = self.parent(
                person,
                line.vedtak_ref.as_ref(),
                earlier,
                "vedtakRef",
                |parent| matches!(parent, Content::Vedtak(parent) if parent.ordning == ordning),
            )?;
            if vedtak.vedtak_ref.is_none()
                && self.policy.vedtak_rule(ordning, &vedtak.vedtakstype).is_some_and(|r| r.vedtak_ref)
            {
                return Err(one(Rejection::NotFound, Field::Content("vedtakRef")));
            }
            vedtak.klage_ref = self.parent(
                person,
                line.klage_ref.as_ref(),
                earlier,
                "klageRef",
                |parent| matches!(parent, Content::Klage(parent) if parent.ordning == ordning),
            )?;
        }
        self.parent_of_record(person, line, content.as_mut(), earlier)?;
        if matches!(handling, Handling::Sett | Handling::Knytt) && line.avsenders_referanse.is_none() {
            return Err(vec![missing(Field::Line("avsendersReferanse"))]);
        }
        let content = match handling {
            Handling::Annuller => return self.annuller(person, line, earlier),
            Handling::Knytt => return self.knytt(person, line, earlier),
            _ => content.ok_or_else(|| vec![missing(Field::Line("innhold"))])?,
        };
        match handling {
            Handling::Sett => self.sett(person, line, content, earlier, ids),
            Handling::Endre => self.endre(person, line, content, earlier, ids),
            Handling::Korriger => self.korriger(person, line, content, earlier),
            _ => self.registrer(person, line, content, ids),
        }
    }

    /// The decision that a record other than a decision belongs to: an appeal and a certificate have one (L808, L810), a
    /// leave may.
    fn parent_of_record(
        &self,
        person: &Person,
        line: &Line,
        content: Option<&mut Content>,
        earlier: &BTreeMap<String, PostId>,
    ) -> Result<(), Vec<Finding>> {
        let field = Field::Content("vedtakRef");
        let find = |fits: &dyn Fn(&Vedtak) -> bool| {
            let vedtak_ref = line.vedtak_ref.as_ref();
            self.parent(
                person,
                vedtak_ref,
                earlier,
                "vedtakRef",
                |parent| matches!(parent, Content::Vedtak(parent) if fits(parent)),
            )
        };
        let does = |vedtak: &Vedtak, virkning| {
            let rule = self.policy.vedtak_rule(vedtak.ordning, &vedtak.vedtakstype);
            rule.and_then(|rule| rule.virkning) == Some(virkning)
        };
        match content {
            Some(Content::Klage(klage)) => {
                klage.vedtak_ref = find(&|vedtak| vedtak.ordning == klage.ordning)?;
                if klage.vedtak_ref.is_none() {
                    return Err(one(Rejection::NoVedtak, field));
                }
            }
            Some(Content::Deltakerbevis(bevis)) => {
                bevis.vedtak_ref = find(&|vedtak| vedtak.ordning == Ordning::Intro && does(vedtak, Virkning::Aapner))?;
                if bevis.vedtak_ref.is_none() {
                    return Err(one(Rejection::NotFound, field));
                }
            }
            Some(Content::Permisjon(leave)) => {
                leave.vedtak_ref =
                    find(&|vedtak| vedtak.ordning == leave.ordning && does(vedtak, Virkning::Permisjon))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn registrer(&self, person: &Person, line: &Line, content: Content, ids: &mut dyn Ids) -> Judged {
        let known = line.avsenders_referanse.as_ref().and_then(|reference| self.by_reference(person, reference));
        if let Some(post) = known.filter(|post| post.content == content && !post.annulled) {
            return Ok(unchanged(post));
        }
        let in_use = self.reference_in_use(person, line, None).into_iter().collect();
        // What has the reference already is told by it alone, not once more as an overlap.
        let own = known.map(|post| post.post_id);
        let tested = self.whole(person, &content);
        let warnings = self.acceptable(person, &content, (own, None), in_use, &tested)?;
        let etterregistrering = self.etterregistrering(person, &content, &tested);
        let mut row = self.version(person, line, content, ids.uuid(), 1);
        row.etterregistrering = etterregistrering;
        Ok(Done {
            outcome: LineOutcome::Registrert,
            post: Some(row.post_id),
            warnings,
            changes: vec![Change::VersionWritten { duf: person.duf, row: Box::new(row) }],
        })
    }

    fn sett(
        &self,
        person: &Person,
        line: &Line,
        content: Content,
        earlier: &BTreeMap<String, PostId>,
        ids: &mut dyn Ids,
    ) -> Judged {
        let known = line.avsenders_referanse.as_ref().and_then(|reference| self.by_reference(person, reference));
        let asked = line.post.as_ref().and_then(|post| post.versjon);
        if let Some(named) = line.post.as_ref().filter(|post| post.names_a_post())
            && self.find(person, named, earlier).map(|post| post.post_id) != known.map(|post| post.post_id)
        {
            return Err(one(Rejection::NotFound, Field::Line("post")));
        }
        let Some(post) = known else { return self.registrer(person, line, content, ids) };
        if post.content == content && !post.annulled {
            return Ok(unchanged(post));
        }
        let hold = self.own_post(person, post)?;
        let mut stale = self.stale(person, post, asked);
        // Without versjon only over what this avsendersystem wrote last (contract.md 0.7).
        let own = matches!(&post.channel, Channel::Fagsystem(system) if system == self.avsendersystem());
        if asked.is_none() && !own && !post.annulled {
            let conflict = finding(Rejection::VersionConflict, Field::Line("avsendersReferanse"));
            stale.push(with_post(conflict, person, post.post_id, self));
        }
        self.correct(person, line, Target { post, stale, hold }, content)
    }

    fn korriger(&self, person: &Person, line: &Line, content: Content, earlier: &BTreeMap<String, PostId>) -> Judged {
        let target = self.target(person, line, earlier)?;
        if target.stale.is_empty() && target.post.content == content {
            return Ok(unchanged(target.post));
        }
        self.correct(person, line, target, content)
    }

    /// The whole record as it should have been: the next version.
    fn correct(&self, person: &Person, line: &Line, target: Target<'_>, content: Content) -> Judged {
        let Target { post, mut stale, hold } = target;
        if hold == Hold::RunsOn && !self.only_own_days(person, &post.content, &content) {
            return Err(one(Rejection::OwnedByOther, Field::Line("post")));
        }
        if !same_kind(&content, &post.content) {
            stale.push(finding(Rejection::WrongOrder, Field::Line("innhold")));
        }
        stale.extend(self.reference_in_use(person, line, Some(post.post_id)));
        let tested = self.changed(person, post, &content);
        let warnings = self.acceptable(person, &content, (Some(post.post_id), Some(post)), stale, &tested)?;
        let etterregistrering = self.etterregistrering(person, &content, &tested);
        let mut row = self.version(person, line, content, post.post_id, post.versjon + 1);
        row.etterregistrering = etterregistrering;
        if hold == Hold::RunsOn {
            // Its end was moved; it is still the record of the kommune that made it.
            (row.kommune, row.bydel) = (post.kommune, post.bydel);
        }
        row.references = merged(&post.references, row.references);
        // A report that was turned down follows the record.
        row.feilregistrert.clone_from(&post.feilregistrert);
        row.continues = post.continues;
        Ok(Done {
            outcome: LineOutcome::Korrigert,
            post: Some(post.post_id),
            warnings,
            changes: vec![Change::VersionWritten { duf: person.duf, row: Box::new(row) }],
        })
    }

    /// The world changed from a day: the post is closed the day before, a linked one opened.
    fn endre(
        &self,
        person: &Person,
        line: &Line,
        content: Content,
        earlier: &BTreeMap<String, PostId>,
        ids: &mut dyn Ids,
    ) -> Judged {
        let Target { post, mut stale, hold } = self.target(person, line, earlier)?;
        let field = Field::Line("gjelderFra");
        let from = line.gjelder_fra.ok_or_else(|| vec![missing(field)])?;
        let inside = post.valid.from < from && post.valid.contains(from);
        if !same_kind(&content, &post.content) {
            stale.push(finding(Rejection::WrongOrder, Field::Line("innhold")));
        } else if !inside || content.valid().from != from {
            stale.push(finding(Rejection::WrongOrder, field));
        }
        // The linked post is another record than the one that ends, so it cannot have the same reference.
        stale.extend(self.reference_in_use(person, line, None));
        let tested = self.changed_from(person, &content, from);
        let warnings = self.acceptable(person, &content, (Some(post.post_id), None), stale, &tested)?;
        let last = from.pred_opt().unwrap_or(from);
        // What has no period cannot change from a day on: it is registered anew, or corrected.
        let Some(ended) = post.content.ended(last) else { return Err(one(Rejection::WrongOrder, field)) };
        let etterregistrering = self.etterregistrering(person, &content, &tested);
        let mut closed = self.version(person, line, ended, post.post_id, post.versjon + 1);
        closed.etterregistrering.clone_from(&etterregistrering);
        if hold == Hold::RunsOn {
            (closed.kommune, closed.bydel) = (post.kommune, post.bydel);
        }
        closed.references.clone_from(&post.references);
        closed.continues = post.continues;
        let mut opened = self.version(person, line, content, ids.uuid(), 1);
        opened.etterregistrering = etterregistrering;
        opened.row_no = closed.row_no + 1;
        opened.continues = Some(post.post_id);
        let opened_id = opened.post_id;
        Ok(Done {
            outcome: LineOutcome::Endret,
            post: Some(opened_id),
            warnings,
            changes: [closed, opened]
                .into_iter()
                .map(|row| Change::VersionWritten { duf: person.duf, row: Box::new(row) })
                .collect(),
        })
    }

    /// It never was: a last version that says so.
    fn annuller(&self, person: &Person, line: &Line, earlier: &BTreeMap<String, PostId>) -> Judged {
        let Target { post, stale, hold } = self.target(person, line, earlier)?;
        if hold == Hold::RunsOn {
            return Err(one(Rejection::OwnedByOther, Field::Line("post")));
        }
        let place = |mut refusal: Finding| {
            // The message names the post and holds no content.
            if matches!(refusal.field, Field::Content(_)) {
                refusal.field = Field::Line("post");
            }
            refusal
        };
        self.may_write(person, &post.content, None).map_err(|all| all.into_iter().map(place).collect::<Vec<_>>())?;
        let tested = self.whole(person, &post.content);
        let outside = self.outside(person, &post.content, &tested);
        let errors: Vec<_> = stale.into_iter().chain(outside.into_iter().map(place)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut row = self.version(person, line, post.content.clone(), post.post_id, post.versjon + 1);
        row.annulled = true;
        row.etterregistrering = self.etterregistrering(person, &post.content, &tested);
        row.references.clone_from(&post.references);
        row.continues = post.continues;
        Ok(Done {
            outcome: LineOutcome::Annullert,
            post: Some(post.post_id),
            warnings: Vec::new(),
            changes: vec![Change::VersionWritten { duf: person.duf, row: Box::new(row) }],
        })
    }

    /// Attaches the sender's reference to a post of the own kommune: no version, no window.
    fn knytt(&self, person: &Person, line: &Line, earlier: &BTreeMap<String, PostId>) -> Judged {
        let field = Field::Line("avsendersReferanse");
        let reference = line.avsenders_referanse.clone().ok_or_else(|| vec![missing(field)])?;
        let post = self.named(person, line, earlier)?;
        if self.own_post(person, post)? != Hold::Own {
            return Err(one(Rejection::OwnedByOther, Field::Line("post")));
        }
        let (day, _) = window::event_day(&post.content);
        if self.another_bydel(person.follow_up(day).and_then(|follow_up| follow_up.bydel)) {
            return Err(one(Rejection::NotOppfoelgingsbydel, Field::Line("post")));
        }
        self.role(&post.content, Field::Line("post"))?;
        let mut errors = self.stale(person, post, line.post.as_ref().and_then(|post| post.versjon));
        errors.extend(self.reference_in_use(person, line, Some(post.post_id)));
        if !errors.is_empty() {
            return Err(errors);
        }
        if self.by_reference(person, &reference).is_some() {
            return Ok(unchanged(post));
        }
        let change = Change::ReferenceAttached {
            duf: person.duf,
            post_id: post.post_id,
            avsendersystem: self.avsendersystem().to_owned(),
            avsenders_referanse: reference,
        };
        Ok(Done {
            outcome: LineOutcome::Knyttet,
            post: Some(post.post_id),
            warnings: Vec::new(),
            changes: vec![change],
        })
    }

    /// Steps 3 to 8 for content that shall stand; `Ok` holds the warnings. `own` is the post that the rules leave out:
    /// the one that is changed, `stored` the one that is corrected; `known` are errors that the post itself gave.
    fn acceptable(
        &self,
        person: &Person,
        content: &Content,
        (own, stored): (Option<PostId>, Option<&PostVersion>),
        known: Vec<Finding>,
        tested: &[Tested],
    ) -> Result<Vec<Finding>, Vec<Finding>> {
        self.act(person, content)?;
        self.may_write(person, content, stored)?;
        let mut all = known;
        let (day, field) = window::event_day(content);
        if person.ended_on().is_some_and(|ended| day > ended) {
            // Death and emigration close the categories, too: the cause is told, not what follows from it.
            all.push(finding(Rejection::DeadOrEmigrated, field));
        } else {
            all.extend(self.category(person, content));
        }
        all.extend(self.outside(person, content, tested));
        all.extend(self.rules(person, content, own));
        one_of_a_pair(&mut all);
        let (mut errors, warnings): (Vec<_>, Vec<_>) = all.into_iter().partition(is_error);
        errors.sort_by_key(|error| rank(error.rejection));
        if errors.is_empty() {
            return Ok(warnings);
        }
        errors.extend(warnings);
        Err(errors)
    }

    /// State and rule of each kind.
    fn rules(&self, person: &Person, content: &Content, own: Option<PostId>) -> Vec<Finding> {
        match content {
            Content::Vedtak(one) => self.vedtak_findings(person, one, own),
            Content::Kontakt(one) => self.kontakt_findings(person, one, own),
            Content::Klage(one) => self.klage_findings(person, one, own),
            Content::Oppstart(one) => self.oppstart_findings(person, one, own),
            Content::Avslutning(one) => self.avslutning_findings(person, one, own),
            Content::Sluttmaal(one) => self.sluttmaal_findings(person, one, own),
            Content::Integreringskontrakt(one) => self.kontrakt_findings(person, one, own),
            Content::Integreringsplan(one) => self.plan_findings(person, one, own),
            Content::Tiltak(one) => self.tiltak_findings(person, one, own),
            Content::Fravaer(one) => self.fravaer_findings(person, one, own),
            Content::Permisjon(one) => self.permisjon_findings(person, one, own),
            Content::Norsktimer(one) => self.norsktimer_findings(person, one, own),
            Content::Utdanningsbakgrunn(one) => self.utdanning_findings(person, one, own),
            Content::Norskmaal(one) => self.norskmaal_findings(person, one, own),
            Content::FulltidVideregaaende(one) => self.videregaaende_findings(person, one, own),
            Content::Kompetansekartlegging(one) => self.done_findings(person, content, one.gjennomfoert_dato, own),
            Content::Karriereveiledning(one) => self.done_findings(person, content, one.gjennomfoert_dato, own),
            Content::OpplaeringIMottak(one) => self.mottak_findings(person, one, own),
            Content::ReservasjonForskning(one) => self.reservasjon_findings(person, one, own),
            Content::Arbeidsforhold(one) => self.arbeid_findings(person, one, own),
            Content::Deltakerbevis(one) => self.bevis_findings(person, one, own),
            Content::OppfoelgingOmsorgspermisjon(one) => self.omsorg_findings(person, one, own),
        }
    }

    /// A version row of this message.
    fn version(&self, person: &Person, line: &Line, content: Content, post_id: PostId, versjon: i32) -> PostVersion {
        let header = &self.command.header;
        // The bydel of the person, not of the sender: who serves a whole kommune still writes about one bydel.
        let bydel = person.follow_up(window::event_day(&content).0).and_then(|follow_up| follow_up.bydel);
        PostVersion {
            row_no: person.last_row + 1,
            post_id,
            versjon,
            valid: content.valid(),
            content,
            system_from: self.now.recorded,
            system_to: None,
            annulled: false,
            feilregistrert: None,
            etterregistrering: None,
            continues: None,
            kommune: self.kommune,
            bydel,
            channel: Channel::Fagsystem(header.avsendersystem.clone()),
            registered_by: header.overfoeringsbruker.clone(),
            caseworker: header.saksbehandler_ref.clone(),
            meldings_id: header.meldings_id.clone(),
            received_on: self.now.today,
            references: line
                .avsenders_referanse
                .iter()
                .map(|reference| (header.avsendersystem.clone(), reference.clone()))
                .collect(),
        }
    }
}

/// The codes of state, window and rule in the order in which they are told (domain.md 15.1, steps 6 to 8).
const ORDER: [Rejection; 53] = [
    Rejection::DeadOrEmigrated,
    Rejection::StruckAsWrong,
    Rejection::Deleted,
    Rejection::ProgrammeEnded,
    Rejection::ProgrammeStopped,
    Rejection::ActiveVedtak,
    Rejection::WrongOrder,
    Rejection::NoVedtak,
    Rejection::VersionConflict,
    Rejection::OutsideAge,
    Rejection::SettledTooLong,
    Rejection::RightNotEntered,
    Rejection::InWork,
    Rejection::NoCategory,
    Rejection::NoInnvilgelse,
    Rejection::InTheFuture,
    Rejection::YearLocked,
    Rejection::CampaignClosed,
    Rejection::CampaignNotForThis,
    Rejection::ClosedPeriodTouched,
    Rejection::TooFarBack,
    Rejection::BeforePermit,
    Rejection::StartTooEarly,
    Rejection::BeyondDuration,
    Rejection::NoExtension,
    Rejection::ExtensionTooLong,
    Rejection::WrongVedtakstype,
    Rejection::Missing,
    Rejection::WrongExemption,
    Rejection::ExtensionOutOfReach,
    Rejection::EducationFirst,
    Rejection::LeaveTooLong,
    Rejection::WrongLeaveType,
    Rejection::TooManyHours,
    Rejection::ModulesMismatch,
    Rejection::GoalTooLow,
    Rejection::QuotaUsed,
    Rejection::RightCannotLapse,
    Rejection::RuleNotInForce,
    Rejection::NoExamDuty,
    Rejection::TypeNotInGroup,
    Rejection::EndBeforeStart,
    Rejection::NoGjennomfoering,
    Rejection::HoursOutOfRange,
    Rejection::InLeave,
    Rejection::OutsideOrdning,
    Rejection::NothingToReplace,
    Rejection::NoVirkedag,
    Rejection::AssessedBeforeEnd,
    Rejection::NoReason,
    Rejection::SystemReason,
    Rejection::Duplicate,
    Rejection::Overlap,
];

/// Where two codes fit one date, the one of the window is told (domain.md 15.1, B511 / V601).
fn one_of_a_pair(all: &mut Vec<Finding>) {
    let outside: Vec<Field> = all
        .iter()
        .filter(|finding| {
            matches!(
                finding.rejection,
                Rejection::TooFarBack
                    | Rejection::YearLocked
                    | Rejection::CampaignClosed
                    | Rejection::CampaignNotForThis
            )
        })
        .map(|finding| finding.field)
        .collect();
    all.retain(|finding| finding.rejection != Rejection::StartTooEarly || !outside.contains(&finding.field));
}

fn rank(rejection: Rejection) -> usize {
    ORDER.iter().position(|known| *known == rejection).unwrap_or(ORDER.len())
}

fn same_kind(a: &Content, b: &Content) -> bool {
    a.posttype() == b.posttype() && a.ordning() == b.ordning()
}

fn unchanged(post: &PostVersion) -> Done {
    Done { outcome: LineOutcome::Uendret, post: Some(post.post_id), warnings: Vec::new(), changes: Vec::new() }
}

fn merged(old: &[(String, String)], new: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut all = old.to_vec();
    all.extend(new.into_iter().filter(|reference| !old.contains(reference)));
    all
}

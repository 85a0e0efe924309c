//! A scheme (ordning) of a person as its standing records make it: granted periods, actual starts, leaves, stops, an end
//! (domain.md 6).

use chrono::NaiveDate;

use crate::policy::{Policy, Utfall, Virkning};
use crate::post::{Content, Ordning, PostId, PostVersion, Vedtak};
use crate::time::Period;

/// What ended a granted period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The decision or avslutning.
    pub post: PostId,
    /// The last day.
    pub last: NaiveDate,
    /// Set by the register because the time ran out (SYS0).
    pub by_system: bool,
    /// Completed rather than broken off.
    pub completed: bool,
    /// An avslutning with its reason, not a decision alone.
    pub with_reason: bool,
}

impl End {
    /// Code of the status that follows from it.
    pub fn status(&self) -> &'static str {
        if self.completed { "FULLFOERT" } else { "AVSLUTTET" }
    }
}

/// A period granted by a decision; lengthened by FORLENGELSE, cut by what ends the scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// The granting decision.
    pub post: PostId,
    /// When it is in force.
    pub period: Period,
    /// What ended it.
    pub ended: Option<End>,
    /// The actual start, where one is registered.
    pub started: Option<(PostId, NaiveDate)>,
}

impl Granted {
    /// The first day of taking part: the actual start, else the first day of the decision (domain.md 6.2).
    pub fn first_day(&self) -> NaiveDate {
        self.started.map_or(self.period.from, |(_, day)| day)
    }
}

/// A leave that is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// The record.
    pub post: PostId,
    /// Its days.
    pub period: Period,
    /// Parental leave (TI-10).
    pub care: bool,
    /// Parts of days only.
    pub part_of_day: bool,
}

/// What the records come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scheme {
    /// In order of their start.
    pub granted: Vec<Granted>,
    /// Temporary stops, until taken up again.
    pub stops: Vec<Period>,
    /// Leaves by decision.
    pub leaves: Vec<Period>,
    /// Leaves by record.
    pub permisjoner: Vec<Leave>,
    /// What is done in a scheme that needs no decision (domain.md 6.4, 6.5).
    pub activity: Vec<Period>,
}

/// The day from which a decision has effect.
pub fn effect_day(vedtak: &Vedtak) -> NaiveDate {
    vedtak.start_dato.unwrap_or(vedtak.vedtaksdato)
}

/// One record that moves the state, and the day on which it does.
struct Step<'a> {
    day: NaiveDate,
    virkning: Virkning,
    post: &'a PostVersion,
    completed: bool,
}

impl Scheme {
    /// Folds the standing records of a scheme in order of effect; `without` leaves one out (the one being changed).
    pub fn of<'a>(
        policy: &Policy,
        posts: impl Iterator<Item = &'a PostVersion>,
        ordning: Ordning,
        without: Option<PostId>,
    ) -> Self {
        let mut scheme = Scheme::default();
        let mut steps: Vec<Step<'a>> = Vec::new();
        let mut starts = Vec::new();
        let standing = posts.filter(|post| !post.annulled && Some(post.post_id) != without);
        for post in standing.filter(|post| post.content.ordning() == ordning) {
            match &post.content {
                Content::Vedtak(vedtak) => {
                    let rule = policy.vedtak_rule(ordning, &vedtak.vedtakstype);
                    if let Some(virkning) = rule.and_then(|rule| rule.virkning) {
                        steps.push(Step { day: effect_day(vedtak), virkning, post, completed: false });
                    }
                }
                Content::Avslutning(end) => {
                    let completed = policy
                        .avslutning_rule(&end.avslutningsaarsak)
                        .is_none_or(|rule| rule.utfall == Utfall::Fullfoert);
                    steps.push(Step { day: end.avslutningsdato, virkning: Virkning::Lukker, post, completed });
                }
                Content::Oppstart(start) => starts.push((start.oppstart_dato, post.post_id)),
                Content::Permisjon(leave) => {
                    let rule = policy.permisjon_rule(ordning, &leave.permisjonstype);
                    scheme.permisjoner.push(Leave {
                        post: post.post_id,
                        period: post.valid,
                        care: rule.is_some_and(|rule| rule.omsorg),
                        part_of_day: rule.is_some_and(|rule| rule.del_av_dag),
                    });
                }
                Content::Tiltak(_) | Content::OpplaeringIMottak(_) if !policy.tiltak_needs_vedtak(ordning) => {
                    scheme.activity.push(post.valid);
                }
                _ => {}
            }
        }
        // A correction gets a new row number, so what had effect on the same day goes by its kind first.
        steps.sort_by_key(|step| (step.day, step.virkning, step.post.row_no));
        for step in steps {
            scheme.fold(&step, policy);
        }
        starts.sort();
        for (day, post) in starts {
            if let Some(granted) = scheme.granted.iter_mut().rfind(|g| g.period.contains(day)) {
                granted.started.get_or_insert((post, day));
            }
        }
        scheme
    }

    fn fold(&mut self, step: &Step<'_>, policy: &Policy) {
        let Step { day, virkning, post, completed } = *step;
        match virkning {
            Virkning::Aapner => {
                self.granted.push(Granted { post: post.post_id, period: post.valid, ended: None, started: None });
            }
            Virkning::Forlenger => {
                // What has ended is not lengthened, also when the end was decided after the FORLENGELSE.
                if let Some(granted) = self.granted.iter_mut().rfind(|g| g.period.from <= day)
                    && granted.ended.is_none()
                {
                    granted.period.to = match (granted.period.to, post.valid.to) {
                        (Some(a), Some(b)) => Some(a.max(b)),
                        _ => None,
                    };
                }
            }
            Virkning::Permisjon => self.leaves.push(post.valid),
            Virkning::Stanser => self.stops.push(post.valid),
            Virkning::Gjenopptar => {
                for stop in self.stops.iter_mut().filter(|stop| stop.contains(day)) {
                    stop.to = Some(day);
                }
            }
            Virkning::Lukker => {
                if let Some(granted) = self.granted.iter_mut().rfind(|g| g.period.contains(day)) {
                    let reason = match &post.content {
                        Content::Avslutning(end) => Some(end.avslutningsaarsak.as_str()),
                        _ => None,
                    };
                    // The reason holds beside a decision of the same day.
                    if reason.is_none() && granted.ended.is_some_and(|end| end.with_reason && end.last == day) {
                        return;
                    }
                    granted.period.to = day.succ_opt();
                    granted.ended = Some(End {
                        post: post.post_id,
                        last: day,
                        by_system: reason.is_some() && reason == policy.system_reason(),
                        completed,
                        with_reason: reason.is_some(),
                    });
                }
            }
        }
    }

    /// What ended the granted periods, in their order.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        self.granted.iter().filter_map(|granted| granted.ended)
    }

    /// The granted period that covers the day.
    pub fn granted_on(&self, day: NaiveDate) -> Option<&Granted> {
        self.granted.iter().find(|granted| granted.period.contains(day))
    }

    /// Whether a temporary stop is in force on the day.
    pub fn stopped_on(&self, day: NaiveDate) -> bool {
        self.stops.iter().any(|stop| stop.contains(day))
    }

    /// What had ended the scheme before the day, unless it was granted anew.
    pub fn ended_before(&self, day: NaiveDate) -> Option<PostId> {
        let last = self.granted.iter().rfind(|granted| granted.period.from <= day)?;
        last.ended.filter(|end| end.last < day).map(|end| end.post)
    }

    /// The leave that holds all of the period and lets no measure in (TI-10).
    pub fn leave_around(&self, period: &Period) -> Option<&Leave> {
        self.permisjoner.iter().filter(|leave| !leave.care && !leave.part_of_day).find(|leave| {
            leave.period.from <= period.from
                && match (leave.period.to, period.to) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(leave), Some(period)) => period <= leave,
                }
        })
    }

    /// Code of the status on the day, by the records alone.
    pub fn status(&self, day: NaiveDate) -> &'static str {
        let Some(last) = self.granted.iter().rfind(|granted| granted.period.from <= day) else {
            return self.status_of_activity(day);
        };
        if !last.period.contains(day) {
            return last.ended.map_or("FULLFOERT", |end| end.status());
        }
        if day < last.first_day() {
            "IKKE_STARTET"
        } else if self.stopped_on(day) {
            "STANSET"
        } else if self.on_leave(day) {
            "PERMISJON"
        } else {
            "AKTIV"
        }
    }

    fn on_leave(&self, day: NaiveDate) -> bool {
        let recorded = self.permisjoner.iter().filter(|leave| !leave.part_of_day).map(|leave| &leave.period);
        self.leaves.iter().chain(recorded).any(|leave| leave.contains(day))
    }

    /// A scheme without decisions is what is done in it: nothing yet, something, or nothing any more.
    fn status_of_activity(&self, day: NaiveDate) -> &'static str {
        if self.activity.iter().any(|period| period.contains(day)) {
            "AKTIV"
        } else if self.granted.is_empty() && self.activity.iter().any(|period| period.from <= day) {
            "INAKTIV"
        } else {
            "IKKE_STARTET"
        }
    }

    /// Code of the status on the day. A scheme that is not over is inactive while no category is open for it.
    pub fn status_with(&self, day: NaiveDate, category_open: bool) -> &'static str {
        match self.status(day) {
            over @ ("FULLFOERT" | "AVSLUTTET") => over,
            _ if !category_open => "INAKTIV",
            status => status,
        }
    }
}

//! A scheme (ordning) of a person as its standing decisions make it: granted periods, stops, an end (domain.md 6).

use chrono::NaiveDate;

use crate::policy::{Policy, Virkning};
use crate::post::{Content, Ordning, PostId, PostVersion, Vedtak};
use crate::time::Period;

/// A period granted by a decision; lengthened by FORLENGELSE, cut by what ends the scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// The granting decision.
    pub post: PostId,
    /// When it is in force.
    pub period: Period,
    /// The decision that ended it, and its last day.
    pub ended: Option<(PostId, NaiveDate)>,
}

/// What the decisions come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scheme {
    /// In order of their start.
    pub granted: Vec<Granted>,
    /// Temporary stops, until taken up again.
    pub stops: Vec<Period>,
    /// Leaves.
    pub leaves: Vec<Period>,
}

/// The day from which a decision has effect.
pub fn effect_day(vedtak: &Vedtak) -> NaiveDate {
    vedtak.start_dato.unwrap_or(vedtak.vedtaksdato)
}

impl Scheme {
    /// Folds the standing decisions of a scheme in order of effect; `without` leaves one out (the one being changed).
    pub fn of<'a>(
        policy: &Policy,
        posts: impl Iterator<Item = &'a PostVersion>,
        ordning: Ordning,
        without: Option<PostId>,
    ) -> Self {
        let mut decisions: Vec<(&PostVersion, &Vedtak)> = posts
            .filter(|post| !post.annulled && Some(post.post_id) != without)
            .filter_map(|post| match &post.content {
                Content::Vedtak(vedtak) if vedtak.ordning == ordning => Some((post, vedtak)),
                _ => None,
            })
            .collect();
        let virkning =
            |vedtak: &Vedtak| policy.vedtak_rule(ordning, &vedtak.vedtakstype).and_then(|rule| rule.virkning);
        // A correction gets a new row number, so what had effect on the same day goes by its kind first.
        decisions.sort_by_key(|(post, vedtak)| (effect_day(vedtak), virkning(vedtak), post.row_no));
        let mut scheme = Scheme::default();
        for (post, vedtak) in decisions {
            if let Some(virkning) = virkning(vedtak) {
                scheme.fold(virkning, post, effect_day(vedtak));
            }
        }
        scheme
    }

    fn fold(&mut self, virkning: Virkning, post: &PostVersion, day: NaiveDate) {
        match virkning {
            Virkning::Aapner => self.granted.push(Granted { post: post.post_id, period: post.valid, ended: None }),
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
                    granted.period.to = day.succ_opt();
                    granted.ended = Some((post.post_id, day));
                }
            }
        }
    }

    /// The granted period that covers the day.
    pub fn granted_on(&self, day: NaiveDate) -> Option<&Granted> {
        self.granted.iter().find(|granted| granted.period.contains(day))
    }

    /// Whether a temporary stop is in force on the day.
    pub fn stopped_on(&self, day: NaiveDate) -> bool {
        self.stops.iter().any(|stop| stop.contains(day))
    }

    /// The decision that had ended the scheme before the day, unless it was granted anew.
    pub fn ended_before(&self, day: NaiveDate) -> Option<PostId> {
        let last = self.granted.iter().rfind(|granted| granted.period.from <= day)?;
        last.ended.filter(|(_, end)| *end < day).map(|(post, _)| post)
    }

    /// Code of the status on the day.
    pub fn status(&self, day: NaiveDate) -> &'static str {
        let Some(last) = self.granted.iter().rfind(|granted| granted.period.from <= day) else { return "IKKE_STARTET" };
        if !last.period.contains(day) {
            return if last.ended.is_some() { "AVSLUTTET" } else { "FULLFOERT" };
        }
        if self.stopped_on(day) {
            "STANSET"
        } else if self.leaves.iter().any(|leave| leave.contains(day)) {
            "PERMISJON"
        } else {
            "AKTIV"
        }
    }
}

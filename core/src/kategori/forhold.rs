//! What a computation looks at, read once from facts and posts. Nothing here depends on their order.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::fact::{Avgjoerelse, Fact, FactContent, Mottakstype, Oppholdstillatelse, Utfall};
use crate::kategori::Grunnlag;
use crate::kategori::periode::{flett, mellom, uten};
use crate::person::born;
use crate::policy::Policy;
use crate::policy::kategorier::{Aapen, Gjelder, Gruppe, Kategorier};
use crate::post::{Content, Ordning, PostVersion, Vedtak};
use crate::time::Period;

/// A permit and its group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tillatelse<'a> {
    pub permit: &'a Oppholdstillatelse,
    pub gyldig: Period,
    /// `None` for a ground that the code list does not have.
    pub gruppe: Option<Gruppe>,
    /// The day rights are counted from: the grant, or the arrival on a permit given before entry (IL §26). `None` while
    /// the person has not arrived.
    pub verdi: Option<NaiveDate>,
}

/// An application for renewal or on new grounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fornyelse {
    pub soekt: NaiveDate,
    pub svar: Option<Svar>,
    /// First day of the fact, where the source gave one after the application.
    pub gyldig_fra: NaiveDate,
    pub gyldig_til: Option<NaiveDate>,
}

/// How an application was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Svar {
    pub dato: NaiveDate,
    pub innvilget: bool,
    pub endelig: bool,
}

impl From<&Avgjoerelse> for Svar {
    fn from(svar: &Avgjoerelse) -> Self {
        Svar { dato: svar.dato, innvilget: svar.utfall == Utfall::Innvilget, endelig: svar.endelig }
    }
}

/// An application for protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asylsoeknad {
    pub soekt: NaiveDate,
    pub hurtig: bool,
    pub dublin: bool,
    pub svar: Option<Svar>,
}

/// What the registrations of one scheme say.
#[derive(Debug, Clone, Default)]
pub(super) struct Ordningsposter {
    /// The earliest granting decision.
    pub innvilget: Option<NaiveDate>,
    /// The earliest day of the scheme itself.
    pub startet: Option<NaiveDate>,
    /// First day after its end.
    pub lukket: Option<NaiveDate>,
    /// The same for KOLL34 while re-entry after work is not barred (IL-3a).
    pub lukket_kollektiv: Option<NaiveDate>,
    /// The last day on which a granting decision takes effect.
    sist_innvilget: Option<NaiveDate>,
    /// Ends, and whether each ends it for KOLL34 too.
    ender: Vec<(NaiveDate, bool)>,
}

impl Ordningsposter {
    /// The end is the first after which nothing was granted anew.
    fn avslutt(&mut self) {
        let granted = self.sist_innvilget;
        for (dag, kollektiv) in self.ender.iter().filter(|(dag, _)| granted.is_none_or(|granted| granted < *dag)) {
            tidligst(&mut self.lukket, *dag);
            if *kollektiv {
                tidligst(&mut self.lukket_kollektiv, *dag);
            }
        }
    }
}

/// A granting decision on norsk: its days, as decided.
pub(super) type Innvilgelse = Period;

/// Hours of norsk training by the day they were done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub dag: NaiveDate,
    pub norsk: Decimal,
    pub samfunnskunnskap: Decimal,
    /// In mottak: counts for samfunnskunnskap under integreringsloven alone (IF §2).
    pub mottak: bool,
}

/// Everything about one person that categories follow from.
#[derive(Debug, Default)]
pub(super) struct Forhold<'a> {
    pub foedt: Option<NaiveDate>,
    pub doed: Option<NaiveDate>,
    /// Days abroad for good.
    pub utflyttet: Vec<Period>,
    /// By the day rights are counted from; those whose holder has not arrived last.
    pub tillatelser: Vec<Tillatelse<'a>>,
    pub fornyelser: Vec<Fornyelse>,
    pub asylsoeknader: Vec<Asylsoeknad>,
    pub ankomst: Option<NaiveDate>,
    /// First settlement by agreement, and without.
    pub avtale: Option<NaiveDate>,
    pub uten_avtale: Option<NaiveDate>,
    /// Residence in a kommune, joined.
    pub bosatt: Vec<Period>,
    /// Days in ordinary mottak, and in any, joined.
    pub ordinaert_mottak: Vec<Period>,
    pub mottak: Vec<Period>,
    /// Other Nordic citizenship than Norwegian, joined.
    pub nordisk: Vec<Period>,
    /// Norwegian citizen from.
    pub norsk_borger: Option<NaiveDate>,
    /// Work of the hours that close a programme, joined.
    pub arbeid: Vec<Period>,
    pub intro: Ordningsposter,
    pub norsk: Ordningsposter,
    pub norskvedtak: Vec<Innvilgelse>,
    /// First day on which the right to norsk, and to samfunnskunnskap, has lapsed.
    pub bortfall_norsk: Option<NaiveDate>,
    pub bortfall_samfunnskunnskap: Option<NaiveDate>,
    pub timer: Vec<Timer>,
}

/// Keeps the earlier day.
fn tidligst(kept: &mut Option<NaiveDate>, day: NaiveDate) {
    *kept = Some(kept.map_or(day, |kept| kept.min(day)));
}

impl<'a> Forhold<'a> {
    /// Reads them.
    pub fn les(grunnlag: Grunnlag<'a>, policy: &Policy) -> Self {
        let regler = policy.kategorier();
        let mut f = Forhold::default();
        let mut bosted: Vec<Period> = Vec::new();
        let present = || grunnlag.facts.iter().filter(|fact| !fact.annulled && fact.system_to.is_none());
        for fact in present() {
            f.fakta(fact, regler, &mut bosted);
        }
        f.foedt = born(present());
        for post in grunnlag.posts.iter().filter(|post| post.stands()) {
            f.post(post, regler);
        }
        f.ordne(bosted);
        f
    }

    fn fakta(&mut self, fact: &'a Fact, regler: &Kategorier, bosted: &mut Vec<Period>) {
        match &fact.content {
            FactContent::Doedsfall { dato } => tidligst(&mut self.doed, *dato),
            FactContent::Utflyttet { dato } | FactContent::Forsvunnet { dato } => {
                self.utflyttet.extend(mellom(*dato, fact.valid.to));
            }
            FactContent::Oppholdstillatelse(permit) => self.tillatelser.push(Tillatelse {
                permit,
                gyldig: fact.valid,
                gruppe: regler.gruppe(permit),
                verdi: None,
            }),
            FactContent::Fornyelse { soeknadsdato, avgjoerelse } => self.fornyelser.push(Fornyelse {
                soekt: *soeknadsdato,
                svar: avgjoerelse.as_ref().map(Svar::from),
                gyldig_fra: fact.valid.from,
                gyldig_til: fact.valid.to,
            }),
            FactContent::Asylsoeknad { soeknadsdato, hurtigprosedyre, dublin, avgjoerelse } => {
                self.asylsoeknader.push(Asylsoeknad {
                    soekt: *soeknadsdato,
                    hurtig: *hurtigprosedyre,
                    dublin: *dublin,
                    svar: avgjoerelse.as_ref().map(Svar::from),
                });
            }
            FactContent::Ankomst { dato } => tidligst(&mut self.ankomst, *dato),
            FactContent::Bosetting { dato, etter_avtale, .. } => {
                tidligst(if *etter_avtale { &mut self.avtale } else { &mut self.uten_avtale }, *dato);
                self.bosatt.extend(mellom(*dato, fact.valid.to));
            }
            FactContent::Bosted { .. } => bosted.push(fact.valid),
            FactContent::Mottak { mottakstype, .. } => {
                self.mottak.push(fact.valid);
                if *mottakstype == Mottakstype::Ordinaert {
                    self.ordinaert_mottak.push(fact.valid);
                }
            }
            FactContent::Statsborgerskap { land } if regler.norsk(land) => {
                tidligst(&mut self.norsk_borger, fact.valid.from);
            }
            FactContent::Statsborgerskap { land } if regler.nordisk(land) => self.nordisk.push(fact.valid),
            _ => {}
        }
    }

    fn post(&mut self, post: &PostVersion, regler: &Kategorier) {
        match &post.content {
            Content::Vedtak(vedtak) => self.vedtak(vedtak, regler),
            Content::Oppstart(oppstart) => self.startet(oppstart.ordning, oppstart.oppstart_dato),
            Content::Tiltak(tiltak) => self.startet(tiltak.ordning, tiltak.fra_dato),
            Content::Norsktimer(timer) => {
                self.startet(Ordning::Norsk, timer.fra_dato);
                self.timer.push(Timer {
                    dag: timer.til_dato,
                    norsk: timer.norsk_timer,
                    samfunnskunnskap: timer.samfunnskunnskap_timer.iter().map(|modul| modul.timer).sum(),
                    mottak: false,
                });
            }
            Content::OpplaeringIMottak(timer) => self.timer.push(Timer {
                dag: timer.til_dato,
                norsk: Decimal::ZERO,
                samfunnskunnskap: timer.samfunnskunnskap_timer.iter().map(|modul| modul.timer).sum(),
                mottak: true,
            }),
            Content::Avslutning(avslutning) => {
                let after = avslutning.avslutningsdato.succ_opt().unwrap_or(NaiveDate::MAX);
                let aapen = regler.aapen_etter(&avslutning.avslutningsaarsak);
                let re_entry = aapen == Some(Aapen::Kollektiv) && regler.gjelder(Gjelder::Il3a).contains(after);
                if aapen != Some(Aapen::Alle) {
                    self.intro.ender.push((after, !re_entry));
                }
            }
            Content::Arbeidsforhold(arbeid) => {
                if let Some(fra) = regler.arbeid_lukker_fra(arbeid.timer_per_uke) {
                    let days = post.content.valid();
                    self.arbeid.extend(mellom(days.from.max(fra), days.to));
                }
            }
            _ => {}
        }
    }

    fn vedtak(&mut self, vedtak: &Vedtak, regler: &Kategorier) {
        let virkning = vedtak.start_dato.unwrap_or(vedtak.vedtaksdato);
        let norsk = match vedtak.ordning {
            Ordning::Intro => false,
            Ordning::Norsk => true,
            Ordning::MottakOppl | Ordning::MottakKval => return,
        };
        let poster = if norsk { &mut self.norsk } else { &mut self.intro };
        match vedtak.vedtakstype.as_str() {
            "INNVILGELSE" => {
                tidligst(&mut poster.innvilget, vedtak.vedtaksdato);
                tidligst(&mut poster.startet, virkning);
                poster.sist_innvilget = poster.sist_innvilget.max(Some(virkning));
                if norsk {
                    self.norskvedtak.push(Period::inclusive(virkning, vedtak.slutt_dato));
                }
            }
            // The day of effect is the last of the scheme, as in `scheme`.
            "STANS_PERMANENT" | "AVSLUTNING" => {
                poster.ender.push((virkning.succ_opt().unwrap_or(virkning), true));
            }
            "BORTFALL_RETT" if norsk => match &vedtak.fritaksgrunnlag {
                Some(grunnlag) if regler.gjelder_samfunnskunnskap(grunnlag) => {
                    tidligst(&mut self.bortfall_samfunnskunnskap, virkning);
                }
                Some(_) => tidligst(&mut self.bortfall_norsk, virkning),
                None => {
                    tidligst(&mut self.bortfall_norsk, virkning);
                    tidligst(&mut self.bortfall_samfunnskunnskap, virkning);
                }
            },
            _ => {}
        }
    }

    fn startet(&mut self, ordning: Ordning, day: NaiveDate) {
        match ordning {
            Ordning::Intro => tidligst(&mut self.intro.startet, day),
            Ordning::Norsk => tidligst(&mut self.norsk.startet, day),
            Ordning::MottakOppl | Ordning::MottakKval => {}
        }
    }

    /// Puts everything in an order of its own, and makes residence of what the sources say.
    fn ordne(&mut self, mut bosted: Vec<Period>) {
        self.intro.avslutt();
        self.norsk.avslutt();
        flett(&mut self.mottak);
        flett(&mut self.ordinaert_mottak);
        flett(&mut self.utflyttet);
        flett(&mut self.nordisk);
        flett(&mut self.arbeid);
        self.norskvedtak.sort_unstable_by_key(|p| (p.from, p.to));
        self.timer.sort_unstable();
        self.fornyelser.sort_unstable();
        self.asylsoeknader.sort_unstable();
        // Living in a mottak is no residence in a kommune until settled there.
        self.mottak.iter().for_each(|mottak| uten(&mut bosted, *mottak));
        self.bosatt.append(&mut bosted);
        flett(&mut self.bosatt);
        let abroad = std::mem::take(&mut self.utflyttet);
        abroad.iter().for_each(|away| uten(&mut self.bosatt, *away));
        self.utflyttet = abroad;
        let seen = self.bosatt.first().into_iter().chain(self.mottak.first()).map(|p| p.from);
        // Who lives here has arrived, whether or not a source said when.
        let arrived = seen.chain(self.ankomst).min();
        for t in &mut self.tillatelser {
            let vedtatt = t.permit.vedtaksdato;
            let before_entry = t.permit.etter_innreisetillatelse;
            t.verdi = if before_entry { arrived.map(|arrived| arrived.max(vedtatt)) } else { Some(vedtatt) };
        }
        self.tillatelser.sort_by(|a, b| {
            let key = |t: &Tillatelse<'a>| {
                (
                    t.verdi.unwrap_or(NaiveDate::MAX),
                    t.permit.vedtaksdato,
                    !t.permit.foerstegang,
                    t.gyldig.from,
                    t.gyldig.to,
                    t.permit.soeknadsdato,
                )
            };
            let rest = |t: &Tillatelse<'a>| {
                let p = t.permit;
                (
                    p.danner_grunnlag_for_permanent,
                    p.fornybar,
                    p.etter_innreisetillatelse,
                    p.opphoer.map(|o| (o.dato, o.endelig, o.utfall as u8)),
                    p.referanseperson.as_ref().map(|r| (r.oppholdsgrunnlag.as_deref(), r.permanent, r.bosatt_dato)),
                    p.rettsomraade as u8,
                )
            };
            let ground = |t: &Tillatelse<'a>| t.permit.oppholdsgrunnlag.as_str();
            key(a).cmp(&key(b)).then_with(|| ground(a).cmp(ground(b))).then_with(|| rest(a).cmp(&rest(b)))
        });
    }

    /// The age on the day in completed years, for the log.
    pub fn alder(&self, day: NaiveDate) -> Option<u32> {
        self.foedt.and_then(|foedt| day.years_since(foedt))
    }

    /// First day of living in a kommune, on the day or after.
    pub fn bosatt_fra(&self, day: NaiveDate) -> Option<NaiveDate> {
        self.bosatt.iter().find(|p| p.to.is_none_or(|to| day < to)).map(|p| p.from.max(day))
    }
}

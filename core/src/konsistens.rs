//! `hentDatakonsistens` (domain.md 10.5, 12; the report of domain.md 16 row 45): what is missing of a person's
//! registrations on a day. Pure, like everything that is computed; what belongs to no category of the person is not asked
//! for.

use chrono::NaiveDate;

use crate::kategori::{Friststatus, Fristtype, Kategori, Kategorikode};
use crate::person::Person;
use crate::policy::Policy;
use crate::post::{Content, Ordning, PostId, PostVersion};
use crate::registry::Lov;
use crate::scheme::{Granted, Scheme};

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alvor {
    /// The kommune owes it.
    Advarsel,
    /// Good to know.
    Info,
}

impl Alvor {
    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Alvor::Advarsel => "ADVARSEL",
            Alvor::Info => "INFO",
        }
    }
}

/// Something that is missing, or overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mangel {
    /// Of code list `mangel`.
    pub kode: &'static str,
    /// How grave.
    pub alvor: Alvor,
    /// In which scheme.
    pub ordning: Ordning,
    /// The category that asks for it.
    pub kategori: Option<Kategorikode>,
    /// The deadline concerned.
    pub fristtype: Option<Fristtype>,
    /// From when it is missing; of a deadline its last day.
    pub dato: Option<NaiveDate>,
    /// The record concerned.
    pub post: Option<PostId>,
}

/// What is missing, in the order in which a caseworker would mend it.
pub fn mangler(person: &Person, lov: Option<Lov>, policy: &Policy, today: NaiveDate) -> Vec<Mangel> {
    let Some(beregnet) = person.beregnet.as_ref() else { return Vec::new() };
    if person.ended_on().is_some_and(|ended| ended <= today) {
        return Vec::new();
    }
    let open: Vec<&Kategori> =
        beregnet.kategorier.iter().filter(|k| k.gyldig.contains(today) && lov.is_none_or(|lov| k.lov == lov)).collect();
    let standing: Vec<&PostVersion> = person.posts.iter().filter(|post| post.stands()).collect();
    let of = |ordning| Scheme::of(policy, standing.iter().copied(), ordning, None);
    let intro = of(Ordning::Intro);
    let mut all = Vec::new();
    for kategori in &open {
        all.extend(vedtak(kategori, &standing, policy));
    }
    all.extend(utdanning(&open, &standing));
    // A programme is asked about as long as the act asked for is the person's.
    if lov.is_none_or(|lov| beregnet.lov == Some(lov)) {
        all.extend(sluttmaal(&open, &intro, &standing, today));
        all.extend(tiltak(&intro, &standing, today));
        all.extend(gjennomfoering(&standing, today));
        all.extend(avslutning(&intro, &standing, today));
        let overdue = beregnet.frister.iter().filter(|f| f.status == Friststatus::Loeper);
        all.extend(overdue.filter(|f| f.dato.is_some_and(|last| last < today)).map(|frist| Mangel {
            fristtype: Some(frist.fristtype),
            dato: frist.dato,
            ..missing("FRIST_OVERSKREDET", Alvor::Advarsel, frist.ordning)
        }));
    }
    all
}

fn missing(kode: &'static str, alvor: Alvor, ordning: Ordning) -> Mangel {
    Mangel { kode, alvor, ordning, kategori: None, fristtype: None, dato: None, post: None }
}

/// An open category of a scheme that is given by decision, and no decision. Who may be offered a programme need not be:
/// that the kommune has not decided is no error (domain.md 16 row 89).
fn vedtak(kategori: &Kategori, standing: &[&PostVersion], policy: &Policy) -> Option<Mangel> {
    let ordning = kategori.kode.ordning();
    let decided = standing.iter().any(|p| matches!(&p.content, Content::Vedtak(v) if v.ordning == ordning));
    if decided || !policy.tiltak_needs_vedtak(ordning) {
        return None;
    }
    let alvor = if kategori.kode == Kategorikode::IntroKt { Alvor::Info } else { Alvor::Advarsel };
    let dato = Some(kategori.gyldig.from);
    Some(Mangel { kategori: Some(kategori.kode), dato, ..missing("VEDTAK_MANGLER", alvor, ordning) })
}

/// What decides the length of programme and training (domain.md 4): not under introduksjonsloven, and not for those who
/// have only norsk under IL ch. 6A.
fn utdanning(open: &[&Kategori], standing: &[&PostVersion]) -> Option<Mangel> {
    use Kategorikode::{IntroR, IntroRp, NorskPlikt, NorskRett};
    let asks = |k: &&&Kategori| k.lov == Lov::Il && matches!(k.kode, IntroRp | IntroR | NorskRett | NorskPlikt);
    let known = |post: &&PostVersion| matches!(&post.content, Content::Utdanningsbakgrunn(u) if u.har_videregaaende != "IKKE_REGISTRERT");
    let kategori = open.iter().find(asks).filter(|_| !standing.iter().any(known))?;
    Some(Mangel {
        kategori: Some(kategori.kode),
        dato: Some(kategori.gyldig.from),
        ..missing("UTDANNING_MANGLER", Alvor::Advarsel, kategori.kode.ordning())
    })
}

/// A programme under integreringsloven that runs without an end goal.
fn sluttmaal(open: &[&Kategori], intro: &Scheme, standing: &[&PostVersion], today: NaiveDate) -> Option<Mangel> {
    let granted = running(intro, today)?;
    let il = open.iter().any(|k| k.lov == Lov::Il && k.kode.ordning() == Ordning::Intro);
    let set = standing.iter().any(|post| matches!(post.content, Content::Sluttmaal(_)));
    let dato = Some(granted.period.from);
    (il && !set).then(|| Mangel { dato, ..missing("SLUTTMAAL_MANGLER", Alvor::Advarsel, Ordning::Intro) })
}

/// A programme that runs without a measure today.
fn tiltak(intro: &Scheme, standing: &[&PostVersion], today: NaiveDate) -> Option<Mangel> {
    let granted = running(intro, today)?;
    let measures =
        || standing.iter().filter(|p| matches!(&p.content, Content::Tiltak(t) if t.ordning == Ordning::Intro));
    if measures().any(|post| post.valid.contains(today)) {
        return None;
    }
    // Since the last one ended, or since the programme began.
    let ended = measures().filter_map(|post| post.valid.to).filter(|to| *to <= today).max();
    let dato = Some(ended.unwrap_or(granted.period.from).max(granted.period.from));
    Some(Mangel { dato, ..missing("TILTAK_MANGLER", Alvor::Advarsel, Ordning::Intro) })
}

/// The granted period that runs on the day; in leave and while it is stopped nothing is asked for.
fn running(intro: &Scheme, today: NaiveDate) -> Option<&Granted> {
    intro.granted_on(today).filter(|_| intro.status(today) == "AKTIV")
}

/// Livsmestring and foreldreveiledning that have ended and say nothing of completion (TI-2).
fn gjennomfoering(standing: &[&PostVersion], today: NaiveDate) -> Vec<Mangel> {
    let unmarked = standing.iter().filter_map(|post| match &post.content {
        Content::Tiltak(t)
            if matches!(t.tiltakstype.as_str(), "LF01" | "LF02")
                && t.til_dato < today
                && t.gjennomfoering.is_none() =>
        {
            Some((post.post_id, t))
        }
        _ => None,
    });
    unmarked
        .map(|(post, t)| Mangel {
            dato: Some(t.til_dato),
            post: Some(post),
            ..missing("GJENNOMFOERING_MANGLER", Alvor::Info, t.ordning)
        })
        .collect()
}

/// A programme whose time ran out and that nobody ended, with a reason, after it began.
fn avslutning(intro: &Scheme, standing: &[&PostVersion], today: NaiveDate) -> Option<Mangel> {
    let last = intro.granted.iter().rfind(|granted| granted.period.from <= today)?;
    let over = last.period.to.filter(|to| *to <= today && last.ended.is_none())?;
    let ended = standing
        .iter()
        .any(|post| matches!(&post.content, Content::Avslutning(a) if a.avslutningsdato >= last.period.from));
    let dato = over.pred_opt();
    (!ended).then(|| Mangel {
        dato,
        post: Some(last.post),
        ..missing("AVSLUTNING_MANGLER", Alvor::Advarsel, Ordning::Intro)
    })
}

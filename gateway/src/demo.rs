//! The demonstration (`sandbox --demo`): a simulated fagsystem that sends real, signed SOAP over mTLS to the
//! running sandbox, and shows what comes back. Every run works on the same data directory.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{Days, Months, NaiveDate};
use nir_xsd::message::{Answer, Endring, Endringsside, Feil, Kvittering, Personsvar, Pingsvar};
use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::sandbox::{mottak, parties, persons};
use caller::{Caller, Exchanged};
use messages::{Decision, ELSEWHERE, Message, OTHER, OUR_KOMMUNE, OURS, Week};
use teller::Teller;

pub mod caller;
pub mod messages;
pub mod teller;
pub mod wire;

/// The measures of a demonstration last a week each.
const WEEK_DAYS: u64 = 6;
/// How many days ago UDI granted the permit, and IMDi settled the person: the deadline to begin, three months later, is
/// still to come.
const GRANTED: u64 = 100;
const SETTLED: u64 = 30;
/// A day between the two, which a caseworker writes by mistake.
const MISTAKEN: u64 = 70;
/// More months ago than the window is long.
const LATE_MONTHS: u32 = 4;
/// Numbers of the demonstration's persons: a series of synthetic ones.
const SERIES: u32 = 9_100;
const SERIALS: u128 = 1_000_000;
/// Values of an event that are shown.
const FEW: usize = 3;
/// How long the fagsystem's poll waits for news at most, and we for a push.
const WAIT_SECONDS: u32 = 20;
const PUSHED_WITHIN: Duration = Duration::from_secs(20);

/// Runs all steps; true when every one held. Saves the request and the receipt of the registration in `output`.
pub async fn run(data: &Path, address: SocketAddr, output: &Path) -> anyhow::Result<bool> {
    let certs = data.join("certs");
    let mut demo = Demo {
        ours: Caller::new(&certs, "vendor", address)?,
        other: Caller::new(&certs, "vendor2", address)?,
        udi: Caller::new(&certs, "udi", address)?,
        imdi: Caller::new(&certs, "imdi", address)?,
        folkeregister: Caller::new(&certs, "folkeregister", address)?,
        pushed: data.join(mottak::LOG),
        teller: Teller::default(),
    };
    demo.all(output).await?;
    Ok(demo.teller.end())
}

struct Demo {
    ours: Caller,
    other: Caller,
    udi: Caller,
    imdi: Caller,
    folkeregister: Caller,
    /// What the receiver of push has stored, a change on each line.
    pushed: PathBuf,
    teller: Teller,
}

/// A person of this run, new to the register, and what is registered about it.
struct Plan {
    duf: String,
    decision: Decision,
    week: Week,
}

impl Demo {
    async fn all(&mut self, output: &Path) -> anyhow::Result<()> {
        let today = self.ping().await?;
        let plan = Plan::of(fresh_duf(), today);
        self.teller.people(&[
            (OURS.avsendersystem, "the fagsystem of kommune 4204 that registers: us"),
            (OTHER.avsendersystem, "another one of the same kommune, which asks for news (pull)"),
            (parties::PUSHED, "the one of kommune 4203, to which news are sent (push)"),
            (&plan.duf, "a person, new to the register: the one that all of this is about"),
        ]);
        self.settled(&plan, today).await?;
        self.permit(&plan, today).await?;
        let before = self.changes(0, 0).await?.0.siste_sekvensnummer;
        self.wrong(&plan, today).await?;
        let id = fresh_id();
        let receipt = self.register(&id, &plan, output).await?;
        self.again(&id, &plan, &receipt).await?;
        self.too_late(today).await?;
        let heard = self.came_back(before, &plan, &receipt).await?;
        self.person(&plan, &receipt).await?;
        self.moves(heard, &plan, today).await
    }

    async fn ping(&mut self) -> anyhow::Result<NaiveDate> {
        let exchanged = self.ours.call(&messages::ping(OURS), clock::now()).await?;
        let Answer::Ping(wrapper) = exchanged.answer else { anyhow::bail!("ping got another answer") };
        let Pingsvar { miljoe, gatewayversjon, organisasjonsnavn, registertid, tid, avsendersystem, .. } = wrapper.svar;
        self.teller.step("ping", "are we known, and what time is it in the register?", exchanged.elapsed);
        let at = registertid.unwrap_or(tid);
        self.teller.note(format_args!("{miljoe}, version {gatewayversjon}, register time {at}"));
        let known = avsendersystem.iter().any(|id| id == OURS.avsendersystem);
        let name = organisasjonsnavn.unwrap_or_default();
        self.teller.check(known, format_args!("{name} may send for {}", OURS.avsendersystem));
        Ok(register::time::oslo_date(at.with_timezone(&chrono::Utc)))
    }

    /// A source tells facts of the person.
    async fn told(
        &mut self,
        kilde: &str,
        what: &str,
        duf: &str,
        facts: &[(&str, NaiveDate, String)],
    ) -> anyhow::Result<()> {
        let message = messages::send_persongrunnlag(kilde, &fresh_id(), clock::now(), duf, facts);
        let caller = match kilde {
            "UDI" => &self.udi,
            "FOLKEREGISTER" => &self.folkeregister,
            _ => &self.imdi,
        };
        let exchanged = caller.call(&message, clock::now()).await?;
        self.teller.step("sendPersongrunnlag", what, exchanged.elapsed);
        let Answer::SendPersongrunnlag(wrapper) = exchanged.answer else {
            anyhow::bail!("sendPersongrunnlag got another answer")
        };
        let taken = wrapper.kvittering.status == "GODTATT";
        self.teller.check(taken, format_args!("{kilde} has a signed receipt: {}", wrapper.kvittering.status));
        Ok(())
    }

    async fn settled(&mut self, plan: &Plan, today: NaiveDate) -> anyhow::Result<()> {
        let (granted, settled) = (earlier(today, GRANTED), earlier(today, SETTLED));
        let udi = [("navn", granted, messages::personalia())];
        self.told("UDI", "UDI tells who the person is", &plan.duf, &udi).await?;
        let imdi = [("bosetting", settled, messages::bosetting(OUR_KOMMUNE, settled))];
        self.told(
            "IMDI",
            &format!("IMDi tells that the person was settled in kommune 4204 on {settled}"),
            &plan.duf,
            &imdi,
        )
        .await
    }

    async fn permit(&mut self, plan: &Plan, today: NaiveDate) -> anyhow::Result<()> {
        let before = self.changes(0, 0).await?.0.siste_sekvensnummer;
        let day = earlier(today, GRANTED);
        let facts = [("vedtak/1", day, messages::oppholdstillatelse(day))];
        self.told("UDI", &format!("UDI tells of the permit, granted on {day}"), &plan.duf, &facts).await?;
        let (page, elapsed) = self.changes(before, 0).await?;
        self.teller.step("hentEndringer", "what the kommune hears of it: number in its stream, kind, what", elapsed);
        self.heard(&page, &plan.duf);
        let opened = |endring: &&Endring| {
            endring.hendelsestype == "KATEGORI_AAPNET" && endring.duf_nummer.as_deref() == Some(plan.duf.as_str())
        };
        let opened = page.endring.iter().any(|endring| opened(&endring));
        self.teller.check(opened, "the permit opened the categories, and nobody had to enter them");
        let begin = page.endring.iter().filter_map(|endring| endring.frist_endret.as_ref());
        let begin = begin.filter(|frist| frist.fristtype == "OPPSTART").map(|frist| frist.dato).max();
        self.teller.check(
            begin.is_some_and(|day| today < day),
            "the deadline to begin the programme follows from the settlement, and is still to come",
        );
        Ok(())
    }

    async fn register(&mut self, id: &str, plan: &Plan, output: &Path) -> anyhow::Result<Kvittering> {
        let message = registration(id, plan);
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step(
            "sendRegistreringer",
            "the vedtak with the right date, and a tiltak of a week",
            exchanged.elapsed,
        );
        save(output, &exchanged)?;
        let receipt = receipt(exchanged)?;
        self.teller.receipt(&receipt);
        self.teller.check(receipt.status == "GODTATT", "the receipt says GODTATT, and its signature holds");
        self.teller
            .check(!receipt.gjentatt && post_of(&receipt, "2").is_some(), "the tiltak became a post of the register");
        self.teller.note(format_args!(
            "both as they went over the wire: {0}/request.xml, {0}/kvittering.xml",
            output.display()
        ));
        Ok(receipt)
    }

    async fn again(&mut self, id: &str, plan: &Plan, first: &Kvittering) -> anyhow::Result<()> {
        // Signed anew, with a new Timestamp and a new opprettet: the content is the same.
        let exchanged = self.ours.call(&registration(id, plan), clock::now()).await?;
        self.teller.step("sendRegistreringer", "the same message once more, as after a lost answer", exchanged.elapsed);
        let mut second = receipt(exchanged)?;
        self.teller.check(second.gjentatt, "the receipt says that it is a repeat (gjentatt)");
        second.gjentatt = first.gjentatt;
        self.teller.check(second == *first, "and is the first one in all else: nothing was registered twice");
        Ok(())
    }

    /// A date before the kommune had anything to do with the person.
    async fn wrong(&mut self, plan: &Plan, today: NaiveDate) -> anyhow::Result<()> {
        let decision = Decision { vedtaksdato: earlier(today, MISTAKEN), ..plan.decision.clone() };
        let what = format!("the kommune registers a vedtak, with a wrong date: {}", decision.vedtaksdato);
        self.refused(&what, &plan.duf, &decision, |feil| feil.kode == "NIR-A408").await?;
        self.teller.note("it stands among the transfer errors (hentOverfoeringsfeil) until the same vedtak succeeds");
        Ok(())
    }

    /// A date that nobody has forgotten to tell, and that is too long ago all the same.
    async fn too_late(&mut self, today: NaiveDate) -> anyhow::Result<()> {
        let day = today.checked_sub_months(Months::new(LATE_MONTHS)).unwrap_or(today);
        let what = format!("a vedtak of {day}, for a person whom the register has known for long");
        let late = |feil: &Feil| feil.kode == "NIR-V601" && feil.tidligste_dato.is_some();
        self.refused(&what, messages::LONG_KNOWN, &decision(messages::LONG_KNOWN, day), late).await
    }

    async fn refused(
        &mut self,
        what: &str,
        duf: &str,
        decision: &Decision,
        expected: impl Fn(&Feil) -> bool,
    ) -> anyhow::Result<()> {
        let message = messages::send_registreringer(OURS, &fresh_id(), clock::now(), duf, decision, None);
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step("sendRegistreringer", what, exchanged.elapsed);
        let receipt = receipt(exchanged)?;
        self.teller.receipt(&receipt);
        let persons = receipt.person.iter();
        let mut errors =
            persons.flat_map(|person| person.feil.iter().chain(person.registrering.iter().flat_map(|line| &line.feil)));
        self.teller.check(receipt.status == "AVVIST", "the message is refused, and nothing is stored");
        self.teller.check(
            errors.any(expected),
            "an error says what is wrong, how it is mended, where it is, and who mends it",
        );
        Ok(())
    }

    async fn came_back(&mut self, before: i64, plan: &Plan, receipt: &Kvittering) -> anyhow::Result<i64> {
        let (page, elapsed) = self.changes(before, 0).await?;
        let what = format!("what {} hears of what was registered", OTHER.avsendersystem);
        self.teller.step("hentEndringer", &what, elapsed);
        self.heard(&page, &plan.duf);
        let post = post_of(receipt, "2").unwrap_or_default();
        let told = |endring: &Endring| endring.post_endret.as_ref().is_some_and(|told| told.post.post_id == post);
        let heard = page.endring.iter().any(told);
        self.teller.check(heard, "it was told of the tiltak that the other one registered");
        let last = page.siste_sekvensnummer;
        let message = messages::bekreft_endringer(OTHER, &fresh_id(), clock::now(), last);
        let exchanged = self.other.call(&message, clock::now()).await?;
        let Answer::BekreftEndringer(wrapper) = exchanged.answer else {
            anyhow::bail!("bekreftEndringer got another answer")
        };
        self.teller
            .check(wrapper.stroem.bekreftet_til == last, format_args!("and has acknowledged its stream up to {last}"));
        Ok(last)
    }

    /// The changes of a page, a line each.
    fn heard(&self, page: &Endringsside, about: &str) {
        for endring in &page.endring {
            let other = endring.duf_nummer.as_deref().filter(|duf| *duf != about);
            let other = other.map(|duf| format!("{duf}  ")).unwrap_or_default();
            let (number, kind) = (endring.sekvensnummer, &endring.hendelsestype);
            self.teller.note(format_args!("{number:>4}  {kind:<28} {other}{}", said(endring)));
        }
    }

    /// The person moves: the kommune it leaves hears by a poll that was waiting, the other one by push.
    async fn moves(&mut self, after: i64, plan: &Plan, today: NaiveDate) -> anyhow::Result<()> {
        let stored = self.stored()?.len();
        let message = messages::hent_endringer(OTHER, &fresh_id(), clock::now(), after, WAIT_SECONDS);
        let other = self.other.clone();
        let waiting = tokio::spawn(async move { other.call(&message, clock::now()).await });
        let moved = Instant::now();
        let facts = [("bosted/1", today, messages::bosted(ELSEWHERE))];
        self.told(
            "FOLKEREGISTER",
            "Folkeregisteret tells that the person lives in kommune 4203 now",
            &plan.duf,
            &facts,
        )
        .await?;
        let exchanged = waiting.await.context("the waiting poll")??;
        let elapsed = exchanged.elapsed;
        let page = page(exchanged)?;
        let what = format!("{} had asked for news and was waiting", OTHER.avsendersystem);
        self.teller.step("hentEndringer", &what, elapsed);
        self.heard(&page, &plan.duf);
        let left = page.endring.iter().any(|endring| endring.hendelsestype == "FRAFLYTTET");
        self.teller.check(left, "kommune 4204 heard by pull that the person left");
        let new = loop {
            let new = self.stored()?.split_off(stored);
            let whole = |lines: &[Value]| lines.iter().any(|line| line["hendelsestype"] == "PERSON_OEYEBLIKKSBILDE");
            if whole(&new) || moved.elapsed() > PUSHED_WITHIN {
                break new;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let what = format!("{} is called by the gateway", parties::PUSHED);
        self.teller.step("mottaEndringer", &what, moved.elapsed());
        for line in &new {
            let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let (kind, delivery) = (word("hendelsestype"), word("leveranseId"));
            self.teller.note(format_args!(
                "{:>4}  {kind:<28} in delivery {delivery}",
                line["sekvensnummer"].as_i64().unwrap_or_default()
            ));
        }
        let came = |kind: &str| new.iter().any(|line| line["hendelsestype"] == kind);
        self.teller.check(came("TILFLYTTET"), "kommune 4203 heard by push that the person came");
        self.teller.check(came("PERSON_OEYEBLIKKSBILDE"), "and got the whole person as the register knows it");
        Ok(())
    }

    /// What the receiver of push has stored so far.
    fn stored(&self) -> anyhow::Result<Vec<Value>> {
        match std::fs::read_to_string(&self.pushed) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            // A line that is being written is read the next time.
            text => Ok(text?.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        }
    }

    async fn person(&mut self, plan: &Plan, receipt: &Kvittering) -> anyhow::Result<()> {
        let month = |day: NaiveDate| day.format("%Y-%m").to_string();
        let (from, to) = (month(plan.week.from), month(plan.week.to));
        let message = messages::hent_person(OURS, &fresh_id(), clock::now(), &plan.duf, Some((&from, &to)));
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step("hentPerson", "the person as the register has it now", exchanged.elapsed);
        let person = person(exchanged)?;
        let post = post_of(receipt, "2").unwrap_or_default();
        self.teller.check(person.post.iter().any(|row| row.post_id == post), "the tiltak of the receipt is there");
        self.teller.heading("categories, the act they follow from, and the rule");
        for kategori in &person.kategori {
            let until = kategori.til_dato.map_or_else(|| "no end".to_owned(), |day| day.to_string());
            self.teller.note(format_args!(
                "  {:<16} {} to {until:<10}  {:<14} {}",
                kategori.kategori, kategori.fra_dato, kategori.lov, kategori.regel
            ));
        }
        self.teller.heading("deadlines, the scheme, how they stand, and the rule");
        for frist in &person.frist {
            let day = frist.dato.map_or_else(|| "not computed".to_owned(), |day| day.to_string());
            self.teller.note(format_args!(
                "  {:<16} {:<5} {day:<18} {:<14} {}",
                frist.fristtype, frist.ordning, frist.status, frist.regel
            ));
        }
        let open = person
            .kategori
            .iter()
            .any(|kategori| kategori.kategori == "INTRO_RP" && kategori.til_dato.is_none_or(|day| day >= plan.week.to));
        self.teller.check(open, "INTRO_RP (introduksjonsprogram: right and duty) is open");
        self.teller.heading("hours of tiltak per week, the average of each month");
        for average in &person.maanedssnitt {
            self.teller.note(format_args!(
                "  {}  {:>5}  over {} virkedager",
                average.maaned, average.timer_per_uke, average.virkedager
            ));
        }
        let some = person.maanedssnitt.iter().any(|average| !average.timer_per_uke.is_zero());
        self.teller.check(some, "the monthly average is computed");
        Ok(())
    }

    /// What is new in the other installation's stream.
    async fn changes(&self, after: i64, wait: u32) -> anyhow::Result<(Endringsside, Duration)> {
        let message = messages::hent_endringer(OTHER, &fresh_id(), clock::now(), after, wait);
        let exchanged = self.other.call(&message, clock::now()).await?;
        let elapsed = exchanged.elapsed;
        Ok((page(exchanged)?, elapsed))
    }
}

/// What a change says, in a few words.
fn said(endring: &Endring) -> String {
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "no end".to_owned(), |day| day.to_string());
    if let Some(post) = &endring.post_endret {
        return format!("{} {}", post.handling, post.posttype);
    }
    if let Some(kategori) = &endring.kategori_endret {
        return format!("{} {} to {}", kategori.kategori, kategori.fra, day(kategori.til));
    }
    if let Some(frist) = &endring.frist_endret {
        return format!("{} {} {}", frist.fristtype, frist.ordning, frist.dato);
    }
    if let Some(ordning) = &endring.ordning_endret {
        return format!("{} {} {}", ordning.ordning, ordning.status, ordning.dato);
    }
    let more = endring.annen_hendelse.iter().flat_map(|annen| &annen.tillegg);
    // What its own name says is not said again, and the whole of it stands on the wire.
    let more = more.filter(|more| more.verdi != endring.hendelsestype);
    let few: Vec<_> = more.map(|more| format!("{} {}", more.noekkel, short(&more.verdi))).take(FEW).collect();
    few.join(", ")
}

/// An id is known by how it begins.
fn short(value: &str) -> String {
    Uuid::parse_str(value).map_or_else(|_| value.to_owned(), |_| value.chars().take(8).chain(['…']).collect())
}

fn fresh_id() -> String {
    format!("demo-{}", Uuid::new_v4())
}

/// A number that nobody has had: of the series of synthetic persons, with its control digits (domain.md 3.1).
fn fresh_duf() -> String {
    let serial = Uuid::new_v4().as_u128() % SERIALS;
    persons::duf(SERIES, u32::try_from(serial).unwrap_or_default())
}

/// Some days before.
fn earlier(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn registration(id: &str, plan: &Plan) -> Message {
    messages::send_registreringer(OURS, id, clock::now(), &plan.duf, &plan.decision, Some(&plan.week))
}

fn receipt(exchanged: Exchanged) -> anyhow::Result<Kvittering> {
    match exchanged.answer {
        Answer::SendRegistreringer(wrapper) => Ok(wrapper.kvittering),
        _ => anyhow::bail!("sendRegistreringer got another answer"),
    }
}

fn page(exchanged: Exchanged) -> anyhow::Result<Endringsside> {
    match exchanged.answer {
        Answer::HentEndringer(wrapper) => Ok(wrapper.side),
        _ => anyhow::bail!("hentEndringer got another answer"),
    }
}

fn person(exchanged: Exchanged) -> anyhow::Result<Personsvar> {
    match exchanged.answer {
        Answer::HentPerson(wrapper) => Ok(wrapper.person),
        _ => anyhow::bail!("hentPerson got another answer"),
    }
}

/// The post that a registration wrote.
fn post_of(receipt: &Kvittering, registrerings_id: &str) -> Option<String> {
    let mut lines = receipt.person.iter().flat_map(|person| &person.registrering);
    lines.find(|line| line.registrerings_id == registrerings_id)?.post.as_ref().map(|post| post.post_id.clone())
}

/// A decision of one year from this day.
fn decision(duf: &str, day: NaiveDate) -> Decision {
    let end = day.checked_add_months(Months::new(12)).and_then(|end| end.pred_opt()).unwrap_or(day);
    Decision { reference: format!("demo/vedtak/{duf}"), vedtaksdato: day, start: day, end }
}

impl Plan {
    /// A decision of one year from today, and a measure of its first week.
    fn of(duf: String, today: NaiveDate) -> Self {
        let to = today.checked_add_days(Days::new(WEEK_DAYS)).unwrap_or(today);
        let week = Week { reference: format!("demo/tiltak/{duf}"), from: today, to };
        Plan { decision: decision(&duf, today), week, duf }
    }
}

fn save(output: &Path, exchanged: &Exchanged) -> anyhow::Result<()> {
    std::fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))?;
    for (name, bytes) in [("request.xml", exchanged.request.as_slice()), ("kvittering.xml", &exchanged.envelope)] {
        let path = output.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

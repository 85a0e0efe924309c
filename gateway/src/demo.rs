//! The demonstration (`sandbox --demo`): a simulated fagsystem that sends real, signed SOAP over mTLS to the
//! running sandbox, and shows what comes back. Every run works on the same data directory.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{Days, Months, NaiveDate};
use nir_xsd::message::{Answer, Endring, Endringsside, Kvittering, Personsvar, Pingsvar};
use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::sandbox::{mottak, persons};
use caller::{Caller, Exchanged};
use messages::{Decision, ELSEWHERE, Message, OTHER, OUR_KOMMUNE, OURS, Week};
use teller::Teller;

pub mod caller;
pub mod messages;
pub mod teller;
pub mod wire;

/// The measures of a demonstration last a week each.
const WEEK_DAYS: u64 = 6;
/// How many days ago UDI knew the person, IMDi settled it, and UDI granted the permit.
const KNOWN: u64 = 250;
const SETTLED: u64 = 200;
const GRANTED: u64 = 40;
/// Numbers of the demonstration's persons: a series of synthetic ones.
const SERIES: u32 = 9_100;
const SERIALS: u128 = 1_000_000;
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
        self.settled(&plan, today).await?;
        self.permit(&plan, today).await?;
        let before = self.changes(0, 0).await?.0.siste_sekvensnummer;
        let id = fresh_id();
        let receipt = self.register(&id, &plan, output).await?;
        self.again(&id, &plan, &receipt).await?;
        self.wrong(&plan, today).await?;
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
        let (known, day) = (earlier(today, KNOWN), earlier(today, SETTLED));
        let udi = [("navn", known, messages::personalia())];
        self.told("UDI", "UDI knows a person that the register has not heard of", &plan.duf, &udi).await?;
        let imdi = [("bosetting", day, messages::bosetting(OUR_KOMMUNE, day))];
        self.told("IMDI", "IMDi settles the person in kommune 4204", &plan.duf, &imdi).await
    }

    async fn permit(&mut self, plan: &Plan, today: NaiveDate) -> anyhow::Result<()> {
        let before = self.changes(0, 0).await?.0.siste_sekvensnummer;
        let day = earlier(today, GRANTED);
        let facts = [("vedtak/1", day, messages::oppholdstillatelse(day))];
        self.told("UDI", "UDI grants a permit", &plan.duf, &facts).await?;
        let (page, elapsed) = self.changes(before, 0).await?;
        self.teller.step("hentEndringer", "what the kommune's fagsystem hears of it", elapsed);
        self.heard(&page);
        let opened = |endring: &&Endring| {
            endring.hendelsestype == "KATEGORI_AAPNET" && endring.duf_nummer.as_deref() == Some(plan.duf.as_str())
        };
        let opened = page.endring.iter().any(|endring| opened(&endring));
        self.teller.check(opened, "the permit opened a category, and nobody had to ask for it");
        Ok(())
    }

    async fn register(&mut self, id: &str, plan: &Plan, output: &Path) -> anyhow::Result<Kvittering> {
        let message = registration(id, plan);
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step(
            "sendRegistreringer",
            "the kommune registers: a vedtak and a tiltak, signed",
            exchanged.elapsed,
        );
        save(output, &exchanged)?;
        let receipt = receipt(exchanged)?;
        self.teller.receipt(&receipt);
        self.teller.check(receipt.status == "GODTATT", "the receipt says GODTATT, and its signature holds");
        self.teller
            .check(!receipt.gjentatt && post_of(&receipt, "2").is_some(), "the tiltak became a post of the register");
        self.teller.note(format_args!("saved {0}/request.xml and {0}/kvittering.xml", output.display()));
        Ok(receipt)
    }

    async fn again(&mut self, id: &str, plan: &Plan, first: &Kvittering) -> anyhow::Result<()> {
        // Signed anew, with a new Timestamp and a new opprettet: the content is the same.
        let exchanged = self.ours.call(&registration(id, plan), clock::now()).await?;
        self.teller.step("sendRegistreringer", "the same message once more, signed anew", exchanged.elapsed);
        let mut second = receipt(exchanged)?;
        self.teller.check(second.gjentatt, "the answer says gjentatt = true");
        second.gjentatt = first.gjentatt;
        self.teller.check(second == *first, "and is else the same receipt: nothing was registered twice");
        Ok(())
    }

    async fn wrong(&mut self, plan: &Plan, today: NaiveDate) -> anyhow::Result<()> {
        let day = today.checked_sub_months(Months::new(4)).unwrap_or(today);
        let decision = Decision { reference: format!("{}/2", plan.decision.reference), ..decision(&plan.duf, day) };
        let message = messages::send_registreringer(OURS, &fresh_id(), clock::now(), &plan.duf, &decision, None);
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step("sendRegistreringer", "a vedtak from four months ago, outside the window", exchanged.elapsed);
        let receipt = receipt(exchanged)?;
        self.teller.receipt(&receipt);
        let lines = receipt.person.iter().flat_map(|person| &person.registrering);
        let mut errors = lines.flat_map(|line| &line.feil);
        self.teller.check(receipt.status == "AVVIST", "the message is refused, and nothing is stored");
        self.teller.check(
            errors.any(|feil| feil.kode == "NIR-V601" && feil.tidligste_dato.is_some()),
            "every error says what is wrong, where, who mends it, how, and the earliest date",
        );
        Ok(())
    }

    async fn came_back(&mut self, before: i64, plan: &Plan, receipt: &Kvittering) -> anyhow::Result<i64> {
        let (page, elapsed) = self.changes(before, 0).await?;
        self.teller.step("hentEndringer", "what the other fagsystem of the kommune hears", elapsed);
        self.heard(&page);
        let post = post_of(receipt, "2").unwrap_or_default();
        let told = |endring: &Endring| endring.post_endret.as_ref().is_some_and(|told| told.post.post_id == post);
        let heard = page.endring.iter().any(told);
        self.teller.check(heard, format_args!("{} was told of the tiltak of {}", OTHER.avsendersystem, plan.duf));
        let last = page.siste_sekvensnummer;
        let message = messages::bekreft_endringer(OTHER, &fresh_id(), clock::now(), last);
        let exchanged = self.other.call(&message, clock::now()).await?;
        let Answer::BekreftEndringer(wrapper) = exchanged.answer else {
            anyhow::bail!("bekreftEndringer got another answer")
        };
        self.teller
            .check(wrapper.stroem.bekreftet_til == last, format_args!("and acknowledged its stream up to {last}"));
        Ok(last)
    }

    /// The changes of a page, a line each.
    fn heard(&self, page: &Endringsside) {
        for endring in &page.endring {
            let who = endring.duf_nummer.as_deref().unwrap_or_default();
            let (number, kind) = (endring.sekvensnummer, &endring.hendelsestype);
            self.teller.note(format_args!("{number:>4}  {kind:<28} {who}  {}", said(endring)));
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
        self.told("FOLKEREGISTER", "Folkeregisteret has the person living in kommune 4203", &plan.duf, &facts).await?;
        let exchanged = waiting.await.context("the waiting poll")??;
        let elapsed = exchanged.elapsed;
        let page = page(exchanged)?;
        self.teller.step("hentEndringer", "the fagsystem of 4204, which was waiting for news", elapsed);
        self.heard(&page);
        let left = page.endring.iter().any(|endring| endring.hendelsestype == "FRAFLYTTET");
        self.teller.check(left, "heard by pull that the person left");
        let new = loop {
            let new = self.stored()?.split_off(stored);
            let whole = |lines: &[Value]| lines.iter().any(|line| line["hendelsestype"] == "PERSON_OEYEBLIKKSBILDE");
            if whole(&new) || moved.elapsed() > PUSHED_WITHIN {
                break new;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.teller.step("mottaEndringer", "the fagsystem of 4203, which takes its changes by push", moved.elapsed());
        for line in &new {
            let kind = line["hendelsestype"].as_str().unwrap_or_default();
            self.teller.note(format_args!("{:>4}  {kind:<28} {}", line["sekvensnummer"], line["leveranseId"]));
        }
        let came = |kind: &str| new.iter().any(|line| line["hendelsestype"] == kind);
        self.teller.check(came("TILFLYTTET"), "heard by push that the person came, signed and with its number");
        self.teller.check(came("PERSON_OEYEBLIKKSBILDE"), "and has the whole person as the register knows it");
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
        for kategori in &person.kategori {
            let until = kategori.til_dato.map_or_else(|| "no end".to_owned(), |day| day.to_string());
            self.teller.note(format_args!(
                "{:<12} {} to {until}  {} {}",
                kategori.kategori, kategori.fra_dato, kategori.lov, kategori.regel
            ));
        }
        for frist in &person.frist {
            let day = frist.dato.map_or_else(|| "not computed".to_owned(), |day| day.to_string());
            self.teller.note(format_args!(
                "{:<16} {}  {day}  {} {}",
                frist.fristtype, frist.ordning, frist.status, frist.regel
            ));
        }
        let open = person
            .kategori
            .iter()
            .any(|kategori| kategori.kategori == "INTRO_RP" && kategori.til_dato.is_none_or(|day| day >= plan.week.to));
        self.teller.check(open, "the category INTRO_RP follows from the permit and the settlement, and is open");
        for average in &person.maanedssnitt {
            self.teller.note(format_args!(
                "{}  {} virkedager  {} hours of tiltak per week on average",
                average.maaned, average.virkedager, average.timer_per_uke
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
    more.map(|more| format!("{} {}", more.noekkel, more.verdi)).collect::<Vec<_>>().join(", ")
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

//! The demonstration (`sandbox --demo`): a simulated fagsystem that sends real, signed SOAP over mTLS to the
//! running sandbox, and shows what comes back. Every run works on the same data directory.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use chrono::{Days, Months, NaiveDate};
use nir_xsd::message::{Answer, Endring, Endringsside, Kvittering, Personsvar, Pingsvar};
use uuid::Uuid;

use crate::clock;
use crate::sandbox::persons::DEMONSTRATION;
use caller::{Caller, Exchanged};
use messages::{Decision, Message, OTHER, OURS, Week};
use teller::Teller;

pub mod caller;
pub mod messages;
pub mod teller;
pub mod wire;

/// A person for the wrong message; nothing is ever stored about it.
const WRONG_PERSON: &str = "202265432110";
/// The measures of a demonstration last a week each.
const WEEK_DAYS: u64 = 6;

/// Runs all steps; true when every one held. Saves the request and the receipt of the registration in `output`.
pub async fn run(data: &Path, address: SocketAddr, output: &Path) -> anyhow::Result<bool> {
    let certs = data.join("certs");
    let mut demo = Demo {
        ours: Caller::new(&certs, "vendor", address)?,
        other: Caller::new(&certs, "vendor2", address)?,
        teller: Teller::default(),
    };
    demo.all(output).await?;
    Ok(demo.teller.end())
}

struct Demo {
    ours: Caller,
    other: Caller,
    teller: Teller,
}

/// What a run registers, chosen so that it is new to the register and inside the window.
struct Plan {
    duf: &'static str,
    decision: Decision,
    week: Week,
}

impl Demo {
    async fn all(&mut self, output: &Path) -> anyhow::Result<()> {
        let today = self.ping().await?;
        let before = self.changes(0, 1).await?.0.siste_sekvensnummer;
        let plan = self.plan(today).await?;
        let id = fresh_id();
        let receipt = self.register(&id, &plan, output).await?;
        self.again(&id, &plan, &receipt).await?;
        self.wrong(today).await?;
        self.came_back(before, &plan, &receipt).await?;
        self.person(&plan, &receipt).await
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

    /// The first person of the pool with room for one more week.
    async fn plan(&mut self, today: NaiveDate) -> anyhow::Result<Plan> {
        for duf in DEMONSTRATION {
            let message = messages::hent_person(OURS, &fresh_id(), clock::now(), duf, None);
            let person = person(self.ours.call(&message, clock::now()).await?)?;
            if let Some(plan) = plan(duf, &person, today) {
                return Ok(plan);
            }
        }
        anyhow::bail!(
            "every demonstration person is full on this register date; start with a fresh --data, or POST /sandbox/reset"
        )
    }

    async fn register(&mut self, id: &str, plan: &Plan, output: &Path) -> anyhow::Result<Kvittering> {
        let message = registration(id, plan);
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step("sendRegistreringer", "a vedtak and a tiltak, signed", exchanged.elapsed);
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

    async fn wrong(&mut self, today: NaiveDate) -> anyhow::Result<()> {
        let day = today.checked_sub_months(Months::new(4)).unwrap_or(today);
        let decision = decision(WRONG_PERSON, day);
        let message = messages::send_registreringer(OURS, &fresh_id(), clock::now(), WRONG_PERSON, &decision, None);
        let exchanged = self.ours.call(&message, clock::now()).await?;
        self.teller.step("sendRegistreringer", "a vedtak from four months ago, outside the window", exchanged.elapsed);
        let receipt = receipt(exchanged)?;
        self.teller.receipt(&receipt);
        let lines = receipt.person.iter().flat_map(|person| &person.registrering);
        let first = lines.flat_map(|line| &line.feil).next();
        self.teller.check(receipt.status == "AVVIST", "the message is refused, and nothing is stored");
        self.teller.check(
            first.is_some_and(|feil| feil.kode == "NIR-V601" && feil.tidligste_dato.is_some()),
            "the error says what is wrong, where, who mends it, how, and the earliest date",
        );
        Ok(())
    }

    async fn came_back(&mut self, before: i64, plan: &Plan, receipt: &Kvittering) -> anyhow::Result<()> {
        let (page, elapsed) = self.changes(before, 100).await?;
        self.teller.step("hentEndringer", "what the other fagsystem of the kommune hears", elapsed);
        let post = post_of(receipt, "2").unwrap_or_default();
        let mut heard = false;
        for endring in &page.endring {
            let told = endring.post_endret.as_ref();
            heard |= told.is_some_and(|told| told.post.post_id == post);
            let who = endring.duf_nummer.as_deref().unwrap_or_default();
            let (number, kind) = (endring.sekvensnummer, &endring.hendelsestype);
            self.teller.note(format_args!("{number:>4}  {kind:<28} {who}  {}", said(endring)));
        }
        self.teller.check(heard, format_args!("{} was told of the tiltak of {}", OTHER.avsendersystem, plan.duf));
        let last = page.siste_sekvensnummer;
        let message = messages::bekreft_endringer(OTHER, &fresh_id(), clock::now(), last);
        let exchanged = self.other.call(&message, clock::now()).await?;
        let Answer::BekreftEndringer(wrapper) = exchanged.answer else {
            anyhow::bail!("bekreftEndringer got another answer")
        };
        self.teller
            .check(wrapper.stroem.bekreftet_til == last, format_args!("and acknowledged its stream up to {last}"));
        Ok(())
    }

    async fn person(&mut self, plan: &Plan, receipt: &Kvittering) -> anyhow::Result<()> {
        let month = |day: NaiveDate| day.format("%Y-%m").to_string();
        let (from, to) = (month(plan.week.from), month(plan.week.to));
        let message = messages::hent_person(OURS, &fresh_id(), clock::now(), plan.duf, Some((&from, &to)));
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

    /// A page of the other installation's stream.
    async fn changes(&self, after: i64, count: u32) -> anyhow::Result<(Endringsside, std::time::Duration)> {
        let message = messages::hent_endringer(OTHER, &fresh_id(), clock::now(), after, count);
        let exchanged = self.other.call(&message, clock::now()).await?;
        match exchanged.answer {
            Answer::HentEndringer(wrapper) => Ok((wrapper.side, exchanged.elapsed)),
            _ => anyhow::bail!("hentEndringer got another answer"),
        }
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
    endring.ordning_endret.as_ref().map_or_else(String::new, |o| format!("{} {} {}", o.ordning, o.status, o.dato))
}

fn fresh_id() -> String {
    format!("demo-{}", Uuid::new_v4())
}

fn registration(id: &str, plan: &Plan) -> Message {
    messages::send_registreringer(OURS, id, clock::now(), plan.duf, &plan.decision, Some(&plan.week))
}

fn receipt(exchanged: Exchanged) -> anyhow::Result<Kvittering> {
    match exchanged.answer {
        Answer::SendRegistreringer(wrapper) => Ok(wrapper.kvittering),
        _ => anyhow::bail!("sendRegistreringer got another answer"),
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

/// What can be registered for this person: the decision it has from an earlier run, unchanged, or a new one;
/// and the first week after the measures it has. `None` when the decision has no room for a week.
fn plan(duf: &'static str, person: &Personsvar, today: NaiveDate) -> Option<Plan> {
    let reference = decision(duf, today).reference;
    let ours = person.post.iter().find(|post| !post.annullert && post.avsenders_referanse.as_ref() == Some(&reference));
    let decision = match ours.and_then(|post| post.innhold.vedtak.as_ref()) {
        Some(vedtak) => {
            Decision { reference, vedtaksdato: vedtak.vedtaksdato, start: vedtak.start_dato?, end: vedtak.slutt_dato? }
        }
        None => decision(duf, today),
    };
    let measures = person.post.iter().filter_map(|post| post.innhold.tiltak.as_ref());
    let free = measures.map(|tiltak| tiltak.til_dato).max().and_then(|last| last.succ_opt()).unwrap_or(today);
    let from = free.max(today).max(decision.start);
    let to = from.checked_add_days(Days::new(WEEK_DAYS))?;
    let fits = decision.start <= today && to <= decision.end;
    let reference = format!("demo/tiltak/{}", Uuid::new_v4().simple());
    fits.then_some(Plan { duf, decision, week: Week { reference, from, to } })
}

fn save(output: &Path, exchanged: &Exchanged) -> anyhow::Result<()> {
    std::fs::create_dir_all(output).with_context(|| format!("cannot create {}", output.display()))?;
    for (name, bytes) in [("request.xml", exchanged.request.as_slice()), ("kvittering.xml", &exchanged.envelope)] {
        let path = output.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

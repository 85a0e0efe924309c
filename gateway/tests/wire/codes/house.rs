//! The sandbox of the tables. One case at a time, so that whatever is stored or counted meanwhile is the case's own doing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::attacks::{log_is_clean, names_of_persons};
use crate::client::{Answer, Client, SOAP_11};
use crate::codes::case::{Attempt, Case, Sent, Told};
use crate::codes::check::{self, Feil};
use crate::messages::{Head, day, fresh, head, hent_kvittering, hent_person, person, registrer, send, vedtak};
use crate::sandbox::Sandbox;

/// Every stream that anything sent here could reach, with who reads it.
const STREAMS: [(&str, &str, &str, &str); 4] = [
    ("vendor", "4204-flyktning-1", "4204", "4204-SKJERM1"),
    ("vendor2", "4204-voksen-2", "4204", "4204-SKJERM1"),
    ("vendor", "0301-flyktning-1", "0301", "0301-OVERF1"),
    ("vendor", "4203-flyktning-1", "4203", "4203-OVERF1"),
];

pub struct House {
    pub sandbox: Sandbox,
    names: BTreeSet<String>,
    turn: Mutex<()>,
}

pub fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let sandbox = Sandbox::start(None);
        House { names: names_of_persons(&sandbox), sandbox, turn: Mutex::new(()) }
    })
}

/// What must be the same before and after.
#[derive(Debug, PartialEq, Eq)]
pub struct Stored {
    persons: Vec<String>,
    numbers: Vec<String>,
}

impl House {
    pub fn client(&self, name: &str) -> Client<'_> {
        Client::new(&self.sandbox, name)
    }

    /// What was refused left nothing of a person in the log.
    pub fn log_is_clean(&self) {
        log_is_clean(&self.sandbox, &self.names);
    }

    /// The other cases wait.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A person of 4204 that nothing has been sent about.
    pub fn unused(&self) -> String {
        self.sandbox.unused("4204")
    }

    /// The person that shows this (`persons.json`).
    pub fn shown(&self, begins: &str) -> String {
        let persons = self.sandbox.json("persons.json");
        let mut all = persons["personer"].as_array().unwrap().iter();
        let found = all.find(|person| person["viser"].as_str().unwrap().starts_with(begins));
        found.unwrap_or_else(|| panic!("nobody shows {begins}"))["dufNummer"].as_str().unwrap().to_owned()
    }

    /// A person of 4204 with an INTRO decision from 30 days ago for 300 days, and the decision's reference.
    pub fn granted(&self) -> (String, String) {
        let (duf, reference) = (self.unused(), fresh("vedtak"));
        self.stores(&head(), &duf, &registrer("1", &reference, &vedtak(&day(-30), &day(-30), &day(300))));
        (duf, reference)
    }

    /// Sends lines that must be accepted; gives the receipt.
    pub fn stores(&self, head: &Head, duf: &str, lines: &str) -> Answer {
        let mut head = head.clone();
        head.meldings_id = fresh("before");
        let answer = self.client("vendor").accepted(&send(&head, &person(duf, lines)));
        assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{answer}");
        answer
    }

    /// What is stored of these persons, and the last number of every stream.
    pub fn stored(&self, persons: &[String]) -> Stored {
        let read = |(client, system, kommune, user): (&str, &'static str, &'static str, &'static str), duf: &str| {
            self.client(client).call(&hent_person(
                &head().from(system, kommune, user),
                duf,
                "<medAnnullerte>true</medAnnullerte>",
            ))
        };
        let of = |duf: &String| {
            let body = read(STREAMS[0], duf).body;
            let start = body.find("<person>").unwrap_or(0);
            let end = body.find("<stroem>").unwrap_or(start);
            body[start..end].to_owned()
        };
        let number =
            |stream| read(stream, "202400000702").text("sisteSekvensnummer").expect("a read tells the position");
        Stored { persons: persons.iter().map(of).collect(), numbers: STREAMS.map(number).to_vec() }
    }

    /// Runs a case; what is wrong, if anything is.
    pub fn judge(&self, case: &Case) -> Result<(), String> {
        let _turn = self.turn();
        let told = |what: String| format!("{} ({}): {what}", case.code, case.how);
        let attempt = (case.provoke)(self);
        if let Some((kommune, tid)) = attempt.clock {
            self.sandbox.set_clock(kommune, tid);
        }
        let outcome = self.look_at(case, &attempt);
        if let Some((kommune, _)) = attempt.clock {
            self.sandbox.set_clock(kommune, "now");
        }
        outcome.map_err(told)
    }

    fn look_at(&self, case: &Case, attempt: &Attempt) -> Result<(), String> {
        let before = self.stored(&attempt.persons);
        let (sent, answer) = self.send(attempt, case.told);
        check::answer(case, &sent, &answer)?;
        let accepted = matches!(case.told, Told::Warning(_));
        if accepted {
            return Ok(());
        }
        let after = self.stored(&attempt.persons);
        if before != after {
            return Err(format!("something was stored: {before:?} became {after:?}"));
        }
        if let (Some(head), Told::Receipt(_)) = (&attempt.registers, case.told) {
            self.spending(head, attempt, &answer)?;
        }
        if let (Some(head), Told::Fault(..)) = (&attempt.registers, case.told)
            && self.receipt_of(head).is_some_and(|status| status != "IKKE_MOTTATT")
        {
            return Err("a message that was never judged has spent its id".to_owned());
        }
        Ok(())
    }

    /// A final answer is stored and repeated; any other is given anew (contract.md 4.4).
    fn spending(&self, head: &Head, attempt: &Attempt, first: &Answer) -> Result<(), String> {
        // K703 is an answer to an id that was spent before.
        if first.codes() == ["NIR-K703"] {
            return Ok(());
        }
        let is_final = check::all(first).iter().filter(|feil| feil.alvorlighet == "FEIL").all(Feil::spends);
        let stored = self.receipt_of(head);
        if let Some(status) = stored
            && status != if is_final { "FUNNET" } else { "IKKE_MOTTATT" }
        {
            return Err(format!("hentKvittering says {status}"));
        }
        let (_, again) = self.send(attempt, Told::Receipt(crate::codes::case::Part::Message));
        let repeated = again.text("gjentatt").as_deref() == Some("true");
        if repeated != is_final || again.codes() != first.codes() {
            return Err(format!(
                "sent again it is {} and says {:?}",
                again.text("gjentatt").unwrap_or_default(),
                again.codes()
            ));
        }
        Ok(())
    }

    /// What hentKvittering says of the message; `None` where its sender may not even ask.
    fn receipt_of(&self, head: &Head) -> Option<String> {
        let asking = STREAMS.iter().find(|(_, system, ..)| *system == head.avsendersystem)?;
        let (client, system, kommune, user) = *asking;
        let asking = crate::messages::head().from(system, kommune, user);
        self.client(client).call(&hent_kvittering(&asking, &head.meldings_id)).text("status")
    }

    /// Sends it; gives the envelope as it went out. A Fault is asked for until it comes signed: only ten per second are
    /// (design.md 17, Faults).
    pub fn send(&self, attempt: &Attempt, told: Told) -> (String, Answer) {
        for _ in 0..20 {
            let (sent, answer) = self.send_once(attempt);
            let budget = matches!(told, Told::Fault(..)) && !answer.body.contains("SignatureValue");
            if !budget {
                return (sent, answer);
            }
            // The next second brings ten more.
            let rest = 1_000 - u64::from(crate::client::now().timestamp_subsec_millis() % 1_000);
            std::thread::park_timeout(std::time::Duration::from_millis(rest));
        }
        self.send_once(attempt)
    }

    fn send_once(&self, attempt: &Attempt) -> (String, Answer) {
        if let Some(fault) = attempt.order {
            self.sandbox.order(fault);
        }
        let client = Client::with(&self.sandbox, attempt.tls, &attempt.signer);
        match &attempt.sent {
            Sent::Payload(payload) => {
                let envelope = client.sealed(payload);
                let answer = client.send(&envelope);
                (envelope, answer)
            }
            Sent::Envelope(envelope) => (envelope.clone(), client.send(envelope)),
            Sent::Post(media, headers, body) => {
                (String::from_utf8_lossy(body).into_owned(), client.post(media, headers, body))
            }
            Sent::Raw(request) => (String::new(), client.raw(request).unwrap()),
        }
    }
}

/// A payload on many lines, so that a place is more than a column.
pub fn on_lines(payload: &str) -> String {
    payload.replace("><", ">\n<")
}

/// The content type of SOAP 1.1, for attempts that change a header.
pub const MEDIA: &str = SOAP_11;

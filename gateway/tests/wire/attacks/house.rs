//! The sandbox that is attacked: one process for all attacks. After each table it must still be the same one, answer,
//! hold no more memory than stated, and have logged nothing of what was sent.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use nir_wsdl::seal::Signer;

use crate::attacks::forge::Forge;
use crate::client::{Answer, Client, SOAP_11};
use crate::messages::{Head, day, fresh, head, hent_kvittering, hent_person, person, registrer, send, vedtak};
use crate::sandbox::{Sandbox, plain_http};

/// What the process may hold more than after its start, whatever it was sent: what four of the largest messages take
/// while they are parsed (their bytes are limited to 16 MiB), most of which the allocator keeps. A leak of any of the
/// large attacks goes past it.
const MOST_GROWTH: u64 = 128 * 1024 * 1024;
/// Largest refusal (threats.md 2); what a receipt lists comes on top.
pub const MOST_BYTES: usize = 8 * 1024;
/// Words that only the inside of the gateway knows (threats.md, class 30).
const INSIDE: [&str; 9] = ["panicked", ".rs", "backtrace", "/tmp/", "libxml", "sqlx", "sqlite", "thread '", "nir_"];

/// The attacked sandbox.
pub struct House {
    pub sandbox: Sandbox,
    resident: u64,
    health: u16,
    names: BTreeSet<String>,
}

/// The one of all attacks.
pub fn house() -> &'static House {
    static HOUSE: OnceLock<House> = OnceLock::new();
    HOUSE.get_or_init(House::open)
}

/// A message that is accepted as it is, and what an attacker would rather have processed.
pub struct Victim {
    pub duf: String,
    pub id: String,
    pub payload: String,
    pub evil_id: String,
    pub evil: String,
}

/// One way to attack: what is sent, and the one code that must answer.
pub struct Attack {
    pub what: String,
    pub headers: String,
    pub body: Vec<u8>,
    pub code: &'static str,
}

/// An envelope.
pub fn attack(what: impl Into<String>, forged: Forge, code: &'static str) -> Attack {
    bytes(what, forged.xml.into_bytes(), code)
}

/// Any bytes.
pub fn bytes(what: impl Into<String>, body: Vec<u8>, code: &'static str) -> Attack {
    Attack { what: what.into(), headers: String::new(), body, code }
}

impl House {
    fn open() -> Self {
        let sandbox = Sandbox::start(None);
        let endpoints = sandbox.json("endpoints.json");
        let health = endpoints["health"].as_str().unwrap().rsplit(':').next().unwrap();
        let health = health.split('/').next().unwrap().parse().unwrap();
        let mut house = House { sandbox, resident: 0, health, names: BTreeSet::new() };
        house.names = names_of_persons(&house.sandbox);
        house.resident = house.sandbox.resident();
        house
    }

    pub fn client(&self, name: &str) -> Client<'_> {
        Client::new(&self.sandbox, name)
    }

    /// The vendor, who serves 4204-flyktning-1.
    pub fn vendor(&self) -> Client<'_> {
        self.client("vendor")
    }

    pub fn victim(&self) -> Victim {
        let (duf, id, evil_id) = (self.sandbox.unused("4204"), fresh("victim"), fresh("evil"));
        let payload = |id: &str, end: i64| {
            let line = registrer("1", &format!("v/{id}"), &vedtak(&day(0), &day(0), &day(end)));
            send(&head().id(id), &person(&duf, &line))
        };
        Victim { payload: payload(&id, 300), evil: payload(&evil_id, 200), duf, id, evil_id }
    }

    /// Attacks with every row of a table of which nothing may be accepted, each made of the same victim's message.
    pub fn repels(&self, table: impl FnOnce(&Signer, &Victim) -> Vec<Attack>) {
        self.repels_by(SOAP_11, table);
    }

    /// The same by the content type of one SOAP version.
    pub fn repels_by(&self, media: &'static str, table: impl FnOnce(&Signer, &Victim) -> Vec<Attack>) {
        let (vendor, victim) = (self.vendor(), self.victim());
        let mut wrong = Vec::new();
        for attack in table(&vendor.signer, &victim) {
            let answer = vendor.post(media, &attack.headers, &attack.body);
            wrong.extend(why_not_refused(&attack.what, &answer, attack.code));
            self.untouched(&vendor, &victim, &attack.what);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let answer = vendor.send(&Forge::draft(&vendor.signer, &victim.payload).sign(&vendor.signer).xml);
        assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "not attacked it is accepted: {}", answer.body);
        self.stands();
    }

    /// Nothing of the victim's messages was received or stored.
    pub fn untouched(&self, vendor: &Client<'_>, victim: &Victim, what: &str) {
        for id in [&victim.id, &victim.evil_id] {
            assert_eq!(self.receipt_status(vendor, &head(), id), "IKKE_MOTTATT", "{what}");
        }
        let read = vendor.accepted(&hent_person(&head(), &victim.duf, "<medAnnullerte>true</medAnnullerte>"));
        assert!(read.texts("postId").is_empty(), "{what}: something was stored: {}", read.body);
    }

    /// What hentKvittering says of an id.
    pub fn receipt_status(&self, client: &Client<'_>, head: &Head, id: &str) -> String {
        client.accepted(&hent_kvittering(head, id)).text("status").unwrap()
    }

    /// The same process, in good health, with bounded memory and a log that tells nothing.
    pub fn stands(&self) {
        let (status, _, body) =
            plain_http(self.health, "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!((status, body.as_str()), (200, "ok"));
        // Nothing starts it again, so that as long as it answers and this process is there it is the same one.
        let resident = self.sandbox.resident();
        assert!(resident <= self.resident + MOST_GROWTH, "{} MiB, {} at first", resident >> 20, self.resident >> 20);
        log_is_clean(&self.sandbox, &self.names);
    }
}

/// One line per event, none an alarm, and nothing of a person in any.
pub fn log_is_clean(sandbox: &Sandbox, names: &BTreeSet<String>) {
    let read = |name: &str| std::fs::read_to_string(sandbox.data().join(name)).unwrap();
    for line in read("sandbox.log").lines() {
        let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
        let level = rest.split_whitespace().next();
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "a line that is no event: {line}");
        assert!(matches!(level, Some("INFO")), "a sender alarms nobody: {line}");
        assert!(rest.contains("event="), "a line that is no event: {line}");
    }
    for text in [read("sandbox.log"), read("sandbox.out")] {
        assert!(!text.contains("panicked"), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters in the log");
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let national_id = word.bytes().all(|b| b.is_ascii_digit()) && matches!(word.len(), 11 | 12);
            assert!(!national_id, "a DUF number or national id is logged");
            assert!(!names.contains(word), "a name is logged");
        }
    }
}

/// First and last names of the sandbox's persons.
pub fn names_of_persons(sandbox: &Sandbox) -> BTreeSet<String> {
    let (vendor, head) = (Client::new(sandbox, "vendor"), head().from("4204-flyktning-1", "4204", "4204-SUPER1"));
    let persons = sandbox.json("persons.json");
    let mut names = BTreeSet::new();
    for person in persons["personer"].as_array().unwrap() {
        let answer = vendor.call(&hent_person(&head, person["dufNummer"].as_str().unwrap(), ""));
        names.extend(answer.texts("fornavn"));
        names.extend(answer.texts("etternavn"));
    }
    assert!(names.len() > 10, "the persons have names: {names:?}");
    names
}

/// A refusal with this code alone, small, and without a word of what is inside.
pub fn refused(what: &str, answer: &Answer, code: &str) {
    assert_eq!(why_not_refused(what, answer, code), None);
}

/// Why an answer is not such a refusal. All of a table are told at once.
fn why_not_refused(what: &str, answer: &Answer, code: &str) -> Option<String> {
    discreet(what, &answer.body);
    if answer.body.is_empty() {
        return Some(format!("{what}: {code} was expected, nothing came: {}", answer.head));
    }
    let (codes, size) = (answer.codes(), answer.body.len());
    let right = codes == [code] && size <= MOST_BYTES;
    (!right)
        .then(|| format!("{what}: {code} was expected, {codes:?} came in {size} bytes, {:?}", answer.text("melding")))
}

/// Says nothing of the inside.
pub fn discreet(what: &str, text: &str) {
    for word in INSIDE {
        assert!(!text.contains(word), "{what} tells of the inside ({word}): {text}");
    }
}

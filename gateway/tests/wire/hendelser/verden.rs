//! A sandbox with what the cases need: persons in every state, sources that tell, streams that are read on from where they
//! stood.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use roxmltree::Node;

use super::Case;
use crate::client::{Answer, Client};
use crate::kilde::{nobody, permit, personalia, sett, told};
use crate::messages::{Head, day, fresh, head, hent_endringer, person, registrer, send, vedtak};
use crate::process::{eventually, succeed};
use crate::pull::as_1_1;
use crate::sandbox::Sandbox;

/// What a stream told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hoert {
    pub hendelsestype: String,
    pub opphav: String,
    pub duf: String,
    /// The element that holds what it says, and that.
    pub element: String,
    pub innhold: String,
}

/// The sandbox of a table.
pub struct Verden {
    pub sandbox: Sandbox,
    next: AtomicU32,
    /// The records that a person's last message made, in order.
    posts: Mutex<HashMap<String, Vec<String>>>,
    documented: BTreeMap<String, Vec<String>>,
}

/// Avsendersystemer beside the sandbox's own: of one scheme, of two bydeler.
const MORE: [(&str, &str, Option<&str>, &str); 3] = [
    ("4204-norsk-9", "4204", None, "NORSK"),
    ("0301-bydel-1", "0301", Some("030101"), "INTRO"),
    ("0301-bydel-3", "0301", Some("030103"), "INTRO"),
];

/// A row of an avsendersystem.
pub fn system(id: &str, kommune: &str, bydel: Option<&str>, ordning: &str) -> String {
    let bydel = bydel.map(|bydel| format!(r#""bydel": "{bydel}", "#)).unwrap_or_default();
    format!(
        r#"{{"kind": "AVSENDERSYSTEM", "id": "{id}", "kommune": "{kommune}", {bydel}"operator": "310000000", "ordninger": ["{ordning}"], "produkt": "Prøvefagsystem", "valid": {{"from": "2005-01-01", "to": null}}}}"#
    )
}

/// Who reads that stream, and by whose certificate.
pub fn reader(system: &'static str) -> (&'static str, Head) {
    let (kommune, user) = match system.split('-').next().unwrap() {
        "0301" => ("0301", "0301-OVERF1"),
        "4203" => ("4203", "4203-OVERF1"),
        _ => ("4204", "4204-OVERF1"),
    };
    (if system == "4204-voksen-2" { "vendor2" } else { "vendor" }, head().from(system, kommune, user))
}

impl Verden {
    pub fn new() -> Self {
        let verden = Verden {
            sandbox: Sandbox::start(None),
            next: AtomicU32::new(100),
            posts: Mutex::default(),
            documented: documented(),
        };
        let rows: Vec<String> = MORE.iter().map(|(id, kommune, bydel, o)| system(id, kommune, *bydel, o)).collect();
        verden.import("party", &rows.join("\n"));
        for (id, ..) in MORE {
            let (client, head) = reader(id);
            let client = Client::new(&verden.sandbox, client);
            eventually("the avsendersystem", || {
                (client.call(&hent_endringer(&head, &format!("{id}.1"), 0, "")).status == 200).then_some(())
            });
        }
        verden
    }

    /// Rows of the registry, as an operator imports them.
    pub fn import(&self, family: &str, rows: &str) {
        let file = self.sandbox.data().join(format!("{}.ndjson", fresh("rows")));
        std::fs::write(&file, rows).unwrap();
        self.operate(&[family, "import", file.to_str().unwrap()]);
    }

    /// A command of the operator.
    pub fn operate(&self, words: &[&str]) -> String {
        succeed(words, &self.sandbox.config())
    }

    /// A number that nobody has.
    fn nobody(&self) -> String {
        nobody(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Somebody of 4204, of whom no source of the sandbox tells.
    pub fn load(&self) -> String {
        self.sandbox.unused("4204")
    }

    /// Somebody whom UDI alone knows, with a permit.
    pub fn permitted(&self) -> String {
        let duf = self.nobody();
        let granted = day(-90);
        let lines = sett("navn", &granted, &personalia()) + &sett("vedtak/1", &granted, &permit("ASYL", &granted));
        self.udi(&duf, &lines);
        duf
    }

    /// A refugee who was settled in 4204.
    pub fn refugee(&self) -> String {
        let duf = self.permitted();
        self.freg(&duf, &sett("bosted/1", &day(-20), &bosted("4204", None)));
        self.imdi(&duf, &sett("b", &day(-20), &bosetting(&day(-20))));
        duf
    }

    /// Who lives in a place, by Folkeregisteret's word alone.
    pub fn resident(&self, kommune: &str, bydel: Option<&str>) -> String {
        let duf = self.nobody();
        self.udi(&duf, &sett("navn", &day(-100), &personalia()));
        self.freg(&duf, &sett("bosted/1", &day(-100), &bosted(kommune, bydel)));
        duf
    }

    /// A refugee with a programme and a measure, both begun some days ago.
    pub fn decided(&self) -> String {
        let duf = self.refugee();
        let measure = crate::messages::tiltak("NORSK_SAMF", "NS01", &day(-10), &day(40), "25");
        self.sends(&duf, &[&vedtak(&day(-10), &day(-10), &day(300)), &measure]);
        duf
    }

    pub fn udi(&self, duf: &str, lines: &str) {
        self.source("udi", "UDI", duf, lines);
    }

    pub fn freg(&self, duf: &str, lines: &str) {
        self.source("folkeregister", "FOLKEREGISTER", duf, lines);
    }

    pub fn imdi(&self, duf: &str, lines: &str) {
        self.source("imdi", "IMDI", duf, lines);
    }

    pub fn pad(&self, duf: &str, lines: &str) {
        self.source("hkdir", "PAD", duf, lines);
    }

    fn source(&self, certificate: &str, kilde: &str, duf: &str, lines: &str) {
        Client::source(&self.sandbox, certificate).registered(&told(kilde, &fresh("k"), &person(duf, lines)));
    }

    /// The kommune registers these, in order.
    pub fn sends(&self, duf: &str, contents: &[&str]) {
        let lines = contents.iter().zip(1..).map(|(innhold, n)| registrer(&n.to_string(), "", innhold));
        self.sends_lines(duf, &lines.collect::<String>());
    }

    /// The kommune sends these lines.
    pub fn sends_lines(&self, duf: &str, lines: &str) {
        let receipt = Client::new(&self.sandbox, "vendor").registered(&send(&head(), &person(duf, lines)));
        self.posts.lock().unwrap().insert(duf.to_owned(), receipt.texts("postId"));
    }

    /// A record of the person's last message.
    pub fn post(&self, duf: &str, nth: usize) -> String {
        self.posts.lock().unwrap()[duf][nth].clone()
    }

    fn page(&self, system: &'static str, after: i64, antall: usize) -> Answer {
        let (client, head) = reader(system);
        let more = format!("<antall>{antall}</antall>");
        Client::new(&self.sandbox, client).accepted(&as_1_1(&hent_endringer(
            &head,
            &format!("{system}.1"),
            after,
            &more,
        )))
    }

    /// Where the stream stands.
    pub fn stands(&self, system: &'static str) -> i64 {
        self.page(system, 0, 1).text("sisteSekvensnummer").unwrap().parse().unwrap()
    }

    /// What the stream tells after a number; all of it as docs/hendelser.md says.
    pub fn hears(&self, system: &'static str, after: i64) -> Vec<Hoert> {
        let (mut all, mut read) = (Vec::new(), after);
        loop {
            let page = self.page(system, read, 500);
            let tree = roxmltree::Document::parse(&page.body).unwrap();
            for endring in tree.descendants().filter(|node| node.tag_name().name() == "endring") {
                read = text(endring, "sekvensnummer").parse().unwrap();
                all.push(self.checked(endring));
            }
            if page.text("flere").as_deref() != Some("true") {
                return all;
            }
        }
    }

    fn checked(&self, endring: Node<'_, '_>) -> Hoert {
        let payload = endring.last_element_child().unwrap();
        let innhold: String = payload.descendants().filter(Node::is_text).filter_map(|n| n.text()).collect();
        let one = Hoert {
            hendelsestype: text(endring, "hendelsestype"),
            opphav: text(endring, "opphav"),
            duf: text(endring, "dufNummer"),
            element: payload.tag_name().name().to_owned(),
            innhold,
        };
        let documented =
            self.documented.get(&one.hendelsestype).unwrap_or_else(|| panic!("docs/hendelser.md: {one:?}"));
        if one.element == "annenHendelse" {
            let keys: Vec<String> = payload
                .descendants()
                .filter(|n| n.tag_name().name() == "noekkel")
                .filter_map(|n| n.text())
                .map(str::to_owned)
                .collect();
            let known = |key: &String| documented.contains(key) || ["korrigert", "annullert"].contains(&key.as_str());
            assert!(keys.iter().all(known), "docs/hendelser.md has {documented:?}: {one:?} with {keys:?}");
            assert_eq!(keys.is_empty(), documented.is_empty(), "{one:?}");
        } else {
            assert_eq!(documented, std::slice::from_ref(&one.element), "docs/hendelser.md: {one:?}");
        }
        one
    }

    /// Goes through a table.
    pub fn each(&self, cases: &[Case]) {
        for case in cases {
            let duf = (case.given)(self);
            let stood: Vec<(&'static str, i64)> =
                std::iter::once(&case.til).chain(case.ikke).map(|system| (*system, self.stands(system))).collect();
            (case.cause)(self, &duf);
            self.holds(case, &duf, &stood);
        }
    }

    /// Who must hear has heard, once, and nobody else has.
    pub fn holds(&self, case: &Case, duf: &str, stood: &[(&'static str, i64)]) {
        for (system, after) in stood {
            let told: Vec<Hoert> = self.hears(system, *after).into_iter().filter(|one| one.duf == duf).collect();
            let of_it = told.iter().filter(|one| one.hendelsestype == case.code);
            let heard = of_it.clone().any(|one| one.opphav == case.opphav);
            assert_eq!(heard, *system == case.til, "{} to {system}: {told:#?}", case.code);
            assert!(heard || of_it.count() == 0, "{} to {system}: {told:#?}", case.code);
            assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "said twice to {system}: {told:#?}");
        }
    }
}

pub fn text(node: Node<'_, '_>, name: &str) -> String {
    let found = node.children().find(|child| child.tag_name().name() == name);
    found.and_then(|child| child.text()).unwrap_or_default().to_owned()
}

pub fn bosted(kommune: &str, bydel: Option<&str>) -> String {
    let bydel = bydel.map(|bydel| format!("<bydelsnummer>{bydel}</bydelsnummer>")).unwrap_or_default();
    format!("<bosted><kommunenummer>{kommune}</kommunenummer>{bydel}</bosted>")
}

pub fn bosetting(on: &str) -> String {
    format!(
        "<bosetting><kommunenummer>4204</kommunenummer><dato>{on}</dato><etterAvtale>true</etterAvtale></bosetting>"
    )
}

/// The same until a last day.
pub fn until(line: &str, last: &str) -> String {
    line.replacen("<innhold>", &format!("<tilDato>{last}</tilDato><innhold>"), 1)
}

/// What docs/hendelser.md says that each kind holds: keys, or the element of a type of its own.
fn documented() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/hendelser.md")).unwrap();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [codes, .., innhold] = cells.as_slice() else { continue };
        let mut keys: Vec<String> =
            innhold.split(';').next().unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect();
        if let Some(same) = innhold.strip_prefix("som ") {
            keys.clone_from(&all[same.trim_end_matches(" |")]);
        }
        let mut first = "";
        for code in codes.split(", ") {
            let whole = match code.strip_prefix('_') {
                Some(end) => format!("{}_{end}", first.rsplit_once('_').unwrap().0),
                None => {
                    first = code;
                    code.to_owned()
                }
            };
            all.insert(whole, keys.clone());
        }
    }
    all
}

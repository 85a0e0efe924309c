//! The first receipt time of a message that was not answered finally is kept for 14 days, and planted by nobody but its
//! sender (contract.md 4.4; design.md 17, Ids; threats.md 31).

use crate::attacks::forge::Forge;
use crate::client::{Answer, Client};
use crate::codes::house::{House, house};
use crate::messages::{Head, fresh, head, person, registrer, send, vedtak};

/// Register time is set for this kommune alone.
const KOMMUNE: &str = "4203";

fn mine() -> Head {
    head().from("4203-flyktning-1", KOMMUNE, "4203-OVERF1")
}

/// A message that is refused for its user, and so not finally; its date lies two months before 1 March 2022.
fn message(head: &Head, duf: &str, end: &str) -> String {
    send(head, &person(duf, &registrer("1", &fresh("v"), &vedtak("2022-01-01", "2022-01-01", end))))
}

fn received(answer: &Answer) -> String {
    answer.text("mottattDato").unwrap_or_else(|| panic!("no receipt: {answer}"))
}

struct Scene<'h> {
    house: &'h House,
    vendor: Client<'h>,
    head: Head,
    payload: String,
}

impl<'h> Scene<'h> {
    /// At noon of 1 March 2022, before anything was sent.
    fn new(house: &'h House) -> Self {
        house.sandbox.set_clock(KOMMUNE, "2022-03-01T12:00");
        let mut head = mine().id(&fresh("first"));
        head.user = "4203-INGEN";
        let payload = message(&head, &house.shown("Bor i 4203"), "2022-12-31");
        Scene { house, vendor: house.client("vendor"), head, payload }
    }

    fn at(&self, tid: &str) {
        self.house.sandbox.set_clock(KOMMUNE, tid);
    }

    /// The true message, refused for its user; its day of receipt.
    fn sent(&self) -> String {
        let answer = self.vendor.call(&self.payload);
        assert_eq!(answer.codes(), ["NIR-A404"], "{answer}");
        assert_eq!(answer.text("gjentatt").as_deref(), Some("false"));
        received(&answer)
    }
}

#[test]
fn a_message_keeps_its_first_day_for_fourteen_days() {
    let house = house();
    let _turn = house.turn();
    for (later, day) in [
        ("2022-03-01T18:00", "2022-03-01"),
        ("2022-03-10T12:00", "2022-03-01"),
        ("2022-03-15T11:00", "2022-03-01"),
        ("2022-03-15T13:00", "2022-03-15"),
        ("2022-04-01T12:00", "2022-04-01"),
        // A clock that was set back gives nobody a day that has not come.
        ("2022-02-20T12:00", "2022-02-20"),
    ] {
        let scene = Scene::new(house);
        assert_eq!(scene.sent(), "2022-03-01");
        scene.at(later);
        assert_eq!(scene.sent(), day, "sent again at {later}");
    }
    house.sandbox.set_clock(KOMMUNE, "now");
}

type Plant = fn(&Scene<'_>) -> Answer;

/// What somebody sends on 1 March under the id of a message that its sender sends on 10 March.
const PLANTS: [(&str, Plant); 10] = [
    ("unsigned", |s| s.vendor.send(&draft(s).replace("Signature", "").xml)),
    ("without Security", |s| s.vendor.send(&draft(s).replace("Security", "").xml)),
    ("with another key's value", |s| s.vendor.send(&draft(s).sign(&s.house.client("vendor2").signer).xml)),
    ("changed after signing", |s| {
        s.vendor.send(
            &draft(s)
                .text(&s.head.meldings_id, "another")
                .sign(&s.vendor.signer)
                .text("another", &s.head.meldings_id)
                .xml,
        )
    }),
    ("with an old Timestamp", |s| {
        let old = crate::attacks::forge::timestamp("ts", "2022-03-01T12:00:00Z", "2022-03-01T12:05:00Z");
        s.vendor.send(&draft(s).replace("Timestamp", &old).sign(&s.vendor.signer).xml)
    }),
    ("by a schema that does not hold", |s| s.vendor.call(&s.payload.replace("2022-12-31", "31.12.2022"))),
    ("by another party, rightly signed", |s| s.house.client("vendor2").call(&s.payload)),
    ("by the vendor over another's TLS", |s| Client::with(&s.house.sandbox, Some("kilde"), "vendor").call(&s.payload)),
    ("by the sender, with other content", |s| {
        s.vendor.call(&message(&s.head, &s.house.shown("Bor i 4203"), "2022-11-30"))
    }),
    ("by the sender, as a dry run", |s| {
        s.vendor.call(&s.payload.replace("</meldingshode>", "</meldingshode><proevekjoering>true</proevekjoering>"))
    }),
];

fn draft(scene: &Scene<'_>) -> Forge {
    Forge::draft(&scene.vendor.signer, &scene.payload)
}

#[test]
fn nothing_but_the_message_itself_plants_a_first_day() {
    let house = house();
    let _turn = house.turn();
    for (what, plant) in PLANTS {
        let scene = Scene::new(house);
        let answer = plant(&scene);
        assert!(!answer.codes().is_empty(), "{what} is refused: {answer}");
        scene.at("2022-03-10T12:00");
        assert_eq!(scene.sent(), "2022-03-10", "planted {what}");
    }
    house.sandbox.set_clock(KOMMUNE, "now");
}

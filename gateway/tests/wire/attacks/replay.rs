//! Classes 6, 7 and 31: captured messages again, times that stretch the moment in which they count, and ids that another
//! party spends first.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use nir_wsdl::seal::Signer;

use crate::attacks::forge::{Forge, timestamp, written};
use crate::attacks::house::{Attack, Victim, attack, house, refused};
use crate::client::{Client, now};
use crate::messages::{head, hent_person};

/// The captured message in other clothes: nothing that is signed is changed.
fn again(captured: &str) -> Vec<(&'static str, String)> {
    let forge = || Forge { xml: captured.to_owned() };
    let value = forge().content("SignatureValue");
    let wrapped: String =
        value.as_bytes().chunks(60).map(|line| format!("\n  {}", String::from_utf8_lossy(line))).collect();
    let stamp = forge().part("Timestamp");
    vec![
        ("byte for byte", captured.to_owned()),
        ("the value in lines", forge().set_content("SignatureValue", 0, &wrapped).xml),
        ("a comment in the Header", forge().into_start("Header", "<!-- again -->").xml),
        ("another header", forge().into_start("Header", "<x:X xmlns:x=\"urn:x\"/>").xml),
        ("another order in Security", forge().replace("Timestamp", "").into_end("Security", &stamp).xml),
        ("an XML declaration", format!("<?xml version=\"1.0\"?>\n{captured}")),
        (
            "white space between the parts",
            captured.replace("><soap:", ">\n <soap:").replace("></soap:Envelope>", ">\n</soap:Envelope>"),
        ),
        (
            "wsa:MessageID",
            forge()
                .into_start(
                    "Header",
                    "<wsa:MessageID xmlns:wsa=\"http://www.w3.org/2005/08/addressing\">urn:uuid:1</wsa:MessageID>",
                )
                .xml,
        ),
    ]
}

#[test]
fn a_captured_message_again_changes_nothing() {
    let house = house();
    let (vendor, victim) = (house.vendor(), house.victim());
    let captured = Forge::draft(&vendor.signer, &victim.payload).sign(&vendor.signer).xml;
    let first = vendor.send(&captured);
    assert_eq!(
        (first.text("status").as_deref(), first.text("gjentatt").as_deref()),
        (Some("GODTATT"), Some("false")),
        "{}",
        first.body
    );
    let read = || vendor.accepted(&hent_person(&head(), &victim.duf, "")).texts("postId");
    let posts = read();
    for (what, copy) in again(&captured) {
        let answer = vendor.send(&copy);
        assert_eq!(answer.text("gjentatt").as_deref(), Some("true"), "{what}: {}", answer.body);
        assert_eq!(answer.text("kvitteringsId"), first.text("kvitteringsId"), "{what}");
        assert_eq!(read(), posts, "{what}");
    }
    house.stands();
}

/// Who caught a message and has a TLS identity of its own learns nothing from it, not even the receipt.
#[test]
fn a_captured_message_by_anothers_tls_is_refused() {
    let house = house();
    let (vendor, victim) = (house.vendor(), house.victim());
    let captured = Forge::draft(&vendor.signer, &victim.payload).sign(&vendor.signer).xml;
    let thieves = ["kilde", "gateway"].map(|name| Client::with(&house.sandbox, Some(name), "vendor"));
    for thief in &thieves {
        let answer = thief.send(&captured);
        assert_eq!(answer.codes(), ["NIR-A403"], "{}", answer.body);
        house.untouched(&vendor, &victim, "a message by a TLS end without delegation");
    }
    let first = vendor.send(&captured);
    assert_eq!(first.text("status").as_deref(), Some("GODTATT"), "{}", first.body);
    for thief in &thieves {
        let answer = thief.send(&captured);
        assert_eq!(answer.codes(), ["NIR-A403"], "the stored receipt is not handed out: {}", answer.body);
        let read = thief.call(&hent_person(&head(), &victim.duf, ""));
        refused("a read by a TLS end without delegation", &read, "NIR-A403");
    }
    house.stands();
}

#[test]
fn an_old_message_is_over() {
    house().repels(|signer, victim| {
        let dated = |created: String, expires: String| {
            Forge::draft(signer, &victim.payload)
                .replace("Timestamp", &timestamp("ts", &created, &expires))
                .sign(signer)
        };
        let at = |seconds: i64| written(now() + TimeDelta::seconds(seconds));
        let minutes = |from: i64, to: i64| dated(at(from * 60), at(to * 60));
        let zone = |hours: i32, seconds: i64| {
            let zone = FixedOffset::east_opt(hours * 3600).unwrap();
            let time: DateTime<Utc> = now() + TimeDelta::seconds(seconds);
            time.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
        };
        let stamp =
            |inside: &str| Forge::draft(signer, &victim.payload).set_content("Timestamp", 0, inside).sign(signer);
        let created = format!("<wsu:Created>{}</wsu:Created>", at(0));
        let expires = format!("<wsu:Expires>{}</wsu:Expires>", at(300));
        let mut table: Vec<Attack> = [
            ("captured ten minutes after it expired", minutes(-15, -10)),
            ("captured days later", minutes(-5 * 24 * 60, -5 * 24 * 60 + 5)),
            ("just past the skew", dated(at(-300), at(-65))),
            ("from the future", minutes(10, 15)),
            ("just past the skew, from the future", dated(at(70), at(300))),
            ("valid for 16 minutes", minutes(0, 16)),
            ("valid for a year", minutes(0, 365 * 24 * 60)),
            ("begun long ago, and valid still", minutes(-20, 5)),
            ("ends before it begins", minutes(5, 0)),
            ("valid for ever", dated(at(0), "9999-12-31T23:59:59Z".into())),
            ("past what a time can be", dated(at(0), "99999-12-31T23:59:59Z".into())),
            ("before what a time can be", dated("-0001-01-01T00:00:00Z".into(), at(0))),
            ("an hour ago by its zone", dated(zone(1, -3600), zone(1, -3300))),
            ("local time called UTC", dated(zone(14, 0).replace("+14:00", "Z"), zone(14, 300).replace("+14:00", "Z"))),
            ("no zone", dated(at(0).replace('Z', ""), at(300).replace('Z', ""))),
            ("a date alone", dated(at(0)[..10].to_owned(), at(300))),
            ("29 February of a common year", dated("2023-02-29T12:00:00Z".into(), "2023-02-29T12:05:00Z".into())),
            ("hour 25", dated(format!("{}T25:00:00Z", &at(0)[..10]), at(300))),
            ("seconds since 1970", dated(now().timestamp().to_string(), (now().timestamp() + 300).to_string())),
            ("words", dated("now".into(), "later".into())),
            ("nothing", dated(String::new(), String::new())),
            ("no Created", stamp(&expires)),
            ("no Expires", stamp(&created)),
            ("an empty Timestamp", stamp("")),
            ("two Created", stamp(&format!("{}{created}{expires}", created.replace("202", "201")))),
            ("two Expires", stamp(&format!("{created}{expires}{}", expires.replace("202", "203")))),
            ("Created of another namespace", stamp(&format!("{}{expires}", created.replace("wsu:Created", "Created")))),
            ("an element inside Created", stamp(&format!("<wsu:Created>{}<x/></wsu:Created>{expires}", at(0)))),
        ]
        .into_iter()
        .map(|(what, forge)| attack(what, forge, "NIR-S207"))
        .collect();
        table.push(stale_and_wrong(signer, victim));
        table
    });
}

/// Whoever cannot sign is not told how the time stands.
fn stale_and_wrong(signer: &Signer, victim: &Victim) -> Attack {
    let old = timestamp("ts", &written(now() - TimeDelta::days(3)), &written(now() - TimeDelta::days(3)));
    let forge = Forge::draft(signer, &victim.payload).replace("Timestamp", &old).sign(signer);
    attack("expired, and changed after signing", forge.text("REGISTRER", "ANNULLER"), "NIR-S202")
}

#[test]
fn honest_clocks_are_forgiven() {
    let house = house();
    let vendor = house.vendor();
    let at = |seconds: i64| now() + TimeDelta::seconds(seconds);
    let oslo = |seconds: i64| {
        at(seconds).with_timezone(&chrono_tz::Europe::Oslo).format("%Y-%m-%dT%H:%M:%S%.9f%:z").to_string()
    };
    for (what, created, expires) in [
        ("30 seconds fast", written(at(30)), written(at(330))),
        ("30 seconds late", written(at(-330)), written(at(-30))),
        ("15 minutes, as long as may be", written(at(-600)), written(at(300))),
        ("Norwegian time and nanoseconds", oslo(0), oslo(300)),
        ("no time at all in between", written(at(0)), written(at(0))),
    ] {
        let forge = Forge::draft(&vendor.signer, &crate::messages::ping())
            .replace("Timestamp", &timestamp("ts", &created, &expires));
        let answer = vendor.send(&forge.sign(&vendor.signer).xml);
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    }
}

/// Class 31: nobody spends, plants or meets an id in an avsendersystem that is not its own.
#[test]
fn an_id_is_spent_by_nobody_else() {
    let house = house();
    let (vendor, victim) = (house.vendor(), house.victim());
    for name in ["vendor2", "kilde"] {
        let stranger = house.client(name);
        let answer = stranger.call(&victim.payload);
        assert_eq!(answer.codes(), ["NIR-A414"], "{name}: {}", answer.body);
        assert!(answer.verified(&house.sandbox), "{name} is a registered party: its receipt is signed");
        house.untouched(&vendor, &victim, name);
    }
    for (what, forged) in [
        ("unsigned", Forge::draft(&vendor.signer, &victim.payload).replace("Signature", "")),
        (
            "signed by another, with the vendor's token",
            Forge::draft(&vendor.signer, &victim.payload).sign(&house.client("vendor2").signer),
        ),
        ("changed", Forge::draft(&vendor.signer, &victim.evil).sign(&vendor.signer).text(&victim.evil_id, &victim.id)),
    ] {
        assert_ne!(vendor.send(&forged.xml).status, 200, "{what}");
        house.untouched(&vendor, &victim, what);
    }
    let rightful = vendor.call(&victim.payload);
    assert_eq!(rightful.text("gjentatt").as_deref(), Some("false"), "{}", rightful.body);
    assert_eq!(rightful.text("status").as_deref(), Some("GODTATT"), "{}", rightful.body);
    // Now it is spent; a stranger still does not meet it, whatever the content.
    for payload in [&victim.payload, &victim.evil.replace(&victim.evil_id, &victim.id)] {
        assert_eq!(house.client("vendor2").call(payload).codes(), ["NIR-A414"]);
    }
    assert_eq!(
        house.client("vendor2").call(&crate::messages::hent_kvittering(&head(), &victim.id)).codes(),
        ["NIR-A414"]
    );
    house.stands();
}

//! Everything that is wrong is said at once, in the order of domain.md 15.1; of schema violations the first hundred and
//! how many there are.

use crate::client::Answer;
use crate::codes::check::{self, Feil};
use crate::codes::house::{House, house, on_lines};
use crate::codes::persons::duf;
use crate::codes::places;
use crate::messages::{Head, day, head, line, person, registrer, send, send_with, tiltak, vedtak};

fn sent(house: &House, head: &Head, payload: &str) -> (String, Answer) {
    let client = house.client("vendor");
    let envelope = client.sealed(&on_lines(payload));
    let answer = client.send(&envelope);
    assert!(answer.verified(&house.sandbox), "{answer}");
    assert_eq!(answer.text("meldingsId").as_deref(), Some(head.meldings_id.as_str()), "{answer}");
    (envelope, answer)
}

/// The steps of domain.md 15.1, in each the codes in the order of its table.
const STEPS: [&[&str]; 9] = [
    &["X307", "X308", "X309", "X310", "X311", "X312", "X313"],
    &["B501"],
    &["B502", "L806"],
    &["B504", "B541"],
    &["L810", "K706", "A410", "A408", "A409", "A413"],
    &["A406", "A407", "A412"],
    &[
        "L807", "L811", "L803", "L801", "L802", "L804", "L805", "L808", "L809", "K702", "K705", "B505", "B506", "B507",
        "B508", "B503", "B510",
    ],
    &["V603", "V606", "V604", "V605", "V602", "V601"],
    &[
        "B509", "B511", "B512", "B513", "B514", "B515", "B516", "B551", "B552", "B553", "B554", "B555", "B556", "B557",
        "B558", "B559", "K701", "K704",
    ],
];

fn rank(code: &str) -> (usize, usize) {
    let code = code.trim_start_matches("NIR-");
    let found = STEPS.iter().enumerate().find_map(|(step, codes)| Some((step, codes.iter().position(|c| *c == code)?)));
    found.unwrap_or_else(|| panic!("{code} stands in no step"))
}

/// Every line of this message is wrong in several ways.
fn wrong_lines() -> Vec<(&'static str, String, Vec<&'static str>)> {
    vec![
        (
            "form alone",
            line("1", "FLYTT", "", "", &vedtak(&day(0), &day(0), &day(10)).replace("INNVILGELSE", "TULL")),
            vec!["X307", "X307"],
        ),
        (
            "three codes that are not",
            registrer("2", "", &tiltak("GRUPPE", "TYPE", &day(0), &day(10), "20")),
            vec!["X307", "X307"],
        ),
        (
            "old, ends before it begins, without a reason",
            registrer("3", "", &decision("AVSLAG", -100, &format!("<sluttDato>{}</sluttDato>", day(-101)))),
            vec!["V601", "B516", "B552"],
        ),
        (
            "no decision, old, group, completion, hours",
            registrer(
                "4",
                "",
                &tiltak("ARBEID", "NS01", &day(-100), &day(-90), "99")
                    .replace("</tiltak>", "<gjennomfoering>GJENNOMFOERT</gjennomfoering></tiltak>"),
            ),
            vec!["B510", "V601", "B551", "B553", "B554"],
        ),
        (
            "too far ahead, and hours",
            registrer("5", "", &tiltak("NORSK_SAMF", "NS01", &day(0), &day(2_200), "0")),
            vec!["B510", "V603", "B554"],
        ),
        (
            "ends before it begins, group, hours",
            registrer("6", "", &tiltak("ARBEID", "NS01", &day(5), &day(1), "41")),
            vec!["B551", "B552", "B554"],
        ),
    ]
}

fn decision(vedtakstype: &str, date: i64, more: &str) -> String {
    format!(
        "<vedtak><ordning>INTRO</ordning><vedtakstype>{vedtakstype}</vedtakstype><vedtaksdato>{}</vedtaksdato>{more}</vedtak>",
        day(date)
    )
}

#[test]
fn every_error_of_every_line_is_told_in_order() {
    let house = house();
    let _turn = house.turn();
    // One person for each line: what follows from a line that failed is not said again of the next.
    let rows = wrong_lines();
    let dufs: Vec<String> = rows.iter().map(|_| house.unused()).collect();
    let before = house.stored(&dufs);
    let head = head();
    let persons: String = rows.iter().zip(&dufs).map(|((_, line, _), duf)| person(duf, line)).collect();
    let (envelope, answer) = sent(house, &head, &send(&head, &persons));
    assert_eq!(answer.text("status").as_deref(), Some("AVVIST"), "{answer}");
    let all = check::all(&answer);
    for (n, (what, _, codes)) in rows.iter().enumerate() {
        let path = format!("/sendRegistreringer/melding/person[{}]/", n + 1);
        let own: Vec<&Feil> =
            all.iter().filter(|feil| feil.xpath.as_deref().is_some_and(|x| x.starts_with(&path))).collect();
        let told: Vec<&str> = own.iter().map(|feil| feil.kode.trim_start_matches("NIR-")).collect();
        assert_eq!(&told, codes, "{what}: {answer}");
        assert!(told.is_sorted_by_key(|code| rank(code)), "{what}: {told:?} is out of the order of domain.md 15.1");
        for feil in own {
            let xpath = feil.xpath.clone().unwrap();
            assert_eq!(places::right(feil, &xpath, &envelope), Ok(()), "{what}");
            assert_eq!(check::texts(feil), Ok(()), "{what}");
        }
    }
    let ids: std::collections::BTreeSet<String> = answer.texts("feilId").into_iter().collect();
    assert_eq!(ids.len(), all.len(), "every error has an id of its own");
    assert_eq!(house.stored(&dufs), before, "nothing was stored");
}

#[test]
fn every_error_of_the_sender_is_told_in_order() {
    let house = house();
    let _turn = house.turn();
    let mut head = head().from("4204-godkjent-5", "4204", "4204-INAKTIV1");
    "2020-01-01T00:00:00Z".clone_into(&mut head.opprettet);
    let payload = send_with(
        &head,
        "<transaksjon>KANSKJE</transaksjon>",
        &person(&house.unused(), &registrer("1", "", &vedtak(&day(0), &day(0), &day(10)))),
    );
    let (envelope, answer) = sent(house, &head, &payload);
    assert_eq!(answer.codes(), ["NIR-A405", "NIR-A411", "NIR-V608", "NIR-X307"], "{answer}");
    for feil in check::all(&answer) {
        let xpath = feil.xpath.clone().unwrap();
        assert_eq!(places::right(&feil, &xpath, &envelope), Ok(()));
        assert_eq!(feil.inside, "kvittering");
    }
    assert_eq!(answer.text("resultat").as_deref(), Some("AVVIST"));
    assert_eq!(
        answer.texts("resultat").last().map(String::as_str),
        Some("IKKE_UTFOERT"),
        "the line itself was not judged"
    );
}

/// Who falls with others is not told that something is wrong with it (contract.md 2.2).
#[test]
fn a_good_line_that_falls_with_others_is_not_carried_out() {
    let house = house();
    let _turn = house.turn();
    let (good, bad, nobody) = (house.unused(), house.unused(), duf(2024, 999_999));
    let decision = |id: &str| registrer(id, "", &vedtak(&day(0), &day(0), &day(100)));
    let head = head();
    let persons = person(&good, &decision("1"))
        + &person(&bad, &(decision("2") + &registrer("3", "", &tiltak("ARBEID", "NS01", &day(0), &day(10), "20"))))
        + &person(&nobody, &decision("4"));
    let (_, answer) = sent(house, &head, &send(&head, &persons));
    assert_eq!(answer.codes(), ["NIR-B551", "NIR-B501"], "{answer}");
    let results: Vec<String> = answer.texts("resultat");
    assert_eq!(
        results,
        ["AVVIST", "IKKE_UTFOERT", "AVVIST", "IKKE_UTFOERT", "AVVIST", "AVVIST", "IKKE_UTFOERT"],
        "{answer}"
    );
}

#[test]
fn a_hundred_violations_and_how_many_there_are() {
    let house = house();
    let _turn = house.turn();
    let wrong = |count: usize| -> String {
        let line =
            |n: usize| registrer(&format!("{n}"), "", &tiltak("NORSK_SAMF", "NS01", &day(0), "31.12.2026", "20,5"));
        let lines: String = (0..count / 2).map(line).collect();
        person(&house.unused(), &lines)
    };
    for (count, told, total) in [(2, 2, None), (100, 100, None), (102, 100, Some("102")), (250, 100, Some("250"))] {
        let client = house.client("vendor");
        let envelope = client.sealed(&on_lines(&send(&head(), &wrong(count))));
        let answer = client.send(&envelope);
        let all = check::all(&answer);
        assert_eq!(all.len(), told, "{count} violations");
        assert!(all.iter().all(|feil| feil.kode == "NIR-X302"), "{:?}", answer.codes());
        let stated = all[0].tillegg.iter().find(|(key, _)| key == "antallFeil").map(|(_, value)| value.as_str());
        assert_eq!(stated, total, "{count} violations");
        assert!(all[1..].iter().all(|feil| feil.tillegg.is_empty()), "the total stands once");
        for (n, feil) in all.iter().enumerate() {
            let element = if n % 2 == 0 { "tilDato" } else { "timerPerUke" };
            let at = format!("registrering[{}]/innhold/tiltak/{element}", n / 2 + 1);
            assert_eq!(places::right(feil, &at, &envelope), Ok(()), "violation {n} of {count}");
        }
        assert!(answer.verified(&house.sandbox));
        // Each of them tells about 900 bytes; nothing else grows with the message.
        assert!(answer.body.len() <= 8 * 1024 + told * 1_100, "{} bytes for {told}", answer.body.len());
    }
}

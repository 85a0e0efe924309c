//! The monthly average and the check digits, against a reference in another language: `tests/average/checks.py`.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::{Days, Months, NaiveDate};
use register::average::{average, has_virkedag, holidays};
use register::id::{Duf, Fnr, Orgnr};
use register::post::{Ordning, Tiltak};
use rust_decimal::Decimal;

/// One answer per question.
fn reference(questions: &[String]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/average/checks.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("these tests need python3, the reference is written in it: {error}"));
    let mut stdin = python.stdin.take().unwrap();
    let text = questions.join("\n") + "\n";
    // Written from a thread of its own: the answers fill the other pipe meanwhile.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "checks.py ended with {}", output.status);
    let answers: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), questions.len(), "one answer per question");
    answers
}

/// Chance from a seed (splitmix64): the same cases on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn tiltak(tiltakstype: &str, from: &str, to: &str, hours: &str) -> Tiltak {
    Tiltak {
        ordning: Ordning::Intro,
        tiltaksgruppe: String::new(),
        tiltakstype: tiltakstype.to_owned(),
        fra_dato: day(from),
        til_dato: day(to),
        timer_per_uke: hours.parse().unwrap(),
        erstattende_tiltak: false,
        gjennomfoering: None,
        vurdert_dato: None,
        mottatt_tilbud: None,
    }
}

fn of_month(month: &str, all: &[Tiltak]) -> String {
    average(day(month), all.iter()).timer_per_uke.to_string()
}

#[test]
fn the_example_of_the_source_comes_out_exactly() {
    let april = [
        tiltak("NS01", "2021-04-02", "2021-04-30", "25"),
        tiltak("LF01", "2021-04-30", "2021-04-30", "4"),
        tiltak("AR03", "2021-04-29", "2021-04-30", "3"),
    ];
    assert_eq!(of_month("2021-04-01", &april), "25.53");
    assert_eq!(average(day("2021-04-15"), april.iter()).virkedager, 19, "any day of the month names it");
    let may = ["25", "4", "3"].map(|hours| tiltak("NS01", "2021-05-03", "2021-05-31", hours));
    assert_eq!(of_month("2021-05-01", &may), "32.00");
    assert_eq!(of_month("2021-03-01", &april), "0.00");
}

#[test]
fn a_replacing_measure_counts_alone_on_its_days() {
    let mut all = [
        tiltak("NS01", "2021-05-01", "2021-05-31", "20"),
        tiltak("AR06", "2021-05-18", "2021-05-31", "30"),
        tiltak("AN06", "2021-05-01", "2021-05-31", "0"),
    ];
    assert_eq!(of_month("2021-05-01", &all), "35.00", "20·18 + 30·9 over 18 working days");
    all[1].erstattende_tiltak = true;
    assert_eq!(of_month("2021-05-01", &all), "25.00", "20·9 + 30·9");
    // An offer in parental leave has no hours: where it replaces, nothing counts.
    all[2].erstattende_tiltak = true;
    assert_eq!(of_month("2021-05-01", &all), "15.00", "30·9");
}

#[test]
fn half_a_hundredth_rounds_up() {
    // 18 working days in May 2021: 0.09/18 = 0.005.
    assert_eq!(of_month("2021-05-01", &[tiltak("NS01", "2021-05-31", "2021-05-31", "0.09")]), "0.01");
    assert_eq!(of_month("2021-05-01", &[tiltak("NS01", "2021-05-31", "2021-05-31", "0.08")]), "0.00");
}

#[test]
fn a_thousand_sets_agree_with_the_reference_to_the_second_decimal() {
    let mut chance = Chance(20210430);
    let first = day("2005-01-01");
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    for _ in 0..1_000 {
        let month = first.checked_add_months(Months::new(chance.below(31 * 12) as u32)).unwrap();
        let all: Vec<Tiltak> = (0..chance.below(9))
            .map(|_| {
                // Near the month, so that most reach into it: some a day, some years.
                let from = month - Days::new(chance.below(60)) + Days::new(chance.below(60));
                let days = [1, 10, 40, 400, 2_000][chance.below(5) as usize];
                let without_hours = chance.below(10) == 0;
                let hours = if without_hours { Decimal::ZERO } else { Decimal::new(chance.below(4_000) as i64 + 1, 2) };
                let mut tiltak = tiltak(if without_hours { "AN06" } else { "NS01" }, "2021-01-01", "2021-01-01", "0");
                (tiltak.fra_dato, tiltak.til_dato) = (from, from + Days::new(chance.below(days)));
                (tiltak.timer_per_uke, tiltak.erstattende_tiltak) = (hours, chance.below(4) == 0);
                tiltak
            })
            .collect();
        let rows = all
            .iter()
            .map(|t| format!(" {}/{}/{}/{}", t.fra_dato, t.til_dato, t.timer_per_uke, u8::from(t.erstattende_tiltak)));
        questions.push(format!("snitt {}{}", month.format("%Y-%m"), rows.collect::<String>()));
        let got = average(month, all.iter());
        ours.push(format!("{} {}", got.virkedager, got.timer_per_uke));
    }
    let counted = ours.iter().filter(|answer| !answer.ends_with(" 0.00")).count();
    assert!(counted > 700, "only {counted} of the sets have hours in their month");
    for ((question, ours), reference) in questions.iter().zip(&ours).zip(reference(&questions)) {
        assert_eq!(*ours, reference, "{question}");
    }
}

#[test]
fn holidays_of_a_century_and_more_agree_with_the_reference() {
    let years: Vec<i32> = (1990..=2099).collect();
    let questions: Vec<String> = years.iter().map(|year| format!("fridager {year}")).collect();
    for (year, reference) in years.iter().zip(reference(&questions)) {
        let ours: Vec<String> = holidays(*year).iter().map(NaiveDate::to_string).collect();
        assert_eq!(ours.join(" "), reference);
        for text in reference.split(' ') {
            assert!(!has_virkedag(day(text), day(text)), "{text} is no working day");
        }
    }
    for working in ["2021-04-06", "2021-12-24", "2021-12-31"] {
        assert!(has_virkedag(day(working), day(working)), "{working}");
    }
}

/// Every ending of many random beginnings, so that numbers that hold are among them.
#[test]
fn check_digits_agree_with_the_reference() {
    let mut chance = Chance(310000019);
    let mut numbers = Vec::new();
    for _ in 0..60 {
        let (duf, fnr) = (format!("{:04}{}", 1980 + chance.below(60), chance.digits(6)), chance.digits(9));
        numbers.extend((0..100).flat_map(|end| [("duf", format!("{duf}{end:02}")), ("fnr", format!("{fnr}{end:02}"))]));
        let orgnr = chance.digits(8);
        numbers.extend((0..10).map(|end| ("orgnr", format!("{orgnr}{end}"))));
    }
    let questions: Vec<String> = numbers.iter().map(|(kind, number)| format!("{kind} {number}")).collect();
    let yes = |holds: bool| if holds { "ja" } else { "nei" };
    let mut held = 0;
    for ((kind, number), reference) in numbers.iter().zip(reference(&questions)) {
        let ours = match *kind {
            "duf" => yes(Duf::parse(number, false).is_ok()).to_owned(),
            "fnr" => format!("{} {}", yes(Fnr::parse(number, false).is_ok()), yes(Fnr::parse(number, true).is_ok())),
            _ => yes(number.parse::<Orgnr>().is_ok()).to_owned(),
        };
        held += usize::from(reference.contains("ja"));
        assert_eq!(ours, reference, "{kind} {number}");
    }
    assert!(held > 300, "only {held} numbers hold");
}

//! What the schema takes for one value, the types read as that value: white space, and the forms that numbers, truth
//! values and times may have.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use nir_xsd::message::{Answer, Registreringsmelding, Request};
use nir_xsd::validate::validate;

#[path = "support/files.rs"]
mod files;

fn melding(replace: &str, by: &str) -> Result<Registreringsmelding, String> {
    let xml = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/sendRegistreringer-sett.xml"));
    let xml = xml.unwrap();
    assert!(xml.contains(replace), "{replace}");
    let xml = xml.trim_end().replacen(replace, by, 1);
    validate(xml.as_bytes()).map_err(|invalid| invalid.violations[0].en.clone())?;
    match Request::parse(xml.as_bytes()).unwrap() {
        Request::SendRegistreringer(wrapper) => Ok(wrapper.melding),
        other => panic!("{}", other.root()),
    }
}

#[test]
fn hours() {
    let zeros = "0".repeat(60);
    let table = [
        ("25.5", Ok("25.5")),
        ("25", Ok("25")),
        ("25.", Ok("25")),
        (".5", Ok("0.5")),
        ("+25.5", Ok("25.5")),
        ("0025.5", Ok("25.5")),
        ("25.500", Ok("25.5")),
        (&format!("{zeros}25.5"), Ok("25.5")),
        ("25.5000000000", Ok("25.5")),
        // The schema would allow it; libxml2 reads 24 digits at most.
        (&format!("25.5{zeros}"), Err(())),
        ("0", Ok("0")),
        ("0.00", Ok("0")),
        ("-0", Ok("0")),
        ("-0.0", Ok("0")),
        (" 25.5\n", Ok("25.5")),
        ("9999.99", Ok("9999.99")),
        ("12345.67", Err(())),
        ("25.333", Err(())),
        ("-0.01", Err(())),
        ("25,5", Err(())),
        ("2.55e1", Err(())),
        ("NaN", Err(())),
        ("2 5", Err(())),
        ("٢٥", Err(())),
    ];
    for (sent, read) in table {
        let got = melding("<timerPerUke>25.5<", &format!("<timerPerUke>{sent}<"));
        let got =
            got.map(|m| m.person[0].registrering[0].innhold.clone().unwrap().tiltak.unwrap().timer_per_uke.to_string());
        assert_eq!(got.map_err(drop).as_deref(), read.as_ref().map(|text| *text).map_err(|()| &()), "{sent}");
    }
}

#[test]
fn truth() {
    for (sent, read) in [
        ("true", Ok(true)),
        ("1", Ok(true)),
        ("false", Ok(false)),
        ("0", Ok(false)),
        (" true\n", Ok(true)),
        ("True", Err(())),
        ("yes", Err(())),
        ("2", Err(())),
    ] {
        let got = melding("</meldingshode>", &format!("</meldingshode><proevekjoering>{sent}</proevekjoering>"));
        assert_eq!(got.map(|m| m.proevekjoering.unwrap()).map_err(drop), read, "{sent}");
    }
}

#[test]
fn times() {
    for (sent, utc) in [
        ("2026-11-23T13:02:11+01:00", Ok("2026-11-23 12:02:11 UTC")),
        ("2026-11-23T12:02:11Z", Ok("2026-11-23 12:02:11 UTC")),
        ("2026-11-23T12:02:11-00:00", Ok("2026-11-23 12:02:11 UTC")),
        ("2026-11-23T12:02:11.1234567Z", Ok("2026-11-23 12:02:11.123456700 UTC")),
        ("2026-11-23T12:02:11.123456789Z", Ok("2026-11-23 12:02:11.123456789 UTC")),
        ("2026-11-23T00:30:00+14:00", Ok("2026-11-22 10:30:00 UTC")),
        (" 2026-11-23T12:02:11Z\n", Ok("2026-11-23 12:02:11 UTC")),
        ("0001-01-01T00:00:00+14:00", Ok("0000-12-31 10:00:00 UTC")),
        ("9999-12-31T23:59:59-14:00", Ok("+10000-01-01 13:59:59 UTC")),
        ("2026-11-23T12:02:11", Err(())),
        ("2026-11-23T12:02:11.1234567890Z", Err(())),
        ("2026-11-23T24:00:00Z", Err(())),
        ("2026-11-23T23:59:60Z", Err(())),
        ("2026-02-30T12:00:00Z", Err(())),
        ("0000-01-01T12:00:00Z", Err(())),
        ("-2026-11-23T12:02:11Z", Err(())),
        ("12026-11-23T12:02:11Z", Err(())),
        ("2026-11-23T12:02:11+15:00", Err(())),
        ("2026-11-23 12:02:11Z", Err(())),
        ("2026-11-23T12:02:11z", Err(())),
    ] {
        let got = melding("<opprettet>2026-11-23T13:02:11+01:00<", &format!("<opprettet>{sent}<"));
        let got = got.map(|m| m.meldingshode.opprettet.to_utc().to_string());
        assert_eq!(got.as_deref().map_err(|_| ()), utc, "{sent}");
    }
}

#[test]
fn dates() {
    for (sent, read) in [
        ("2026-11-30", Ok("2026-11-30")),
        (" 2026-11-30 ", Ok("2026-11-30")),
        ("2024-02-29", Ok("2024-02-29")),
        ("9999-12-31", Ok("9999-12-31")),
        ("2026-02-29", Err(())),
        ("0000-01-01", Err(())),
        ("2026-11-30Z", Err(())),
        ("20261130", Err(())),
        ("2026-1-3", Err(())),
    ] {
        let got = melding("<fraDato>2026-11-30<", &format!("<fraDato>{sent}<"));
        let got =
            got.map(|m| m.person[0].registrering[0].innhold.clone().unwrap().tiltak.unwrap().fra_dato.to_string());
        assert_eq!(got.as_deref().map_err(|_| ()), read, "{sent}");
    }
}

#[test]
fn whole_numbers() {
    for (sent, read) in [
        ("3", Ok(3)),
        ("003", Ok(3)),
        // The schema would allow it; libxml2 does not collapse xs:int.
        (" 3\n", Err(())),
        ("-1", Ok(-1)),
        ("2147483647", Ok(i32::MAX)),
        ("-2147483648", Ok(i32::MIN)),
        ("2147483648", Err(())),
        ("3.0", Err(())),
        ("x", Err(())),
    ] {
        let post = format!("<post><postId>p</postId><versjon>{sent}</versjon></post><innhold>");
        let got = melding("<innhold>", &post);
        let got = got.map(|m| m.person[0].registrering[0].post.clone().unwrap().versjon.unwrap());
        assert_eq!(got.map_err(drop), read, "{sent}");
    }
}

#[test]
fn ids_and_names() {
    for (sent, read) in [
        ("tiltak/90233", Ok("tiltak/90233")),
        ("\n  tiltak/90233\t", Ok("tiltak/90233")),
        ("&#xD;tiltak/90233&#xD;", Ok("tiltak/90233")),
        ("tiltak 90233", Err(())),
        ("tiltak&#xD;90233", Err(())),
        ("tiltak/ø", Err(())),
    ] {
        let got = melding("<avsendersReferanse>tiltak/90233<", &format!("<avsendersReferanse>{sent}<"));
        let got = got.map(|m| m.person[0].registrering[0].avsenders_referanse.clone().unwrap());
        assert_eq!(got.as_deref().map_err(|_| ()), read, "{sent:?}");
    }
    for (sent, read) in [
        ("Flyktning", "Flyktning"),
        (" Flyktning  og\n integrering ", "Flyktning og integrering"),
        ("A &amp; B &lt;C&gt;", "A & B <C>"),
    ] {
        let got = melding("<navn>Flyktning<", &format!("<navn>{sent}<")).unwrap();
        assert_eq!(got.meldingshode.fagsystem.navn, read, "{sent:?}");
    }
}

/// White space around each value of each answer in turn, wherever the schema allows it: the value is the same, unless it
/// is a text whose white space is its own.
#[test]
fn white_space_in_answers() {
    let (mut same, mut other) = (0, 0);
    for sample in files::samples().into_iter().filter(files::Sample::is_valid) {
        let text = files::compact(&sample.text);
        let Ok(answer) = Answer::parse(text.as_bytes()) else { continue };
        for (end, _) in text.match_indices("</") {
            let begin = text[..end].rfind('>').unwrap() + 1;
            if text[begin..end].trim().is_empty() {
                continue;
            }
            let padded = format!("{} \n{}\t{}", &text[..begin], &text[begin..end], &text[end..]);
            if validate(padded.as_bytes()).is_ok() {
                let read = Answer::parse(padded.as_bytes()).unwrap_or_else(|error| panic!("{error}: {padded}"));
                *(if read == answer { &mut same } else { &mut other }) += 1;
            }
        }
    }
    assert!(same > 100 && (10..same).contains(&other), "{same} the same, {other} texts");
}

//! Class 35: dates that reach further back than they may, by clocks, zones, the change of the hour and leap days.

use crate::attacks::house::{House, house};
use crate::client::{Answer, Client};
use crate::messages::{Head, fresh, head, hent_person, person, registrer, send};

/// Register time is set for this kommune alone; the other attacks happen in 4204.
const KOMMUNE: &str = "0301";

fn oslo() -> Head {
    head().from("0301-flyktning-1", KOMMUNE, "0301-OVERF1")
}

/// One decision of that date, sent at the register time that was set.
fn sent(house: &House, vendor: &Client<'_>, head: &Head, vedtaksdato: &str) -> Answer {
    let duf = house.sandbox.unused(KOMMUNE);
    let content = format!(
        "<vedtak><ordning>INTRO</ordning><vedtakstype>AVSLAG</vedtakstype><vedtaksdato>{vedtaksdato}</vedtaksdato><begrunnelse>ANNET</begrunnelse></vedtak>"
    );
    let answer = vendor.call(&send(head, &person(&duf, &registrer("1", &fresh("v"), &content))));
    let read = vendor.accepted(&hent_person(&oslo(), &duf, ""));
    let stored = read.texts("postId").len();
    let accepted = answer.text("status").as_deref() == Some("GODTATT");
    assert_eq!(stored, usize::from(accepted), "{vedtaksdato}: {answer}");
    answer
}

/// (register time in Norway or with a zone, mottattDato, date sent, code or nothing, earliest date)
const EDGES: [(&str, &str, &str, &str, &str); 30] = [
    // Two months back, to the day.
    ("2021-04-30T12:00", "2021-04-30", "2021-02-28", "", ""),
    ("2021-04-30T12:00", "2021-04-30", "2021-02-27", "NIR-V601", "2021-02-28"),
    ("2021-04-28T12:00", "2021-04-28", "2021-02-28", "", ""),
    ("2021-05-01T00:00", "2021-05-01", "2021-02-28", "NIR-V601", "2021-03-01"),
    // Leap days: 30 April of a leap year reaches 29 February, and so does the 29th; of a common year the 28th.
    ("2024-04-30T12:00", "2024-04-30", "2024-02-29", "", ""),
    ("2024-04-30T12:00", "2024-04-30", "2024-02-28", "NIR-V601", "2024-02-29"),
    ("2024-04-29T12:00", "2024-04-29", "2024-02-29", "", ""),
    ("2023-04-29T12:00", "2023-04-29", "2023-02-28", "", ""),
    ("2023-04-29T12:00", "2023-04-29", "2023-02-27", "NIR-V601", "2023-02-28"),
    ("2024-02-29T12:00", "2024-02-29", "2023-12-29", "", ""),
    ("2024-02-29T12:00", "2024-02-29", "2023-12-28", "NIR-V601", "2023-12-29"),
    ("2024-02-29T23:59:30", "2024-02-29", "2024-02-29", "", ""),
    ("2023-02-28T12:00", "2023-02-28", "2023-02-29", "NIR-X302", ""),
    // The day is Norway's, not UTC's: in winter it begins at 23:00, in summer at 22:00.
    ("2021-01-31T22:58:00Z", "2021-01-31", "2020-11-30", "", ""),
    ("2021-01-31T23:00:00Z", "2021-02-01", "2020-11-30", "NIR-V601", "2020-12-01"),
    ("2021-07-31T21:58:00Z", "2021-07-31", "2021-05-31", "", ""),
    ("2021-07-31T22:00:00Z", "2021-08-01", "2021-05-31", "NIR-V601", "2021-06-01"),
    ("2021-07-31T22:00:00Z", "2021-08-01", "2021-06-01", "", ""),
    // The days on which the clock changes have 23 and 25 hours.
    ("2021-03-28T00:00", "2021-03-28", "2021-01-28", "", ""),
    ("2021-03-28T03:00", "2021-03-28", "2021-01-27", "NIR-V601", "2021-01-28"),
    ("2021-10-31T02:30", "2021-10-31", "2021-08-31", "", ""),
    ("2021-10-31T22:30:00Z", "2021-10-31", "2021-08-31", "", ""),
    ("2021-10-31T23:00:00Z", "2021-11-01", "2021-08-31", "NIR-V601", "2021-09-01"),
    // Ahead: a decision is sent when its day has come.
    ("2021-06-15T12:00", "2021-06-15", "2021-06-15", "", ""),
    ("2021-06-15T12:00", "2021-06-15", "2021-06-16", "NIR-V603", ""),
    ("2021-06-15T23:59:00", "2021-06-15", "2021-06-16", "NIR-V603", ""),
    ("2021-06-15T22:00:00Z", "2021-06-16", "2021-06-16", "", ""),
    // No zone in a date, and no date beyond the calendar.
    ("2021-06-15T12:00", "2021-06-15", "2021-06-15Z", "NIR-X302", ""),
    ("2021-06-15T12:00", "2021-06-15", "2021-06-15+14:00", "NIR-X302", ""),
    ("2021-06-15T12:00", "2021-06-15", "0000-01-01", "NIR-X302", ""),
];

#[test]
fn the_window_is_counted_from_the_day_of_receipt_in_norway() {
    let house = house();
    let vendor = house.vendor();
    for (clock, received, vedtaksdato, code, earliest) in EDGES {
        house.sandbox.set_clock(KOMMUNE, clock);
        let answer = sent(house, &vendor, &oslo(), vedtaksdato);
        let what = format!("{vedtaksdato} sent at {clock}: {answer}");
        if code.is_empty() {
            assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "{what}");
        } else {
            assert_eq!(answer.codes(), [code], "{what}");
        }
        if code != "NIR-X302" {
            assert_eq!(answer.text("mottattDato").as_deref(), Some(received), "{what}");
        }
        if !earliest.is_empty() {
            assert_eq!(answer.text("tidligsteDato").as_deref(), Some(earliest), "{what}");
        }
    }
    // What the sender says of itself moves nothing: neither its clock nor the time at which it wrote the message.
    house.sandbox.set_clock(KOMMUNE, "2021-06-15T12:00");
    for opprettet in ["2021-01-01T00:00:00Z", "2021-04-14T23:59:59+14:00", "2026-11-01T00:00:00-12:00"] {
        let mut head = oslo();
        opprettet.clone_into(&mut head.opprettet);
        let answer = sent(house, &vendor, &head, "2021-04-14");
        assert_eq!(
            answer.codes().first().map(String::as_str),
            Some(if opprettet.starts_with("2021") { "NIR-V608" } else { "NIR-V601" }),
            "{opprettet}: {answer}"
        );
    }
    house.sandbox.set_clock(KOMMUNE, "now");
    house.stands();
}

//! Class 7: Timestamps that would keep a message alive longer than 15 minutes, or that two readers read differently.
//! It is 12:00:00 on 23 November 2026.

use super::mill::TIMESTAMP;
use super::{Row, before, check, swap};

/// A Timestamp with this inside.
fn stamp(inside: &str) -> String {
    format!("<wsu:Timestamp wsu:Id=\"ts\">{inside}</wsu:Timestamp>")
}

fn times(created: &str, expires: &str) -> String {
    stamp(&format!("<wsu:Created>{created}</wsu:Created><wsu:Expires>{expires}</wsu:Expires>"))
}

#[test]
fn timestamps() {
    let day = |time: &str| format!("2026-11-23T{time}");
    let between = |created: &str, expires: &str| times(&day(created), &day(expires));
    let created = |value: &str| times(value, &day("12:05:00Z"));
    let (c, e) = ("<wsu:Created>2026-11-23T12:00:00Z</wsu:Created>", "<wsu:Expires>2026-11-23T12:05:00Z</wsu:Expires>");
    let rows = [
        ("now", between("12:00:00Z", "12:05:00Z"), "ok"),
        ("15 minutes", between("12:00:00Z", "12:15:00Z"), "ok"),
        ("15 minutes and a second", between("12:00:00Z", "12:15:01Z"), "NIR-S207"),
        ("16 minutes", between("11:59:00Z", "12:15:00Z"), "NIR-S207"),
        ("a year", times(&day("12:00:00Z"), "2027-11-23T12:00:00Z"), "NIR-S207"),
        ("until the end of time", times(&day("12:00:00Z"), "9999-12-31T23:59:59Z"), "NIR-S207"),
        ("since the beginning", times("0001-01-01T00:00:00Z", &day("12:05:00Z")), "NIR-S207"),
        ("no life at all", between("12:00:00Z", "12:00:00Z"), "ok"),
        ("expires before it was made", between("12:00:01Z", "12:00:00Z"), "NIR-S207"),
        ("60 seconds ahead", between("12:01:00Z", "12:05:00Z"), "ok"),
        ("61 seconds ahead", between("12:01:01Z", "12:05:00Z"), "NIR-S207"),
        ("tomorrow", times("2026-11-24T12:00:00Z", "2026-11-24T12:05:00Z"), "NIR-S207"),
        ("expired for 60 seconds", between("11:50:00Z", "11:59:00Z"), "ok"),
        ("expired for 61 seconds", between("11:50:00Z", "11:58:59Z"), "NIR-S207"),
        ("yesterday", times("2026-11-22T12:00:00Z", "2026-11-22T12:05:00Z"), "NIR-S207"),
        ("milliseconds", between("12:00:00.250Z", "12:05:00.250Z"), "ok"),
        ("seven digits, as .NET writes", between("12:00:00.1234567Z", "12:05:00.1234567Z"), "ok"),
        ("twenty digits", between("12:00:00.12345678901234567890Z", "12:05:00.1Z"), "ok"),
        ("an offset", between("13:00:00+01:00", "13:05:00+01:00"), "ok"),
        ("a negative offset", between("07:00:00-05:00", "07:05:00-05:00"), "ok"),
        ("two offsets", between("13:00:00+01:00", "12:05:00Z"), "ok"),
        ("an offset over midnight", times("2026-11-24T02:00:00+14:00", "2026-11-24T02:05:00+14:00"), "ok"),
        ("an offset that hides an hour", between("12:00:00+01:00", "12:05:00Z"), "NIR-S207"),
        ("Expires first", stamp(&format!("{e}{c}")), "ok"),
        (
            "white space",
            stamp(&format!("\n {}\n ", (c.to_owned() + e).replace("Created>2026", "Created> \n2026"))),
            "ok",
        ),
        ("something else beside", stamp(&format!("{c}{e}<x:x xmlns:x=\"urn:x\"/>")), "ok"),
        ("no Expires", stamp(c), "NIR-S207"),
        ("no Created", stamp(e), "NIR-S207"),
        ("empty", stamp(""), "NIR-S207"),
        ("two Created", stamp(&format!("{c}{c}{e}")), "NIR-S207"),
        ("two Expires", stamp(&format!("{c}{e}{e}")), "NIR-S207"),
        ("Created of another namespace", stamp(&format!("<Created>2026-11-23T12:00:00Z</Created>{e}")), "NIR-S207"),
        ("an element inside Created", created("2026-11-23T12:00:00Z<wsu:x/>"), "NIR-S207"),
        ("no zone", created("2026-11-23T12:00:00"), "NIR-S207"),
        ("a date", created("2026-11-23Z"), "NIR-S207"),
        ("seconds since 1970", created("1795435200"), "NIR-S207"),
        ("no such day", created("2026-02-30T12:00:00Z"), "NIR-S207"),
        ("24:00", created("2026-11-22T24:00:00Z"), "NIR-S207"),
        ("a year of five digits", created("12026-11-23T12:00:00Z"), "NIR-S207"),
        ("a negative year", created("-2026-11-23T12:00:00Z"), "NIR-S207"),
        ("a name of a zone", created("2026-11-23T12:00:00 CET"), "NIR-S207"),
        ("a comma", created("2026-11-23T12:00:00,5Z"), "NIR-S207"),
        ("an empty value", created(""), "NIR-S207"),
        ("EKKO-1", created("EKKO-1"), "NIR-S207"),
    ];
    check(|soap| -> Vec<Row> {
        let with = |stamp: &str| {
            if stamp == TIMESTAMP {
                panic!("the row changes nothing")
            }
            before(soap, |t| swap(t, TIMESTAMP, stamp))
        };
        rows.iter().map(|(name, stamp, code)| (*name, with(stamp), *code)).collect()
    });
}

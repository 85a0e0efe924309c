//! A violation in plain words. The words name elements and forms, never the value that was sent.

use crate::libxml::RawViolation;

/// Both languages, and how to mend it.
pub(super) struct Words {
    pub nb: String,
    pub en: String,
    pub hint_nb: Option<String>,
    pub hint_en: Option<String>,
}

fn words(nb: String, en: String) -> Words {
    Words { nb, en, hint_nb: None, hint_en: None }
}

fn with_hint(nb: &str, en: &str, hint_nb: &str, hint_en: &str) -> Words {
    Words { nb: nb.into(), en: en.into(), hint_nb: Some(hint_nb.into()), hint_en: Some(hint_en.into()) }
}

/// xmlParserErrors of libxml2's schema validator (xmlerror.h).
const ELEMENT_CONTENT: i32 = 1871;
const NOT_DECLARED: i32 = 1845;
const PATTERN: i32 = 1839;
const DATATYPE: i32 = 1824;
const ATTRIBUTE: i32 = 1866;

pub(super) fn of(raw: &RawViolation) -> Words {
    if raw.message.contains("XMLSchema-instance") {
        return with_hint(
            "Attributter fra XMLSchema-instance (xsi:type, xsi:nil) tas ikke imot.",
            "Attributes of XMLSchema-instance (xsi:type, xsi:nil) are not accepted.",
            "Skru av xsi:type i klienten: typen følger av elementets navn.",
            "Turn off xsi:type in the client: the type follows from the element's name.",
        );
    }
    match raw.code {
        ELEMENT_CONTENT | NOT_DECLARED => structure(raw),
        ATTRIBUTE => words(
            format!("Elementet {} har en attributt som ikke er tillatt.", raw.name),
            format!("The element {} has an attribute that is not allowed.", raw.name),
        ),
        PATTERN | DATATYPE => value(raw),
        _ => words(
            format!("Verdien i {} følger ikke skjemaet.", raw.name),
            format!("The value of {} does not follow the schema.", raw.name),
        ),
    }
}

/// An element that is not expected, or one that is missing.
fn structure(raw: &RawViolation) -> Words {
    let expected = expected(&raw.message);
    if raw.message.contains("Missing child element") {
        let what = if expected.is_empty() { String::new() } else { format!(": {expected}") };
        return words(format!("{} mangler et element{what}.", raw.name), format!("{} lacks an element{what}.", raw.name));
    }
    let (nb, en) = if expected.is_empty() {
        (" Det skal ikke være flere elementer her.".to_owned(), " No further element is expected here.".to_owned())
    } else {
        (format!(" Her ventes {expected}."), format!(" Expected here is {expected}."))
    };
    words(
        format!("Elementet {} er ikke ventet på dette stedet.{nb}", raw.name),
        format!("The element {} is not expected here.{en}", raw.name),
    )
}

/// The element names libxml2 lists after "Expected is", without namespaces.
fn expected(message: &str) -> String {
    let Some((_, list)) = message.split_once("Expected is") else { return String::new() };
    let list = list.trim_start_matches(" one of").trim().trim_start_matches('(').split(')').next().unwrap_or_default();
    list.split(',')
        .map(|name| name.trim().rsplit('}').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// A value that does not have its type's form; the common mistakes of real clients get a sentence of their own.
fn value(raw: &RawViolation) -> Words {
    let text = raw.text.trim();
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let is_date = raw.message.contains("Dato") || raw.message.contains("xs:date'");
    let is_time = raw.message.contains("Tidspunkt") || raw.message.contains("dateTime");
    if text.is_empty() {
        return with_hint(
            &format!("{} er tomt.", raw.name),
            &format!("{} is empty.", raw.name),
            "Utelat elementet når det ikke har verdi. En dato må skrives som tekst: 2026-11-23 (et Date-objekt i JavaScript blir et tomt element).",
            "Leave the element out when it has no value. Write a date as text: 2026-11-23 (a Date object in JavaScript becomes an empty element).",
        );
    }
    if text.split_once(',').is_some_and(|(a, b)| digits(a) && digits(b)) {
        return with_hint(
            &format!("{} har komma som desimaltegn.", raw.name),
            &format!("{} has a decimal comma.", raw.name),
            "Bruk punktum: 25.5. Formater tall uavhengig av språkinnstillingen.",
            "Use a dot: 25.5. Format numbers independently of the locale.",
        );
    }
    if is_time {
        return with_hint(
            &format!("{} mangler tidssone eller har feil form.", raw.name),
            &format!("{} lacks a time zone or has a wrong form.", raw.name),
            "Skriv 2026-11-23T13:02:11+01:00 eller 2026-11-23T12:02:11Z. I .NET: bruk DateTimeOffset eller DateTimeKind.Utc, ikke Unspecified.",
            "Write 2026-11-23T13:02:11+01:00 or 2026-11-23T12:02:11Z. In .NET: use DateTimeOffset or DateTimeKind.Utc, not Unspecified.",
        );
    }
    if is_date && text.len() > 10 && text.as_bytes().get(4) == Some(&b'-') {
        return with_hint(
            &format!("{} har tidssone eller klokkeslett.", raw.name),
            &format!("{} has a time zone or a time of day.", raw.name),
            "Skriv datoen alene: 2026-11-23, ikke 2026-11-23Z.",
            "Write the date alone: 2026-11-23, not 2026-11-23Z.",
        );
    }
    if is_date {
        return with_hint(
            &format!("{} er ikke en dato.", raw.name),
            &format!("{} is not a date.", raw.name),
            "Skriv år, måned og dag: 2026-11-23.",
            "Write year, month and day: 2026-11-23.",
        );
    }
    words(
        format!("Verdien i {} har feil form.", raw.name),
        format!("The value of {} has a wrong form.", raw.name),
    )
}

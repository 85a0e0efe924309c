//! A value that does not have its type's form; the common mistakes of real clients (clients.md, contract.md 1 and 3)
//! have a sentence of their own.

use super::words::Words;
use crate::libxml::RawViolation;
use crate::outline::Element;

/// Facets of libxml2's schema validator (xmlerror.h).
const MAX_LENGTH: i32 = 1832;
const MIN_INCLUSIVE: i32 = 1833;
const TOTAL_DIGITS: i32 = 1837;
const FRACTION_DIGITS: i32 = 1838;

/// `element` is what the schema has in the value's place.
pub(super) fn of(name: &str, raw: &RawViolation, element: Option<&Element>) -> Words {
    let type_name = element.map_or("", |element| element.type_name.as_str());
    let text = raw.text.trim();
    if text.is_empty() {
        return empty(name, type_name, element.is_some_and(|element| element.required));
    }
    match type_name {
        "Dato" => date(name, text),
        "Tidspunkt" => time(name, text),
        "Timer" => number(name, text, raw.code, &HOURS),
        "Dager" => number(name, text, raw.code, &DAYS),
        "Id" => id(name, text),
        "Kommunenummer" => wrong(name).hint(
            "Et kommunenummer har fire siffer, med ledende null: 0301.",
            "A kommune number has four digits, with the leading zero: 0301.",
        ),
        "xs:boolean" => {
            wrong(name).hint("Skriv true eller false, med små bokstaver.", "Write true or false, in lower case.")
        }
        "xs:int" | "xs:long" => whole_number(name, text),
        "Supporttekst" if raw.code == MAX_LENGTH => too_long(name, 2000),
        _ if raw.code == MAX_LENGTH => too_long(name, if type_name == "Forklaring" { 1000 } else { 100 }),
        _ => match FORMS.iter().find(|(of, ..)| *of == type_name) {
            Some((_, nb, en)) => wrong(name).hint(*nb, *en),
            None => wrong(name),
        },
    }
}

/// Types whose form is told in one sentence.
const FORMS: &[(&str, &str, &str)] = &[
    (
        "Kode",
        "En kode skrives med store bokstaver, sifre og understrek, slik hentKodeverk viser den.",
        "A code is written in capitals, digits and underscore, as hentKodeverk shows it.",
    ),
    ("Duf", "Et DUF-nummer har tolv siffer, uten mellomrom.", "A DUF number has twelve digits, without spaces."),
    (
        "Personnummer",
        "Et fødselsnummer eller D-nummer har elleve siffer, uten mellomrom.",
        "A national id or D number has eleven digits, without spaces.",
    ),
    (
        "Bydelsnummer",
        "Et bydelsnummer har seks siffer: kommunenummeret og to til.",
        "A bydel number has six digits: the kommune number and two more.",
    ),
    (
        "Spraak",
        "Skriv koden i ISO 639 med to eller tre små bokstaver: ti eller prs.",
        "Write the code of ISO 639 in two or three small letters: ti or prs.",
    ),
    ("Maaned", "Skriv år og måned: 2021-04.", "Write year and month: 2021-04."),
    ("Kontraktversjon", "Skriv versjonen av kontrakten: 1.0.", "Write the version of the contract: 1.0."),
];

fn wrong(name: &str) -> Words {
    Words::new(format!("Verdien i {name} har feil form."), format!("The value of {name} has a wrong form."))
}

fn too_long(name: &str, most: usize) -> Words {
    Words::new(
        format!("{name} er for lang: høyst {most} tegn."),
        format!("{name} is too long: at most {most} characters."),
    )
}

fn empty(name: &str, type_name: &str, required: bool) -> Words {
    let (leave_nb, leave_en) = match required {
        true => ("Elementet må ha en verdi.", "The element must have a value."),
        false => ("Utelat elementet når det ikke har verdi.", "Leave the element out when it has no value."),
    };
    let (date_nb, date_en) = match type_name {
        "Dato" | "Tidspunkt" => (
            " En dato må skrives som tekst: 2026-11-23 (et Date-objekt i JavaScript blir et tomt element).",
            " Write a date as text: 2026-11-23 (a Date object in JavaScript becomes an empty element).",
        ),
        _ => ("", ""),
    };
    Words::new(format!("{name} er tomt."), format!("{name} is empty."))
        .hint(format!("{leave_nb}{date_nb}"), format!("{leave_en}{date_en}"))
}

fn whole_number(name: &str, text: &str) -> Words {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Words::new(format!("Tallet i {name} er for stort."), format!("The number of {name} is too large."));
    }
    wrong(name).hint("Skriv et helt tall, bare med siffer.", "Write a whole number, in digits alone.")
}

fn date(name: &str, text: &str) -> Words {
    if has_date_form(text) {
        return Words::new(
            format!("Datoen i {name} finnes ikke i kalenderen."),
            format!("The date of {name} is not in the calendar."),
        );
    }
    if text.get(..10).is_some_and(has_date_form) {
        return Words::new(
            format!("{name} har tidssone eller klokkeslett."),
            format!("{name} has a time zone or a time of day."),
        )
        .hint(
            "Skriv datoen alene: 2026-11-23, ikke 2026-11-23Z.",
            "Write the date alone: 2026-11-23, not 2026-11-23Z.",
        );
    }
    Words::new(format!("{name} er ikke en dato."), format!("{name} is not a date."))
        .hint("Skriv år, måned og dag: 2026-11-23.", "Write year, month and day: 2026-11-23.")
}

/// `dddd-dd-dd`
fn has_date_form(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() })
}

fn time(name: &str, text: &str) -> Words {
    let time = text.split_once('T').filter(|(date, _)| has_date_form(date)).map(|(_, time)| time);
    let zone = time.is_some_and(|time| time.contains(['Z', '+', '-']));
    let (nb, en) = match (time, zone) {
        (Some(_), false) => ("mangler tidssone", "lacks a time zone"),
        _ => ("er ikke et tidspunkt", "is not a point in time"),
    };
    Words::new(format!("{name} {nb}."), format!("{name} {en}.")).hint(
        "Skriv 2026-11-23T13:02:11+01:00 eller 2026-11-23T12:02:11Z. I .NET: bruk DateTimeOffset eller DateTimeKind.Utc, ikke Unspecified.",
        "Write 2026-11-23T13:02:11+01:00 or 2026-11-23T12:02:11Z. In .NET: use DateTimeOffset or DateTimeKind.Utc, not Unspecified.",
    )
}

/// How a number is written, in both languages.
type Form = (&'static str, &'static str);
const HOURS: Form = ("Skriv timer med punktum som desimaltegn: 25.5.", "Write hours with a dot: 25.5.");
const DAYS: Form = ("Skriv dager med punktum som desimaltegn: 2.5.", "Write days with a dot: 2.5.");

fn number(name: &str, text: &str, code: i32, form: &Form) -> Words {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match code {
        FRACTION_DIGITS => Words::new(
            format!("{name} har for mange desimaler: høyst to."),
            format!("{name} has too many decimals: at most two."),
        )
        .hint("Rund av til to desimaler: 25.33.", "Round to two decimals: 25.33."),
        MIN_INCLUSIVE => Words::new(format!("{name} er negativt."), format!("{name} is negative.")),
        TOTAL_DIGITS => Words::new(
            format!("{name} har for mange siffer: høyst seks."),
            format!("{name} has too many digits: at most six."),
        ),
        _ if text.split_once(',').is_some_and(|(whole, part)| digits(whole) && digits(part)) => {
            Words::new(format!("{name} har komma som desimaltegn."), format!("{name} has a decimal comma.")).hint(
                "Bruk punktum: 25.5. Formater tall uavhengig av språkinnstillingen.",
                "Use a dot: 25.5. Format numbers independently of the locale.",
            )
        }
        _ => Words::new(format!("{name} er ikke et tall."), format!("{name} is not a number.")).hint(form.0, form.1),
    }
}

fn id(name: &str, text: &str) -> Words {
    if text.chars().count() > 64 {
        return too_long(name, 64);
    }
    Words::new(
        format!("{name} har et tegn som ikke er tillatt i en id."),
        format!("{name} has a character that an id may not have."),
    )
    .hint("Tillatt er A–Z, a–z, 0–9 og . _ : / -", "Allowed are A–Z, a–z, 0–9 and . _ : / -")
}

//! A violation in plain words. The words name elements and forms, never the value that was sent.

use super::{Place, values};
use crate::libxml::{INSTANCE_ATTRIBUTE, RawViolation};
use crate::message::NAMESPACE;
use crate::outline::{Element, Outline};

/// Both languages, and how to mend it.
#[derive(Debug)]
pub(super) struct Words {
    pub nb: String,
    pub en: String,
    pub hint_nb: Option<String>,
    pub hint_en: Option<String>,
}

impl Words {
    pub(super) fn new(nb: impl Into<String>, en: impl Into<String>) -> Self {
        Words { nb: nb.into(), en: en.into(), hint_nb: None, hint_en: None }
    }

    pub(super) fn hint(mut self, nb: impl Into<String>, en: impl Into<String>) -> Self {
        self.hint_nb = Some(nb.into());
        self.hint_en = Some(en.into());
        self
    }
}

/// Codes of libxml2's schema validator (xmlerror.h).
const VALUE_FIRST: i32 = 1824;
const VALUE_LAST: i32 = 1840;
const ATTRIBUTE_ON_VALUE: i32 = 1827;
const ELEMENT_IN_VALUE: i32 = 1828;
const TEXT_BETWEEN_ELEMENTS: i32 = 1843;
const NO_SUCH_ROOT: i32 = 1845;
const ATTRIBUTES: std::ops::RangeInclusive<i32> = 1861..=1867;
const CONTENT: i32 = 1871;

/// The longest element name that is repeated to the sender; ours are shorter.
const LONGEST_NAME: usize = 64;

pub(super) fn of(raw: &RawViolation, place: &Place) -> Words {
    let name = short(&raw.name);
    match raw.code {
        INSTANCE_ATTRIBUTE => instance_attribute(&raw.text),
        CONTENT if raw.message.contains("Missing child element") => missing(&name, raw, place),
        CONTENT | NO_SUCH_ROOT => unexpected(&name, raw, place),
        code if code == ATTRIBUTE_ON_VALUE || ATTRIBUTES.contains(&code) => Words::new(
            format!("Elementet {name} har en attributt som ikke er tillatt."),
            format!("The element {name} has an attribute that is not allowed."),
        )
        .hint(
            "Fjern attributten: ingen elementer i kontrakten har attributter.",
            "Remove the attribute: no element of the contract has any.",
        ),
        TEXT_BETWEEN_ELEMENTS => Words::new(
            format!("{name} har tekst der det bare skal stå elementer."),
            format!("{name} has text where only elements may stand."),
        ),
        ELEMENT_IN_VALUE => Words::new(
            format!("{name} har elementer der det skal stå en verdi."),
            format!("{name} has elements where a value is expected."),
        ),
        VALUE_FIRST..=VALUE_LAST => values::of(&name, raw, place.element),
        _ => Words::new(
            format!("Innholdet i {name} følger ikke skjemaet."),
            format!("The content of {name} does not follow the schema."),
        ),
    }
}

fn instance_attribute(name: &str) -> Words {
    let words = Words::new(
        "Attributter fra XMLSchema-instance (xsi:type, xsi:nil) tas ikke imot.",
        "Attributes of XMLSchema-instance (xsi:type, xsi:nil) are not accepted.",
    );
    match name {
        "type" => words.hint(
            "Skru av xsi:type i klienten: typen følger av elementets navn.",
            "Turn off xsi:type in the client: the type follows from the element's name.",
        ),
        "nil" => words.hint(
            "Utelat elementet når det ikke har verdi, i stedet for å sende xsi:nil.",
            "Leave the element out when it has no value, instead of sending xsi:nil.",
        ),
        _ => words.hint(
            "Fjern attributten: skjemaet hentes aldri fra en adresse i meldingen.",
            "Remove the attribute: the schema is never fetched from an address in the message.",
        ),
    }
}

/// An element that lacks one that must be there.
fn missing(name: &str, raw: &RawViolation, place: &Place) -> Words {
    let expected = expected(raw, place.element);
    match expected.as_slice() {
        [] => Words::new(format!("{name} mangler et element."), format!("{name} lacks an element.")),
        [one] => Words::new(format!("{name} mangler elementet {one}."), format!("{name} lacks the element {one}.")),
        several => Words::new(
            format!("{name} mangler et element: {}.", one_of(several, "eller")),
            format!("{name} lacks an element: {}.", one_of(several, "or")),
        ),
    }
}

/// An element that is not expected where it stands: of another namespace, unknown, or out of order.
fn unexpected(name: &str, raw: &RawViolation, place: &Place) -> Words {
    if raw.space != NAMESPACE {
        return Words::new(
            format!("Elementet {name} hører ikke til navnerommet {NAMESPACE}."),
            format!("The element {name} is not of the namespace {NAMESPACE}."),
        )
        .hint(
            format!("Alle elementer skal stå i {NAMESPACE}; et element uten prefiks arver xmlns fra elementet rundt."),
            format!(
                "Every element belongs to {NAMESPACE}; one without a prefix inherits xmlns from the one around it."
            ),
        );
    }
    if let (Some(parent), Some(element)) = (place.parent, place.element)
        && let Some(most) = element.most.filter(|most| element.repeats && place.index > *most)
    {
        return Words::new(
            format!("{name} står for mange ganger i {}: høyst {most}.", parent.name),
            format!("{name} stands too often in {}: at most {most}.", parent.name),
        )
        .hint(
            "Del meldingen i flere, hver med sin meldingsId.",
            "Split the message into several, each with a meldingsId of its own.",
        );
    }
    let expected = expected(raw, place.parent);
    let (nb, en) = if expected.is_empty() {
        (" Det skal ikke være flere elementer her.".to_owned(), " No further element is expected here.".to_owned())
    } else {
        (
            format!(" Her ventes {}.", one_of(&expected, "eller")),
            format!(" Expected here is {}.", one_of(&expected, "or")),
        )
    };
    let words = Words::new(
        format!("Elementet {name} er ikke ventet på dette stedet.{nb}"),
        format!("The element {name} is not expected here.{en}"),
    );
    let Some(parent) = place.parent else { return words };
    let known = place.element.is_some_and(|element| !element.branch);
    let lacks = expected.iter().any(|name| child_of(parent, name).is_some_and(|element| element.required));
    if known && lacks {
        return words.hint(
            format!(
                "{} mangler {}, eller elementene står ikke i skjemaets rekkefølge.",
                parent.name,
                one_of(&expected, "eller")
            ),
            format!(
                "{} lacks {}, or its elements do not stand in the schema's order.",
                parent.name,
                one_of(&expected, "or")
            ),
        );
    }
    if known {
        return words.hint(
            format!(
                "Elementene i {} må stå i skjemaets rekkefølge, hvert bare så mange ganger som skjemaet tillater.",
                parent.name
            ),
            format!(
                "The elements of {} must stand in the schema's order, each only as often as the schema allows.",
                parent.name
            ),
        );
    }
    if place.element.is_some() {
        return words.hint(
            format!("{} skal ha nøyaktig én av grenene i valget.", parent.name),
            format!("{} must have exactly one branch of the choice.", parent.name),
        );
    }
    words.hint(
        format!(
            "{} har ikke noe element med dette navnet i kontrakt 1.{}. Store og små bokstaver teller.",
            parent.name,
            Outline::published().newest()
        ),
        format!(
            "{} has no element of this name in contract 1.{}. Case counts.",
            parent.name,
            Outline::published().newest()
        ),
    )
}

/// The element names libxml2 lists after "Expected is". Where some of them must be there, only those: the others
/// may be left out, and naming them hides what is wrong.
fn expected(raw: &RawViolation, within: Option<&Element>) -> Vec<String> {
    // The list stands last in the message; no name in it is the sender's.
    let Some((_, list)) = raw.message.rsplit_once("Expected is") else { return Vec::new() };
    let list = list.trim_start_matches(" one of").trim().trim_start_matches('(').split(')').next().unwrap_or_default();
    let names: Vec<&str> = list
        .split(',')
        .map(|name| name.trim().rsplit('}').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty())
        .collect();
    // Of a long choice libxml2 names the first ten branches alone; the sender is told every branch.
    let children = within.map_or(&[][..], |parent| Outline::published().elements(&parent.type_name));
    let branches: Vec<String> = children.iter().filter(|child| child.branch).map(|child| child.name.clone()).collect();
    if names.iter().any(|name| branches.iter().any(|branch| branch == name)) {
        return branches;
    }
    let must = |name: &&&str| within.and_then(|parent| child_of(parent, name)).is_some_and(|child| child.required);
    let required: Vec<&&str> = names.iter().filter(must).collect();
    if required.is_empty() {
        names.iter().map(|name| (*name).to_owned()).collect()
    } else {
        required.iter().map(|name| (**name).to_owned()).collect()
    }
}

fn child_of(parent: &Element, name: &str) -> Option<&'static Element> {
    Outline::published().child(&parent.type_name, name)
}

/// `a, b or c`
fn one_of(names: &[String], or: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {or} {last}", rest.join(", ")),
    }
}

/// An element's name is the sender's own, so it is cut where none of ours would end.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME).chain(['…']).collect()
}

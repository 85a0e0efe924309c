//! The message to send: one element, the future child of the Body, its dates filled in, put into canonical form.

use std::ops::Range;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use nir_wsdl::c14n::canonicalize;
use nir_wsdl::locate::locate;
use nir_xsd::message::NAMESPACE;
use roxmltree::{Document, Node};

/// A message that can be sealed.
#[derive(Debug)]
pub struct Payload {
    /// Canonical bytes.
    pub bytes: Vec<u8>,
    /// Local name of the root: the operation.
    pub operation: String,
    /// `meldingsId` of its header; `ping` has none.
    pub meldings_id: Option<String>,
    /// The root as the file has it, in a Body so that places in it can be found.
    body: String,
    /// Lines of the file before the root.
    before: u32,
}

impl Payload {
    /// Line of the file where an answer's XPath points; where the element is missing, of the nearest one around it.
    pub fn line(&self, xpath: &str) -> Option<u32> {
        let (row, _) = locate(&self.body, &[xpath]).into_iter().next()??;
        Some(self.before + row)
    }
}

/// Reads the text of a file: fills in dates, and, with `fresh`, a new id and the time of writing.
pub fn read(text: &str, today: NaiveDate, fresh: Option<(&str, DateTime<Utc>)>) -> anyhow::Result<Payload> {
    let dated = fill_dates(text.trim_start_matches('\u{feff}'), today)?;
    let renewed = match fresh {
        Some((id, now)) => renew(&dated, id, now)?,
        None => dated,
    };
    let document = Document::parse(&renewed).context("the message is not well-formed XML")?;
    let root = document.root_element();
    if root.tag_name().name() == "Envelope" {
        bail!("the file holds a whole envelope; give the child of its Body alone, and it is signed and wrapped here");
    }
    let mut bytes = Vec::with_capacity(renewed.len());
    canonicalize(root, &[], &mut bytes);
    Ok(Payload {
        bytes,
        operation: root.tag_name().name().to_owned(),
        meldings_id: header(root, "meldingsId").and_then(|node| node.text()).map(str::to_owned),
        body: format!("<e><Body>{}</Body></e>", &renewed[root.range()]),
        before: document.text_pos_at(root.range().start).row - 1,
    })
}

/// Puts dates in place of `{today}`, `{today+30}` and `{today-7}`.
fn fill_dates(text: &str, today: NaiveDate) -> anyhow::Result<String> {
    const OPENS: &str = "{today";
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPENS) {
        let (offset, tail) = after.split_once('}').with_context(|| format!("{OPENS} is not closed by a brace"))?;
        let date = moved(today, offset)
            .with_context(|| format!("{OPENS}{offset}}}: write {{today}}, {{today+30}} or {{today-7}}"))?;
        filled.push_str(before);
        filled.push_str(&date.to_string());
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn moved(today: NaiveDate, offset: &str) -> Option<NaiveDate> {
    let days = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok().map(Days::new))?;
    match offset.as_bytes().first() {
        None => Some(today),
        Some(b'+') => today.checked_add_days(days(&offset[1..])?),
        Some(b'-') => today.checked_sub_days(days(&offset[1..])?),
        Some(_) => None,
    }
}

/// An element of the `meldingshode`.
fn header<'a, 'i>(root: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    let child = |node: Node<'a, 'i>, name: &str| {
        let ours = move |n: &Node<'_, '_>| n.tag_name().name() == name && n.tag_name().namespace() == Some(NAMESPACE);
        node.children().find(|n| n.is_element() && ours(n))
    };
    child(root.first_element_child().and_then(|wrapped| child(wrapped, "meldingshode"))?, name)
}

fn renew(text: &str, id: &str, now: DateTime<Utc>) -> anyhow::Result<String> {
    let document = Document::parse(text).context("the message is not well-formed XML")?;
    if document.descendants().all(|node| node.tag_name().name() != "meldingshode") {
        return Ok(text.to_owned());
    }
    let content = |name: &str| -> anyhow::Result<Range<usize>> {
        header(document.root_element(), name)
            .and_then(|node| node.first_child())
            .map(|text| text.range())
            .with_context(|| format!("--new-id: the message has no meldingshode with {name}"))
    };
    let mut changes = vec![
        (content("meldingsId")?, id.to_owned()),
        (content("opprettet")?, now.to_rfc3339_opts(SecondsFormat::Secs, true)),
    ];
    // From the end, so that the places before stay where they are.
    changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut renewed = text.to_owned();
    for (range, value) in changes {
        renewed.replace_range(range, &value);
    }
    Ok(renewed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "<n:hentPerson xmlns:n='urn:no:nir:melding:v1'><n:forespoersel>\n <n:meldingshode>\
        <n:meldingsId>gammel</n:meldingsId><n:opprettet>2026-01-01T00:00:00Z</n:opprettet></n:meldingshode>\
        <n:dufNummer>202400000702</n:dufNummer></n:forespoersel></n:hentPerson>";

    fn read(text: &str, fresh: Option<(&str, DateTime<Utc>)>) -> anyhow::Result<Payload> {
        super::read(text, "2026-11-24".parse().unwrap(), fresh)
    }

    #[test]
    fn dates_are_filled_in() {
        for (written, date) in [
            ("{today}", "2026-11-24"),
            ("{today+0}", "2026-11-24"),
            ("{today+38}", "2027-01-01"),
            ("{today-24}", "2026-10-31"),
            ("{today-24}..{today}", "2026-10-31..2026-11-24"),
            ("{tomorrow}", "{tomorrow}"),
        ] {
            let filled = read(&format!("<a>{written}</a>"), None).unwrap().bytes;
            assert_eq!(String::from_utf8(filled).unwrap(), format!("<a>{date}</a>"));
        }
        for wrong in [
            "{today",
            "{today 7}",
            "{today+}",
            "{today+x}",
            "{today++1}",
            "{today+99999999999}",
            "{todaytoday}",
            "{todayø}",
        ] {
            let error = format!("{:#}", read(&format!("<a>{wrong}</a>"), None).unwrap_err());
            assert!(error.contains("{today"), "{wrong}: {error}");
        }
    }

    #[test]
    fn places_are_those_of_the_file() {
        let text = "<?xml version=\"1.0\"?>\n<!-- two\nlines -->\n<a><!-- \n --><b/>\n<b>\n<c/></b></a>";
        let payload = read(text, None).unwrap();
        for (xpath, line) in
            [("/a", Some(4)), ("/a/b[1]", Some(5)), ("/a/b[2]/c", Some(7)), ("/a/b[2]/d", Some(6)), ("/x", None)]
        {
            assert_eq!(payload.line(xpath), line, "{xpath}");
        }
    }

    #[test]
    fn a_message_becomes_canonical_and_keeps_its_id() {
        let payload = read(MESSAGE, None).unwrap();
        assert_eq!(payload.operation, "hentPerson");
        assert_eq!(payload.meldings_id.as_deref(), Some("gammel"));
        assert!(payload.bytes.starts_with(b"<n:hentPerson xmlns:n=\"urn:no:nir:melding:v1\">"));
    }

    #[test]
    fn a_new_id_and_time_change_nothing_else() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let renewed = String::from_utf8(read(MESSAGE, Some(("ny", now))).unwrap().bytes).unwrap();
        let expected = String::from_utf8(read(MESSAGE, None).unwrap().bytes).unwrap();
        let expected = expected.replace("gammel", "ny").replace("2026-01-01T00:00:00Z", "2026-11-24T12:00:00Z");
        assert_eq!(renewed, expected);
    }

    #[test]
    fn a_ping_has_no_id_to_renew() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        let ping = "<ping xmlns='urn:no:nir:melding:v1'><forespoersel/></ping>";
        assert_eq!(read(ping, Some(("ny", now))).unwrap().bytes, read(ping, None).unwrap().bytes);
        let half = MESSAGE.replace("<n:meldingsId>gammel</n:meldingsId>", "");
        let error = format!("{:#}", read(&half, Some(("ny", now))).unwrap_err());
        assert!(error.contains("meldingsId"), "{error}");
    }

    #[test]
    fn an_envelope_is_not_wrapped_twice() {
        let error = read("<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'/>", None).unwrap_err();
        assert!(error.to_string().contains("Body"), "{error}");
    }
}

//! Where an error points: its XPath against the message, and line and column against the text, found by counting
//! characters and not by a parser.

use roxmltree::{Document, Node};

use crate::codes::check::Feil;

/// Whether the error points at an element whose path ends so, by path, line and column alike.
pub fn right(feil: &Feil, at: &str, sent: &str) -> Result<(), String> {
    let (Some(xpath), false) = (&feil.xpath, at.is_empty()) else {
        return match (&feil.xpath, feil.linje) {
            (None, None) if at.is_empty() => Ok(()),
            _ => Err(format!("place {:?}, line {:?}, where {at:?} was expected", feil.xpath, feil.linje)),
        };
    };
    if !xpath.ends_with(at) {
        return Err(format!("{xpath} instead of …{at}"));
    }
    let (Some(line), Some(column)) = (feil.linje, feil.kolonne) else {
        return Err(format!("{xpath} without line and column"));
    };
    let offset = offset(sent, line, column).ok_or_else(|| format!("{line}:{column} is not in the message"))?;
    let nearest = nearest(sent, xpath)?;
    if nearest == offset {
        return Ok(());
    }
    let there: String = sent[offset..].chars().take(60).collect();
    Err(format!("{xpath} is not at {line}:{column}, where {there} stands"))
}

/// The byte at which a line and column (both from 1, in characters) begin.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum::<usize>();
    let (at, character) = text.get(start..)?.char_indices().nth(column.checked_sub(1)?)?;
    (character == '<').then_some(start + at)
}

/// Where the element of the path begins, or the nearest one above it that is there.
fn nearest(sent: &str, xpath: &str) -> Result<usize, String> {
    let document = Document::parse(sent).map_err(|error| error.to_string())?;
    let body = document.descendants().find(|n| n.tag_name().name() == "Body").ok_or("no Body")?;
    let mut at = body;
    for step in xpath.split('/').skip(1) {
        let (name, index) =
            step.split_once('[').map_or((step, 1), |(name, rest)| (name, rest.trim_end_matches(']').parse().unwrap()));
        let found: Option<Node<'_, '_>> =
            at.children().filter(|n| n.is_element() && n.tag_name().name() == name).nth(index - 1);
        match found {
            Some(next) => at = next,
            None => break,
        }
    }
    if at == body { Err(format!("{xpath} leads nowhere")) } else { Ok(at.range().start) }
}

//! White space in values. Every value that a fagsystem sends has a type whose white space is collapsed before it is
//! compared with anything (XML Schema part 2, 4.3.6): the validator does so, and what is decoded must be the same
//! value, or ` 1 ` and `1` would be two ids. In answers there are texts, too, whose white space is their own.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memchr;

use crate::outline::Outline;

/// Names of the elements that hold such a text, in whatever type.
static TEXTS: LazyLock<HashSet<&str>> = LazyLock::new(|| Outline::published().named_by_type("xs:string").collect());

/// Canonical form writes tab and line feed as they are, and a carriage return like this.
const RETURN: &str = "&#xD;";

/// Collapses the white space of every value of a canonical request. Nothing is copied unless there is some.
pub(super) fn values(text: &str) -> Cow<'_, str> {
    all_but(text, |_| false)
}

/// The same of an answer, without its texts.
pub(super) fn values_beside_texts(text: &str) -> Cow<'_, str> {
    all_but(text, |name| TEXTS.contains(name))
}

fn all_but(text: &str, is_kept: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    // From each tag's end to the next tag's begin stands text: a value, or white space between elements.
    while let Some(end) = memchr(b'>', &text.as_bytes()[at..]).map(|found| at + found + 1) {
        let Some(next) = memchr(b'<', &text.as_bytes()[end..]).map(|found| end + found) else { break };
        let value = &text[end..next];
        let blank = value.bytes().all(|byte| byte.is_ascii_whitespace());
        if needs(value) && (!blank || is_leaf(text, end, next)) && !is_kept(name(text, end)) {
            out.push_str(&text[copied..end]);
            collapse(value, &mut out);
            copied = next;
        }
        at = next;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether the tag that ends at `end` opens the element that the tag at `next` closes.
fn is_leaf(text: &str, end: usize, next: usize) -> bool {
    let opens = text[..end].rfind('<').is_some_and(|begin| !text[begin..].starts_with("</"));
    opens && text[next..].starts_with("</")
}

/// Local name of the element whose tag ends at `end`.
fn name(text: &str, end: usize) -> &str {
    let tag = text[..end].rsplit('<').next().unwrap_or_default();
    let name = tag.split([' ', '>']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

fn needs(value: &str) -> bool {
    let bytes = value.as_bytes();
    let space = |byte: &u8| byte.is_ascii_whitespace();
    bytes.first().is_some_and(space)
        || bytes.last().is_some_and(space)
        || bytes.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'))
        || bytes.windows(2).any(|pair| pair == b"  ")
        || value.contains(RETURN)
}

fn collapse(value: &str, out: &mut String) {
    let value = value.replace(RETURN, " ");
    for (index, word) in value.split_ascii_whitespace().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::{values, values_beside_texts};

    /// What is sent, and what is decoded.
    const TABLE: &[(&str, &str)] = &[
        ("<a><b>x</b></a>", "<a><b>x</b></a>"),
        ("<a>\n  <b>x</b>\n</a>", "<a>\n  <b>x</b>\n</a>"),
        ("<a><b> x </b></a>", "<a><b>x</b></a>"),
        ("<a>\n<b>x</b>\n<c>\n y\t z </c></a>", "<a>\n<b>x</b>\n<c>y z</c></a>"),
        ("<a><b>x  y</b></a>", "<a><b>x y</b></a>"),
        ("<a><b>x y</b></a>", "<a><b>x y</b></a>"),
        ("<a><b>&#xD;x&#xD;y</b></a>", "<a><b>x y</b></a>"),
        ("<a><b> </b></a>", "<a><b></b></a>"),
        ("<a><b></b> <c></c></a>", "<a><b></b> <c></c></a>"),
        ("<a><b>æ  ø</b></a>", "<a><b>æ ø</b></a>"),
        ("<a><b>&lt; &gt;</b></a>", "<a><b>&lt; &gt;</b></a>"),
        (" > ", " > "),
        ("> <", "> <"),
        ("", ""),
    ];

    #[test]
    fn values_are_collapsed_and_nothing_else() {
        for (sent, decoded) in TABLE {
            assert_eq!(values(sent), *decoded, "{sent:?}");
            assert_eq!(values(decoded), *decoded, "{sent:?} twice");
        }
    }

    #[test]
    fn texts_of_answers_are_kept() {
        for (sent, decoded) in [
            (
                "<a><timerPerUke> 1 </timerPerUke><verdi> 1 </verdi></a>",
                "<a><timerPerUke>1</timerPerUke><verdi> 1 </verdi></a>",
            ),
            ("<p:verdi>\n</p:verdi>", "<p:verdi>\n</p:verdi>"),
            ("<a><verdi b=\"c\"> </verdi> <b> </b></a>", "<a><verdi b=\"c\"> </verdi> <b></b></a>"),
        ] {
            assert_eq!(values_beside_texts(sent), decoded, "{sent:?}");
        }
    }

    #[test]
    fn nothing_is_copied_without_need() {
        let pretty = "<a>\n  <b>x</b>\n</a>";
        assert!(matches!(values(pretty), std::borrow::Cow::Borrowed(_)));
    }
}

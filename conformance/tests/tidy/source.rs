//! Rust text without its comments and literals, so that a word found in it is code.

use crate::tree::{File, with_ending};

/// One line of code.
pub struct Line {
    /// Where, as `path:line`.
    pub place: String,
    /// The code of it, with literals and comments blanked.
    pub code: String,
}

/// All lines of all Rust files.
pub fn lines() -> impl Iterator<Item = (&'static File, Line)> {
    with_ending(&["rs"]).flat_map(|file| {
        let code = blanked(&file.text);
        let lines: Vec<Line> = code
            .lines()
            .zip(1..)
            .map(|(code, n)| Line { place: format!("{}:{n}", file.path), code: code.to_owned() })
            .collect();
        lines.into_iter().map(move |line| (file, line))
    })
}

/// Whether a word stands in code, as a word.
pub fn has_word(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part) && !code[at + word.len()..].chars().next().is_some_and(part)
    })
}

/// The text with comments and the insides of literals as spaces; lines stay lines.
pub fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = skipped(rest, out.chars().next_back()).unwrap_or(0);
        if length == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    out
}

/// Bytes of the comment or literal that begins here.
fn skipped(rest: &str, before: Option<char>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(nested_comment(rest));
    }
    if let Some(hashes) = raw_string(rest, before) {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = hashes + 2;
        return Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()));
    }
    match rest.as_bytes()[0] {
        b'"' => Some(quoted(rest, '"')),
        // A lifetime has no second quote after its first letter.
        b'\'' if rest[1..].starts_with('\\') => Some(quoted(rest, '\'')),
        b'\'' => {
            let mut after = rest[1..].char_indices();
            let (_, _) = after.next()?;
            let (at, quote) = after.next()?;
            (quote == '\'').then_some(1 + at + 1)
        }
        _ => None,
    }
}

fn nested_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Number of hashes when `r"`, `r#"` … begins here.
fn raw_string(rest: &str, before: Option<char>) -> Option<usize> {
    let word = |c: char| (c.is_alphanumeric() && c != 'b') || c == '_';
    let after = rest.strip_prefix('r').filter(|_| !before.is_some_and(word))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "let a = \"un//safe\\\"\"; // unsafe\nlet b: &'static str = r#\"un\"safe\"#; /* un /* safe */ */ let c = '\"'; 'x'; unsafe";
    let code = blanked(text);
    assert_eq!(code.lines().count(), 2);
    assert!(code.contains("&'static str"), "{code}");
    assert!(code.ends_with("; unsafe"), "{code}");
    assert_eq!(code.matches("safe").count(), 1, "{code}");
    assert!(has_word("a unsafe{", "unsafe") && !has_word("unsafe_code", "unsafe"));
}

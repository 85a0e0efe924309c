//! Forms in which the parsers behind the prefilter were seen to differ (`tests/differential.rs`): each is refused here,
//! so that no two of them can read two documents.

use crate::refusal::Refusal;

/// A name without a colon (Namespaces in XML 1.0 §3); which letters beyond ASCII it may have is left to the parser.
pub(super) fn is_nc_name(name: &str) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    name.starts_with(start) && name.chars().all(|c| start(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
}

/// A carriage return stands before a line feed or not at all. Alone it is a line end, too (XML 1.0 §2.11), but beside
/// a reference roxmltree 0.21 takes it for a character, and libxml2 does not. No sender is known to write one.
pub(super) fn line_ends(text: &str) -> Result<(), Refusal> {
    let bytes = text.as_bytes();
    if memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n')) {
        return Err(Refusal::malformed("a carriage return alone"));
    }
    Ok(())
}

/// A reference to half a surrogate pair, or beyond Unicode, is none (XML 1.0 §4.1): the tree would show U+FFFD for it.
pub(super) fn references(text: &str) -> Result<(), Refusal> {
    for at in memchr::memmem::find_iter(text.as_bytes(), b"&#") {
        let number = &text[at + 2..];
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
        let digits = digits.chars().map_while(|c| c.to_digit(radix));
        let value = digits.fold(0_u32, |value, digit| value.saturating_mul(radix).saturating_add(digit));
        if char::from_u32(value).is_none() {
            return Err(Refusal::malformed("a reference to no character"));
        }
    }
    Ok(())
}

/// A namespace is an absolute URI: Canonical XML fails on any other (C14N §1.3), and the two canonicalizers must not
/// differ on what an odd one means. Only the default namespace can be undeclared (Namespaces in XML 1.0 §5).
pub(super) fn namespace(name: &str, value: &str) -> Result<(), Refusal> {
    if value.is_empty() && name == "xmlns" {
        return Ok(());
    }
    if name == "xmlns:xmlns" {
        return Err(Refusal::malformed("xmlns declared as a prefix"));
    }
    if is_absolute_uri(value) { Ok(()) } else { Err(Refusal::malformed("a namespace that is no absolute URI")) }
}

/// A part of RFC 3986 that holds every namespace in use: scheme, host with port, path, query, fragment; no user, no
/// address in brackets, no character beyond ASCII.
fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let plain = |text: &str, also: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b));
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !plain(scheme, b"+-.") {
        return false;
    }
    let rest = match rest.strip_prefix("//") {
        None => rest,
        Some(rest) => {
            let (authority, after) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
            let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
            if host.is_empty() || !plain(host, b"-.") || !is_port {
                return false;
            }
            after
        }
    };
    let mut escapes = rest.split('%').skip(1);
    plain(rest, b"-._~!$'()*+,;=:@/?#%")
        && rest.bytes().filter(|b| *b == b'#').count() <= 1
        && escapes.all(|escape| escape.len() >= 2 && escape.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

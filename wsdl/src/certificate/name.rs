//! Distinguished names: the organisation number in a subject, and an issuer as senders write it.

use x509_parser::prelude::X509Name;

use super::problem::Problem;

/// organizationIdentifier, where SEID v2 puts the number (domain.md 14).
const ORGANIZATION_IDENTIFIER: &str = "2.5.4.97";
/// serialNumber, where SEID v1 puts it (domain.md 14).
const SERIAL_NUMBER: &str = "2.5.4.5";

/// A name as attribute types (dotted) and values, in the order of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(Vec<(String, String)>);

impl Name {
    pub(super) fn read(name: &X509Name<'_>) -> Self {
        let attributes = name.iter_attributes().map(|attribute| {
            let value = match attribute.as_str() {
                Ok(text) => text.to_owned(),
                // BMPString and the like: kept apart from every readable value.
                Err(_) => format!("#{}", hex::encode(attribute.as_slice())),
            };
            (attribute.attr_type().to_id_string(), value)
        });
        Name(attributes.collect())
    }

    /// The organisation number, in the order and with the conflicts of domain.md 14.
    pub(super) fn orgnr(&self) -> Result<String, Problem> {
        let mut found: Option<&str> = None;
        for (kind, value) in &self.0 {
            let number = match kind.as_str() {
                ORGANIZATION_IDENTIFIER => match value.strip_prefix("NTRNO-").filter(|number| nine_digits(number)) {
                    Some(number) => number,
                    // Other forms name no Norwegian unit, or name it in a way that was never standard.
                    None => return Err(Problem::OrgnrMissing("organizationIdentifier has another form")),
                },
                // Other certificates keep a device number or a person's key here.
                SERIAL_NUMBER if nine_digits(value) => value,
                _ => continue,
            };
            if found.is_some_and(|earlier| earlier != number) {
                return Err(Problem::OrgnrConflict);
            }
            found = Some(number);
        }
        match found {
            None => Err(Problem::OrgnrMissing("neither organizationIdentifier nor serialNumber holds one")),
            Some(number) if !check_digit_holds(number) => Err(Problem::OrgnrMissing("the check digit does not hold")),
            Some(number) => Ok(number.to_owned()),
        }
    }

    /// Whether a sender's X509IssuerName means this name. Writers differ in order, spacing and in how they name
    /// the attributes (XMLDSIG 1.1 §4.5.4.1 asks for RFC 4514, Java and .NET write older forms); since the key
    /// found must still verify the signature, both orders and any case are taken.
    pub(super) fn is_written(&self, written: &str) -> bool {
        let Some(read) = parse(written) else { return false };
        if read.len() != self.0.len() {
            return false;
        }
        let own: Vec<(String, String)> = self.0.iter().map(|(kind, value)| (kind.clone(), fold(value))).collect();
        own.iter().eq(read.iter()) || own.iter().rev().eq(read.iter())
    }
}

fn nine_digits(text: &str) -> bool {
    text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Modulus 11 with the weights of organisation numbers.
fn check_digit_holds(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    let check = (11 - sum % 11) % 11;
    digits.len() == 9 && digits.last() == Some(&check)
}

/// `type=value` parts, folded; None when the text is no name.
fn parse(written: &str) -> Option<Vec<(String, String)>> {
    let mut parts = Vec::new();
    for part in split(written)? {
        let (kind, value) = part.split_once('=')?;
        parts.push((dotted(kind.trim())?, fold(&unescape(value.trim())?)));
    }
    Some(parts)
}

/// Splits at commas, semicolons and plus signs that are neither escaped nor quoted.
fn split(written: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in written.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b';' | b'+' if !quoted => {
                parts.push(written.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(written.get(start..)?);
    (!quoted && !escaped).then_some(parts)
}

/// A value without quotes, escapes and the hexadecimal form that RFC 4514 §2.4 prescribes for unnamed types.
fn unescape(value: &str) -> Option<String> {
    if let Some(encoded) = value.strip_prefix('#') {
        let der = hex::decode(encoded).ok()?;
        // One string of less than 128 bytes: tag, length, content.
        let (&length, content) = der.get(1..)?.split_first()?;
        let whole = usize::from(length) == content.len();
        return String::from_utf8(content.to_vec()).ok().filter(|_| whole);
    }
    let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let (mut out, mut bytes) = (Vec::with_capacity(value.len()), value.bytes().peekable());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let next = bytes.next()?;
        match (char::from(next).to_digit(16), bytes.peek().and_then(|low| char::from(*low).to_digit(16))) {
            (Some(high), Some(low)) => {
                bytes.next();
                out.push(u8::try_from(high * 16 + low).ok()?);
            }
            _ => out.push(next),
        }
    }
    String::from_utf8(out).ok()
}

/// Case and runs of white space do not tell names apart (RFC 5280 §7.1).
fn fold(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The dotted type of a name that writers use.
fn dotted(kind: &str) -> Option<String> {
    let kind = kind.to_ascii_uppercase();
    let kind = kind.strip_prefix("OID.").unwrap_or(&kind);
    let dotted = match kind {
        "CN" => "2.5.4.3",
        "SN" | "SURNAME" => "2.5.4.4",
        "SERIALNUMBER" => SERIAL_NUMBER,
        "C" => "2.5.4.6",
        "L" => "2.5.4.7",
        "S" | "ST" => "2.5.4.8",
        "STREET" => "2.5.4.9",
        "O" => "2.5.4.10",
        "OU" => "2.5.4.11",
        "T" | "TITLE" => "2.5.4.12",
        "G" | "GN" | "GIVENNAME" => "2.5.4.42",
        "ORGANIZATIONIDENTIFIER" | "ORGID" => ORGANIZATION_IDENTIFIER,
        "DC" => "0.9.2342.19200300.100.1.25",
        "UID" => "0.9.2342.19200300.100.1.1",
        "E" | "EMAIL" | "EMAILADDRESS" => "1.2.840.113549.1.9.1",
        other if !other.is_empty() && other.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => other,
        _ => return None,
    };
    Some(dotted.to_owned())
}

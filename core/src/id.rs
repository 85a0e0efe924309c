//! Identifiers as newtypes that can only be made valid (domain.md 3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no identifier of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Wrong length or characters.
    #[error("form")]
    Form,
    /// The check digits do not hold.
    #[error("check digits")]
    Check,
}

/// DUF number: 12 digits, year + serial + two control digits (domain.md 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Duf(u64);

/// Fødselsnummer or D-nummer, eleven digits (domain.md 3.2, 3.3). Sex and birth date are never read from it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fnr([u8; 11]);

/// Norwegian organisation number (domain.md 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Orgnr(u32);

/// Kommune number, four digits (domain.md 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kommunenummer(u16);

/// Bydel number, six digits (domain.md 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bydel(u32);

fn digits<const N: usize>(text: &str) -> Result<[u8; N], InvalidId> {
    let bytes: [u8; N] = text.as_bytes().try_into().map_err(|_| InvalidId::Form)?;
    if bytes.iter().all(u8::is_ascii_digit) { Ok(bytes.map(|b| b - b'0')) } else { Err(InvalidId::Form) }
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |n, d| n * 10 + u64::from(*d))
}

impl Kommunenummer {
    /// The county: the first two digits (domain.md 3.5).
    pub fn fylke(self) -> u16 {
        self.0 / 100
    }

    /// Whether it has the form of a county's own number: its two digits followed by 00.
    pub fn is_fylke(self) -> bool {
        self.0.is_multiple_of(100)
    }
}

impl Duf {
    /// Reads 12 digits. With `test_series` (sandbox and test) years from 9000 on may have any control
    /// digits (domain.md 17.3).
    pub fn parse(text: &str, test_series: bool) -> Result<Self, InvalidId> {
        const WEIGHTS: [u32; 10] = [4, 6, 3, 2, 4, 6, 3, 2, 7, 5];
        let d = digits::<12>(text)?;
        let sum: u32 = WEIGHTS.iter().zip(d).map(|(w, d)| w * u32::from(d)).sum();
        let synthetic = test_series && d[0] == 9;
        if synthetic || u64::from(sum % 11) == number(&d[10..]) { Ok(Duf(number(&d))) } else { Err(InvalidId::Check) }
    }

    /// Whether the number is of the synthetic years from 9000 on (domain.md 3.1).
    pub fn is_synthetic(self) -> bool {
        self.0 >= 900_000_000_000
    }

    /// The number as the database holds it; the value was checked when it was first read.
    pub fn from_stored(value: i64) -> Option<Self> {
        u64::try_from(value).ok().filter(|v| *v < 1_000_000_000_000).map(Duf)
    }

    /// The number before this one, whether it was given to anybody or not: where a search for this one begins.
    pub fn before(self) -> Option<Self> {
        self.0.checked_sub(1).map(Duf)
    }

    /// For the database.
    pub fn to_stored(self) -> i64 {
        i64::try_from(self.0).unwrap_or(0)
    }
}

impl fmt::Display for Duf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl Fnr {
    /// Reads 11 digits. With `all_remainders` (numbers issued from 2032) the first control digit may leave
    /// remainder 0 to 3 (domain.md 3.3).
    pub fn parse(text: &str, all_remainders: bool) -> Result<Self, InvalidId> {
        const FIRST: [u32; 10] = [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
        const SECOND: [u32; 11] = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
        let d = digits::<11>(text)?;
        let rest = |weights: &[u32]| weights.iter().zip(d).map(|(w, d)| w * u32::from(d)).sum::<u32>() % 11;
        let allowed = if all_remainders { 3 } else { 0 };
        if rest(&FIRST) <= allowed && rest(&SECOND) == 0 { Ok(Fnr(d)) } else { Err(InvalidId::Check) }
    }

    /// Whether the number is one of the synthetic series: month + 80 (domain.md 3.2).
    pub fn is_synthetic(self) -> bool {
        self.0[2] >= 8
    }
}

impl fmt::Debug for Fnr {
    // A number never reaches a log by way of Debug.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fnr(…)")
    }
}

impl fmt::Display for Fnr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|d| write!(f, "{d}"))
    }
}

impl FromStr for Orgnr {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        const WEIGHTS: [u32; 8] = [3, 2, 7, 6, 5, 4, 3, 2];
        let d = digits::<9>(text)?;
        let rest = WEIGHTS.iter().zip(d).map(|(w, d)| w * u32::from(d)).sum::<u32>() % 11;
        let check = if rest == 0 { 0 } else { 11 - rest };
        if check == u32::from(d[8]) {
            u32::try_from(number(&d)).map(Orgnr).map_err(|_| InvalidId::Form)
        } else {
            Err(InvalidId::Check)
        }
    }
}

impl FromStr for Kommunenummer {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        u16::try_from(number(&digits::<4>(text)?)).map(Kommunenummer).map_err(|_| InvalidId::Form)
    }
}

impl FromStr for Bydel {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        u32::try_from(number(&digits::<6>(text)?)).map(Bydel).map_err(|_| InvalidId::Form)
    }
}

impl Bydel {
    /// The kommune that the bydel lies in: its first four digits.
    pub fn kommune(self) -> Option<Kommunenummer> {
        u16::try_from(self.0 / 100).ok().map(Kommunenummer)
    }

    /// Its number within the kommune.
    pub fn within(self) -> u32 {
        self.0 % 100
    }
}

macro_rules! text_form {
    ($name:ident, $width:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $width, "}"), self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    };
}
text_form!(Orgnr, "9");
text_form!(Kommunenummer, "4");
text_form!(Bydel, "6");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duf_numbers_of_the_sources_hold_and_others_do_not() {
        for valid in ["201017238203", "200816832910", "202100000110", "201512345609", "202265432110", "201990000104"] {
            assert_eq!(Duf::parse(valid, false).map(|duf| duf.to_string()).as_deref(), Ok(valid));
        }
        for invalid in ["201012345678", "241012192200", "010000000400", "900099900013"] {
            assert_eq!(Duf::parse(invalid, false), Err(InvalidId::Check), "{invalid}");
        }
        assert!(Duf::parse("900099900013", true).is_ok(), "the seed's test person (domain.md 17.3)");
        assert_eq!(Duf::parse("20101723820", false), Err(InvalidId::Form));
    }

    #[test]
    fn national_ids_old_and_new() {
        for valid in ["01819012365", "15838540063", "24849731048", "09830061271", "41819012359", "41880570062"] {
            assert!(Fnr::parse(valid, false).is_ok_and(Fnr::is_synthetic), "{valid}");
        }
        for (number, before, from_2032) in [
            ("02013299997", true, true),
            ("02013299903", false, true),
            ("30108299920", true, true),
            ("30108299939", false, true),
        ] {
            assert_eq!(Fnr::parse(number, false).is_ok(), before, "{number}");
            assert_eq!(Fnr::parse(number, true).is_ok(), from_2032, "{number}");
        }
    }

    #[test]
    fn organization_numbers() {
        for valid in ["310000000", "310000019", "310000027", "310000035", "314123468", "974760673"] {
            assert!(valid.parse::<Orgnr>().is_ok(), "{valid}");
        }
        assert_eq!("974760674".parse::<Orgnr>(), Err(InvalidId::Check));
    }
}

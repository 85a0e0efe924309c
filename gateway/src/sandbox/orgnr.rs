//! The synthetic organizations of the sandbox (domain.md 3.4: synthetic numbers begin with 2 or 3).

/// Runs the fagsystem `4204-flyktning-1` and others.
pub const VENDOR: &str = "310000000";
/// A second vendor, with an older (SEID v1) certificate.
pub const VENDOR2: &str = "310000019";
/// Kommune 4204, with a certificate of its own.
pub const KOMMUNE_4204: &str = "310000027";
/// A source register that has not been told which it is: its messages are refused (A414).
pub const KILDE: &str = "310000035";
/// IMDi: the gateway itself.
pub const GATEWAY: &str = "310000043";
/// Kommune 0301.
pub const KOMMUNE_0301: &str = "310000051";
/// Kommune 4203.
pub const KOMMUNE_4203: &str = "310000078";
/// Kommune 1507, which was split in 2024.
pub const KOMMUNE_1507: &str = "310000086";
/// Kommune 5001, registered but without an agreement.
pub const KOMMUNE_5001: &str = "310000094";

/// UDI.
pub const UDI: &str = "310000140";
/// Folkeregisteret.
pub const FOLKEREGISTER: &str = "310000159";
/// HK-dir, which tells test results.
pub const HKDIR: &str = "310000167";
/// IMDi as a source.
pub const IMDI: &str = "310000175";

#[cfg(test)]
mod tests {
    use register::id::Orgnr;

    use super::*;

    #[test]
    fn every_number_has_its_check_digit() {
        for number in [
            VENDOR,
            VENDOR2,
            KOMMUNE_4204,
            KILDE,
            GATEWAY,
            KOMMUNE_0301,
            KOMMUNE_4203,
            KOMMUNE_1507,
            KOMMUNE_5001,
            UDI,
            FOLKEREGISTER,
            HKDIR,
            IMDI,
        ] {
            assert!(number.parse::<Orgnr>().is_ok(), "{number}");
        }
    }
}

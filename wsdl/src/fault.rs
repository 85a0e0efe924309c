//! SOAP Faults, canonical by construction (SOAP 1.1 §4.4, SOAP 1.2 part 1 §5.4, WSS 1.1 §12).

use crate::c14n::escape_text;
use crate::envelope::SoapVersion;
pub use crate::refusal::FaultCode;

/// A Fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The standard's code.
    pub code: FaultCode,
    /// Norwegian reason.
    pub reason_nb: String,
    /// English reason.
    pub reason_en: String,
    /// Canonical bytes of the detail's child; may be empty.
    pub detail: Vec<u8>,
}

enum Name {
    Soap(&'static str, &'static str),
    Wsse(&'static str),
    Wsu(&'static str),
}

fn name(code: FaultCode) -> Name {
    match code {
        FaultCode::Sender => Name::Soap("Client", "Sender"),
        FaultCode::Receiver => Name::Soap("Server", "Receiver"),
        FaultCode::VersionMismatch => Name::Soap("VersionMismatch", "VersionMismatch"),
        FaultCode::MustUnderstand => Name::Soap("MustUnderstand", "MustUnderstand"),
        FaultCode::UnsupportedAlgorithm => Name::Wsse("UnsupportedAlgorithm"),
        FaultCode::InvalidSecurity => Name::Wsse("InvalidSecurity"),
        FaultCode::InvalidSecurityToken => Name::Wsse("InvalidSecurityToken"),
        FaultCode::FailedAuthentication => Name::Wsse("FailedAuthentication"),
        FaultCode::FailedCheck => Name::Wsse("FailedCheck"),
        FaultCode::SecurityTokenUnavailable => Name::Wsse("SecurityTokenUnavailable"),
        FaultCode::MessageExpired => Name::Wsu("MessageExpired"),
    }
}

/// Canonical bytes of the Fault as the Body's child, standing alone.
///
/// It stands in a Body that declares `soap`, `wsse` and `wsu`: the prefixes of a code stand in text, which exclusive
/// canonicalization does not see, so `seal` names `wsse` in the PrefixList of a Fault's Body.
pub fn body(soap: SoapVersion, fault: &Fault) -> Vec<u8> {
    let mut out = Vec::with_capacity(fault.detail.len() + 1024);
    match soap {
        SoapVersion::V11 => v11(fault, &mut out),
        SoapVersion::V12 => v12(fault, &mut out),
    }
    out
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn v11(fault: &Fault, out: &mut Vec<u8>) {
    push(out, "<soap:Fault>");
    match name(fault.code) {
        Name::Soap(code, _) => push(out, &format!("<faultcode>soap:{code}</faultcode>")),
        Name::Wsse(code) => push(out, &format!("<faultcode>wsse:{code}</faultcode>")),
        Name::Wsu(code) => push(out, &format!("<faultcode>wsu:{code}</faultcode>")),
    }
    push(out, "<faultstring>");
    escape_text(&format!("{} / {}", fault.reason_nb, fault.reason_en), out);
    push(out, "</faultstring>");
    if !fault.detail.is_empty() {
        push(out, "<detail>");
        out.extend_from_slice(&fault.detail);
        push(out, "</detail>");
    }
    push(out, "</soap:Fault>");
}

fn v12(fault: &Fault, out: &mut Vec<u8>) {
    push(out, "<soap:Fault><soap:Code>");
    match name(fault.code) {
        Name::Soap(_, code) => push(out, &format!("<soap:Value>soap:{code}</soap:Value>")),
        Name::Wsse(code) => subcode(out, "wsse", code),
        Name::Wsu(code) => subcode(out, "wsu", code),
    }
    push(out, "</soap:Code><soap:Reason><soap:Text xml:lang=\"nb\">");
    escape_text(&fault.reason_nb, out);
    push(out, "</soap:Text><soap:Text xml:lang=\"en\">");
    escape_text(&fault.reason_en, out);
    push(out, "</soap:Text></soap:Reason>");
    if !fault.detail.is_empty() {
        push(out, "<soap:Detail>");
        out.extend_from_slice(&fault.detail);
        push(out, "</soap:Detail>");
    }
    push(out, "</soap:Fault>");
}

fn subcode(out: &mut Vec<u8>, prefix: &str, code: &str) {
    push(
        out,
        &format!(
            "<soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value>{prefix}:{code}</soap:Value></soap:Subcode>"
        ),
    );
}

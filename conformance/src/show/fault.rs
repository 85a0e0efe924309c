//! A SOAP Fault, of either version.

use nir_wsdl::names::{SOAP11, SOAP12};
use nir_xsd::message::{NAMESPACE, NirFeil};
use roxmltree::{Document, Node};

use super::{BAD, Sent, feil, row};

/// What a Fault says.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The standard's code; the subcode where there is one.
    pub code: String,
    /// The reasons, one per language.
    pub reason: Vec<String>,
    /// The declared detail.
    pub detail: Option<NirFeil>,
}

impl Fault {
    /// From the canonical child of a Body; None when it is no Fault.
    pub fn in_body(child: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(child).ok()?;
        read(Document::parse(text).ok()?.root_element())
    }

    /// From an envelope that may be signed or not: what it says is to be shown, never to be believed.
    pub fn in_envelope(envelope: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(envelope).ok()?;
        Document::parse(text).ok()?.descendants().find_map(read)
    }

    /// Prints it; with `sent`, the places are those of the file.
    pub fn show(&self, sent: Option<&Sent<'_>>) {
        anstream::println!("{BAD}Fault{BAD:#}  {}", self.code);
        match &self.detail {
            Some(detail) => detail.feil.iter().for_each(|f| feil(f, "", sent)),
            None => self.reason.iter().for_each(|reason| row("reason", reason)),
        }
    }
}

fn read(fault: Node<'_, '_>) -> Option<Fault> {
    if fault.tag_name().name() != "Fault" || !matches!(fault.tag_name().namespace(), Some(SOAP11 | SOAP12)) {
        return None;
    }
    let texts = |name: &'static str| {
        let of_that_name = fault.descendants().filter(move |n| n.tag_name().name() == name);
        of_that_name.filter_map(|n| n.text()).map(str::to_owned).collect::<Vec<_>>()
    };
    let (code, reason) = match fault.tag_name().namespace() {
        Some(SOAP11) => (texts("faultcode"), texts("faultstring")),
        _ => (texts("Value"), texts("Text")),
    };
    let declared = |n: &Node<'_, '_>| n.tag_name().name() == "nirFeil" && n.tag_name().namespace() == Some(NAMESPACE);
    let detail = fault.descendants().find(declared).and_then(|n| NirFeil::parse(&n.document().input_text()[n.range()]));
    Some(Fault { code: code.last().cloned().unwrap_or_default(), reason, detail })
}

#[cfg(test)]
mod tests {
    use nir_wsdl::envelope::SoapVersion;
    use nir_wsdl::fault;
    use nir_wsdl::refusal::FaultCode;
    use nir_wsdl::seal::seal;
    use nir_xsd::message::{Feil, Version};

    use super::*;

    #[test]
    fn both_versions_are_read() {
        let detail = NirFeil { feil: vec![Feil { kode: "NIR-S205".to_owned(), ..Feil::default() }] };
        let fault = fault::Fault {
            code: FaultCode::InvalidSecurity,
            reason_nb: "nb".to_owned(),
            reason_en: "en".to_owned(),
            detail: detail.to_canonical(&Version::LATEST),
        };
        for soap in [SoapVersion::V11, SoapVersion::V12] {
            let bytes = fault::body(soap, &fault);
            let envelope = seal(soap, &bytes, None, crate::clock::now(), None, None).bytes;
            let read = Fault::in_envelope(&envelope).unwrap();
            assert_eq!(read.code, "wsse:InvalidSecurity");
            assert_eq!(read.detail.unwrap().feil[0].kode, "NIR-S205");
            assert!(read.reason.iter().any(|reason| reason.contains("en")));
        }
    }
}

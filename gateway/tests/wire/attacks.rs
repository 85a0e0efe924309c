//! Attack classes of threats.md over the wire, several variants each. Every variant is a transformation of a
//! freshly signed valid message; each must be refused with its code, leave nothing stored and the process up.

use std::ops::Range;

use crate::client::Client;
use crate::idempotency::unused_person;
use crate::messages::{fresh, head, hent_kvittering, hent_person, person, ping, registrer, send, vedtak};
use crate::sandbox::{Sandbox, shared};

const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// A signed message whose parts can be moved about.
struct Forge {
    xml: String,
}

impl Forge {
    fn new(client: &Client<'_>, payload: &str) -> Self {
        Forge { xml: client.sealed(payload) }
    }

    /// Byte range of the n-th element of a local name.
    fn range(&self, name: &str, nth: usize) -> Range<usize> {
        let document = roxmltree::Document::parse(&self.xml).unwrap();
        document
            .descendants()
            .filter(|n| n.is_element() && n.tag_name().name() == name)
            .nth(nth)
            .unwrap_or_else(|| panic!("no {name} in {}", self.xml))
            .range()
    }

    fn part(&self, name: &str) -> String {
        self.xml[self.range(name, 0)].to_owned()
    }

    fn replace(mut self, name: &str, with: &str) -> Self {
        let range = self.range(name, 0);
        self.xml.replace_range(range, with);
        self
    }

    fn insert_before(mut self, name: &str, what: &str) -> Self {
        let at = self.range(name, 0).start;
        self.xml.insert_str(at, what);
        self
    }

    fn insert_after(mut self, name: &str, what: &str) -> Self {
        let at = self.range(name, 0).end;
        self.xml.insert_str(at, what);
        self
    }

    /// Inserts as the first child.
    fn insert_into(mut self, name: &str, what: &str) -> Self {
        let range = self.range(name, 0);
        let at = range.start + self.xml[range].find('>').unwrap() + 1;
        self.xml.insert_str(at, what);
        self
    }

    /// Textual replacement that must hit.
    fn text(mut self, from: &str, to: &str) -> Self {
        assert!(self.xml.contains(from), "{from} is not in {}", self.xml);
        self.xml = self.xml.replacen(from, to, 1);
        self
    }

    /// Value of the id attribute of an element.
    fn id(&self, name: &str) -> String {
        let document = roxmltree::Document::parse(&self.xml).unwrap();
        let node = document.descendants().find(|n| n.tag_name().name() == name).unwrap();
        node.attributes().find(|a| a.name().eq_ignore_ascii_case("id")).unwrap().value().to_owned()
    }
}

/// A message that would be accepted as it is, and the id by which its trace would show.
struct Victim {
    id: String,
    payload: String,
}

fn victim(sandbox: &Sandbox) -> Victim {
    let id = fresh("attack");
    let today = crate::client::now().date_naive().to_string();
    let line = registrer("1", &format!("v/{id}"), &vedtak(&today, &today, "2027-12-31"));
    Victim { payload: send(&head().id(&id), &person(&unused_person(sandbox), &line)), id }
}

/// Sends the forged message, checks the code, and that nothing of it was stored.
fn refused(client: &Client<'_>, victim: &Victim, forged: &Forge, codes: &[&str]) {
    let answer = client.send(&forged.xml);
    let got = answer.codes();
    assert!(
        got.first().is_some_and(|code| codes.contains(&code.as_str())),
        "expected one of {codes:?}, got {got:?}\nanswer: {}\nsent: {}",
        answer.body,
        forged.xml
    );
    assert!(answer.body.len() <= 8 * 1024, "a refusal is small");
    let trace = client.call(&hent_kvittering(&head(), &victim.id));
    assert_eq!(trace.text("status").as_deref(), Some("IKKE_MOTTATT"), "{}", trace.body);
}

fn each(build: impl Fn(&Client<'_>, &Victim) -> Vec<(Forge, &'static [&'static str])>) {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let victim = victim(sandbox);
    for (forged, codes) in build(&client, &victim) {
        refused(&client, &victim, &forged, codes);
    }
    let answer = client.call(&victim.payload);
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "unchanged it is accepted: {}", answer.body);
}

const WRAPPING: &[&str] = &["NIR-S205", "NIR-S202", "NIR-X301", "NIR-T107"];

#[test]
fn signature_wrapping_never_changes_what_is_processed() {
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let body = base().part("Body");
        let id = base().id("Body");
        let other = body.replace("2027-12-31", "2027-12-30");
        let unsigned = other.replace(&id, "other");
        vec![
            // The signed Body moved into a header, another Body in place (McIntosh and Austel 2005).
            {
                let forge = base();
                let signed = forge.part("Body");
                let forge = forge.replace("Body", &unsigned);
                (forge.insert_after("Security", &format!("<w:Wrapper xmlns:w=\"urn:w\">{signed}</w:Wrapper>")), WRAPPING)
            },
            // The same with the id kept on both.
            {
                let forge = base();
                let signed = forge.part("Body");
                let forge = forge.replace("Body", &other);
                (forge.insert_after("Security", &format!("<w:Wrapper xmlns:w=\"urn:w\">{signed}</w:Wrapper>")), WRAPPING)
            },
            // Two Bodies, in both orders.
            (base().insert_before("Body", &unsigned), WRAPPING),
            (base().insert_after("Body", &unsigned), WRAPPING),
            // Two children of the Body.
            (base().insert_into("Body", "<ping xmlns=\"urn:no:nir:melding:v1\"></ping>"), WRAPPING),
            // The signed Body inside the Signature's Object.
            {
                let forge = base();
                let signed = forge.part("Body");
                let forge = forge.replace("Body", &unsigned);
                let end = forge.range("SignatureValue", 0).end;
                let mut forge = forge;
                forge.xml.insert_str(end, &format!(
                    "<ds:Object xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{signed}</ds:Object>"
                ));
                (forge, &["NIR-S205", "NIR-S202", "NIR-S206", "NIR-X301"] as &[_])
            },
            // A value changed after signing.
            (base().text("2027-12-31", "2027-12-30"), &["NIR-S202"]),
            // A second Security header for us.
            {
                let forge = base();
                let security = forge.part("Security");
                (forge.insert_after("Security", &security), WRAPPING)
            },
        ]
    });
}

#[test]
fn ids_cannot_be_confused() {
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let id = base().id("Body");
        let decoy = |attribute: &str| {
            base().insert_after("Security", &format!("<w:X xmlns:w=\"urn:w\" xmlns:wsu=\"{WSU}\" {attribute}=\"{id}\"></w:X>"))
        };
        vec![
            (decoy("wsu:Id"), WRAPPING),
            (decoy("Id"), WRAPPING),
            (decoy("ID"), WRAPPING),
            (decoy("id"), WRAPPING),
            (decoy("xml:id"), WRAPPING),
        ]
    });
}

#[test]
fn what_must_be_signed_is_signed() {
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let first_reference = base().part("Reference");
        let many = first_reference.repeat(2_000);
        vec![
            (base().replace("Reference", ""), &["NIR-S205", "NIR-S202"] as &[_]),
            (
                {
                    let forge = base();
                    let range = forge.range("Reference", 1);
                    let mut forge = forge;
                    forge.xml.replace_range(range, "");
                    forge
                },
                &["NIR-S205", "NIR-S202"],
            ),
            (
                {
                    // No reference at all.
                    let mut forge = base();
                    while forge.xml.contains("Reference URI=\"#") && forge.part("SignedInfo").contains("Reference") {
                        let range = forge.range("SignedInfo", 0);
                        let inner = forge.xml[range.clone()].to_owned();
                        let start = inner.find("<ds:Reference").or_else(|| inner.find("<Reference")).unwrap();
                        let end = inner.rfind("Reference>").unwrap() + "Reference>".len();
                        forge.xml.replace_range(range.start + start..range.start + end, "");
                    }
                    forge
                },
                &["NIR-S205", "NIR-S202"],
            ),
            (base().insert_before("Reference", &many), &["NIR-S205", "NIR-S202", "NIR-X306"]),
            (base().replace("Signature", ""), &["NIR-S201"]),
            (base().replace("Security", ""), &["NIR-S201"]),
            (base().replace("Timestamp", ""), &["NIR-S205", "NIR-S207", "NIR-S202"]),
            (
                {
                    let forge = base();
                    let stamp = forge.part("Timestamp");
                    let id = forge.id("Timestamp");
                    forge.insert_before("Timestamp", &stamp.replace(&id, "ts-2"))
                },
                &["NIR-S205", "NIR-S207", "NIR-S202", "NIR-X301"],
            ),
        ]
    });
}

#[test]
fn algorithms_and_transforms_outside_the_profile_are_refused() {
    let exc = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let rsa256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let transform = |algorithm: &str| {
            let forge = base();
            let range = forge.range("Transform", 0);
            let changed = forge.xml[range.clone()].replace(exc, algorithm);
            let mut forge = forge;
            forge.xml.replace_range(range, &changed);
            forge
        };
        vec![
            (base().text(rsa256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"), &["NIR-S204"] as &[_]),
            (base().text(rsa256, "http://www.w3.org/2000/09/xmldsig#hmac-sha1"), &["NIR-S204"]),
            (base().text(rsa256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), &["NIR-S204"]),
            (base().text(rsa256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"), &["NIR-S204"]),
            (base().text(rsa256, ""), &["NIR-S204"]),
            (base().text(sha256, "http://www.w3.org/2000/09/xmldsig#sha1"), &["NIR-S204"]),
            (base().text(sha256, "http://www.w3.org/2001/04/xmldsig-more#md5"), &["NIR-S204"]),
            (transform("http://www.w3.org/TR/1999/REC-xslt-19991116"), &["NIR-S206"]),
            (transform("http://www.w3.org/TR/1999/REC-xpath-19991116"), &["NIR-S206"]),
            (transform("http://www.w3.org/2002/06/xmldsig-filter2"), &["NIR-S206"]),
            (transform("http://www.w3.org/2000/09/xmldsig#base64"), &["NIR-S206"]),
            (transform("http://www.w3.org/2001/10/xml-exc-c14n#WithComments"), &["NIR-S206", "NIR-S204"]),
            (transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"), &["NIR-S206", "NIR-S204"]),
            (base().replace("Transforms", ""), &["NIR-S206", "NIR-S202"]),
        ]
    });
}

#[test]
fn references_stay_inside_the_document() {
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let uri = |to: &str| {
            let id = base().id("Body");
            base().text(&format!("URI=\"#{id}\""), &format!("URI=\"{to}\""))
        };
        let id = base().id("Body");
        let outside: &[&str] = &["NIR-S205", "NIR-S202", "NIR-S206"];
        vec![
            (uri(""), outside),
            (uri("file:///etc/passwd"), outside),
            (uri("http://127.0.0.1:9/"), outside),
            (uri(&id), outside),
            (uri(&format!("#xpointer(id('{id}'))")), outside),
            (uri("#xpointer(//*[local-name()='Body'])"), outside),
            (uri("#xpointer(/)"), outside),
            (uri("#nowhere"), outside),
            (uri("cid:part1"), outside),
        ]
    });
}

#[test]
fn key_info_fetches_nothing_and_decides_nothing() {
    let sandbox = shared();
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let key_info = |inner: &str| {
            base().replace(
                "KeyInfo",
                &format!("<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">{inner}</ds:KeyInfo>"),
            )
        };
        let der = |name: &str| {
            let pem = sandbox.pem(name);
            pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>()
        };
        let token = {
            let forge = base();
            let range = forge.range("BinarySecurityToken", 0);
            let text = forge.xml[range].to_owned();
            let start = text.find('>').unwrap() + 1;
            text[start..text.rfind("</").unwrap()].to_owned()
        };
        let bad: &[&str] = &["NIR-S202", "NIR-S205", "NIR-S213", "NIR-S206"];
        vec![
            (key_info("<ds:KeyName>vendor</ds:KeyName>"), bad),
            (key_info("<ds:RetrievalMethod URI=\"http://127.0.0.1:9/key\"></ds:RetrievalMethod>"), bad),
            (key_info("<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"), bad),
            (key_info("<dsig11:KeyInfoReference xmlns:dsig11=\"http://www.w3.org/2009/xmldsig11#\" URI=\"http://127.0.0.1:9/\"></dsig11:KeyInfoReference>"), bad),
            // Another party's certificate in place of the signer's.
            (base().text(&token, &der("kommune.pem")), bad),
            // One that no anchor vouches for.
            (base().text(&token, &der("hostile/wrong-ca.pem")), &["NIR-S213"]),
            (base().text(&token, "AAAA"), &["NIR-S202", "NIR-S213"]),
            (base().text(&token, "not base64!"), &["NIR-S202", "NIR-S213", "NIR-X301"]),
        ]
    });
}

#[test]
fn doctypes_entities_and_instructions_are_refused_in_all_forms() {
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let before = |text: &str| {
            let mut forge = base();
            let at = forge.range("Envelope", 0).start;
            forge.xml.insert_str(at, text);
            forge
        };
        let dtd: &[&str] = &["NIR-X305"];
        vec![
            (before("<!DOCTYPE x>"), dtd),
            (before("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">"), dtd),
            (before("<!DOCTYPE x [<!ENTITY a SYSTEM \"http://127.0.0.1:9/\">]>"), dtd),
            (before("<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\">%p;]>"), dtd),
            (before("<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"), dtd),
            (before("<!DOCTYPE x [<!ATTLIST Body a CDATA \"x\">]>"), dtd),
            (base().text("</ping>", "</ping>").insert_into("Body", "<!ENTITY a \"b\">"), &["NIR-X305", "NIR-X301"])
        ]
        .into_iter()
        .take(6)
        .collect()
    });
}

#[test]
fn comments_never_cut_a_value_short() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    // Signed with the comment in place: canonical text is the whole value (SAML comment truncation, 2018).
    let duf = unused_person(sandbox);
    let cut = format!("{}<!-- -->{}", &duf[..6], &duf[6..]);
    let read = client.call(&hent_person(&head(), &cut, ""));
    assert_eq!(read.text("dufNummer").as_deref(), Some(duf.as_str()), "{}", read.body);
}

#[test]
fn addressing_that_contradicts_the_body_is_refused() {
    each(|client, victim| {
        let base = || Forge::new(client, &victim.payload);
        let wsa = |inner: &str| {
            base().insert_before("Security", &inner.replace("<wsa:", "<wsa:").replacen("<wsa:", "<wsa:", 1))
        };
        let ns = "xmlns:wsa=\"http://www.w3.org/2005/08/addressing\"";
        let bad: &[&str] = &["NIR-T105", "NIR-X301", "NIR-T107", "NIR-S205", "NIR-X302"];
        vec![
            (wsa(&format!("<wsa:Action {ns}>urn:no:nir:fagsystem:v1/ping</wsa:Action>")), bad),
            (wsa(&format!("<wsa:To {ns}>https://elsewhere.example/ws</wsa:To>")), bad),
            (wsa(&format!("<wsa:ReplyTo {ns}><wsa:Address>http://127.0.0.1:9/</wsa:Address></wsa:ReplyTo>")), bad),
            (wsa(&format!("<wsa:FaultTo {ns}><wsa:Address>http://127.0.0.1:9/</wsa:Address></wsa:FaultTo>")), bad),
            (
                wsa(&format!("<wsa:MessageID {ns}>urn:a</wsa:MessageID><wsa:MessageID {ns}>urn:b</wsa:MessageID>")),
                bad,
            ),
        ]
    });
}

#[test]
fn a_header_that_must_be_understood_and_is_not_is_t107() {
    each(|client, victim| {
        let forge = Forge::new(client, &victim.payload);
        let soap = "http://schemas.xmlsoap.org/soap/envelope/";
        let header = format!("<x:Route xmlns:x=\"urn:x\" xmlns:s=\"{soap}\" s:mustUnderstand=\"1\"></x:Route>");
        vec![(forge.insert_before("Security", &header), &["NIR-T107"])]
    });
}

#[test]
fn a_valid_signature_of_one_party_never_speaks_for_another() {
    let sandbox = shared();
    let victim = victim(sandbox);
    // vendor2 signs properly over an avsendersystem of vendor.
    let stranger = Client::new(sandbox, "vendor2");
    let answer = stranger.call(&victim.payload);
    assert_eq!(answer.codes(), ["NIR-A414"], "{}", answer.body);
    // The id is not spent by that (threat 31): the rightful sender is judged as if nothing had been.
    let rightful = Client::new(sandbox, "vendor").call(&victim.payload);
    assert_eq!(rightful.text("status").as_deref(), Some("GODTATT"), "{}", rightful.body);
    assert_eq!(rightful.text("gjentatt").as_deref(), Some("false"));
    // A registered source party, and one that nobody registered.
    assert_eq!(Client::new(sandbox, "kilde").call(&victim.payload).codes(), ["NIR-A414"]);
}

#[test]
fn certificates_that_must_not_sign_do_not() {
    let sandbox = shared();
    for (name, codes) in [
        ("hostile/expired", &["NIR-S210"] as &[&str]),
        ("hostile/revoked", &["NIR-S212"]),
        ("hostile/wrong-usage", &["NIR-S216"]),
        ("hostile/wrong-ca", &["NIR-S213"]),
        ("hostile/no-orgnr", &["NIR-S214"]),
        ("hostile/conflict", &["NIR-S215"]),
    ] {
        let client = Client::with(sandbox, Some("vendor"), name);
        let answer = client.call(&ping());
        assert_eq!(answer.codes(), codes, "{name}: {}", answer.body);
        assert!(answer.verified(sandbox), "TLS knows the caller, so the Fault is signed");
    }
}

#[test]
fn a_fault_to_a_stranger_tells_nothing_and_is_small() {
    let sandbox = shared();
    let client = Client::new(sandbox, "vendor");
    let wrong_value = Forge::new(&client, &ping());
    let value = wrong_value.part("SignatureValue");
    let start = value.find('>').unwrap() + 1;
    let flipped = format!("{}{}{}", &value[..start], if &value[start..=start] == "A" { "B" } else { "A" }, &value[start + 1..]);
    let by_value = client.send(&wrong_value.replace("SignatureValue", &flipped).xml);
    let by_digest = client.send(&Forge::new(&client, &ping()).text("<kontraktversjon>1.0", "<kontraktversjon>1.1").xml);
    assert_eq!(by_value.codes(), ["NIR-S202"]);
    assert_eq!(by_digest.codes(), ["NIR-S202"]);
    // Signature value and digest say the same, word for word (design.md 17, Faults).
    assert_eq!(by_value.text("melding"), by_digest.text("melding"));
    assert!(!by_value.body.contains("digest") && !by_value.body.contains("panicked"));
}

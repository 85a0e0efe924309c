//! Classes 1 to 3: parts moved or doubled so that what is signed is not what would be processed; parts that
//! must be signed and are not; other headers that pose as protection.

use chrono::TimeDelta;
use nir_wsdl::names::{SOAP11, SOAP12, WSSE, WSU};
use nir_wsdl::seal::Signer;

use crate::attacks::forge::{Forge, reference, timestamp, token, written};
use crate::attacks::house::{Attack, Victim, attack, house};
use crate::client::{SOAP_12, now};

/// Signed as it should be.
fn signed(signer: &Signer, victim: &Victim) -> Forge {
    Forge::draft(signer, &victim.payload).sign(signer)
}

/// A Body that the attacker would like to see processed, with an id or none.
fn evil_body(victim: &Victim, id: &str) -> String {
    let id = if id.is_empty() { String::new() } else { format!(" wsu:Id=\"{id}\"") };
    format!("<soap:Body{id}>{}</soap:Body>", victim.evil)
}

fn wrapper(what: &str) -> String {
    format!("<w:Wrapper xmlns:w=\"urn:w\">{what}</w:Wrapper>")
}

#[test]
fn a_signed_body_elsewhere_does_not_sign_the_body() {
    house().repels(|signer, victim| {
        let base = || signed(signer, victim);
        let body = base().part("Body");
        let moved = |evil_id: &str| base().replace("Body", &evil_body(victim, evil_id));
        let mut table = Vec::new();
        for (what, id) in [("without an id", ""), ("with another id", "other"), ("with the same id", "body")] {
            table.push(attack(
                format!("Body in a header, one {what} in place"),
                moved(id).after("Security", &wrapper(&body)),
                "NIR-S205",
            ));
            table.push(attack(
                format!("Body in Security, one {what} in place"),
                moved(id).into_end("Security", &body),
                "NIR-S205",
            ));
            table.push(attack(
                format!("Body wrapped in Security, one {what} in place"),
                moved(id).into_end("Security", &wrapper(&body)),
                "NIR-S205",
            ));
            let object = format!("<ds:Object>{body}</ds:Object>");
            table.push(attack(
                format!("Body in ds:Object, one {what} in place"),
                moved(id).into_end("Signature", &object),
                "NIR-S205",
            ));
            table.push(attack(
                format!("Body in KeyInfo, one {what} in place"),
                moved(id).into_end("KeyInfo", &wrapper(&body)),
                "NIR-S205",
            ));
            table.push(attack(
                format!("Body in the token, one {what} in place"),
                moved(id).into_end("BinarySecurityToken", &body),
                "NIR-S205",
            ));
        }
        table.extend([
            attack("Body as a header of its own", moved("").after("Security", &body), "NIR-S205"),
            attack(
                "Body inside the other Body",
                base().replace("Body", &format!("<soap:Body>{}{body}</soap:Body>", victim.evil)),
                "NIR-X301",
            ),
            attack(
                "Body as the only child of another Body",
                base().replace("Body", &format!("<soap:Body>{body}</soap:Body>")),
                "NIR-S205",
            ),
            attack(
                "Body as the payload's child",
                base().replace("Body", &evil_body(victim, "").replace("</melding>", &format!("{body}</melding>"))),
                "NIR-S205",
            ),
            attack(
                "an element is put around the signed payload",
                base().set_content("Body", 0, &format!("<x xmlns=\"urn:x\">{}</x>", victim.payload)),
                "NIR-S202",
            ),
        ]);
        table
    });
}

#[test]
fn there_is_one_of_everything() {
    house().repels(|signer, victim| {
        let base = || signed(signer, victim);
        let (body, security, header) = (base().part("Body"), base().part("Security"), base().part("Header"));
        let evil = evil_body(victim, "other");
        let other_actor = security.replacen("<wsse:Security", "<wsse:Security soap:actor=\"urn:somebody\"", 1);
        let nested = wrapper(&base().xml);
        vec![
            attack("an unsigned Body before", base().before("Body", &evil), "NIR-X301"),
            attack("an unsigned Body after", base().after("Body", &evil), "NIR-X301"),
            attack("the same Body twice", base().after("Body", &body), "NIR-X301"),
            attack(
                "a Body of the other SOAP version after",
                base().after("Body", "<b:Body xmlns:b=\"http://www.w3.org/2003/05/soap-envelope\"/>"),
                "NIR-X301",
            ),
            attack(
                "two children of the Body",
                base().into_start("Body", "<ping xmlns=\"urn:no:nir:melding:v1\"></ping>"),
                "NIR-X301",
            ),
            attack("text beside the child", base().into_start("Body", "evil"), "NIR-X301"),
            attack("no child", base().set_content("Body", 0, ""), "NIR-X301"),
            attack("no Body", base().replace("Body", ""), "NIR-X301"),
            attack("two Headers", base().before("Header", "<soap:Header></soap:Header>"), "NIR-X301"),
            attack("the Header after the Body", base().replace("Header", "").after("Body", &header), "NIR-X301"),
            attack("an element after the Body", base().after("Body", "<x xmlns=\"urn:x\"/>"), "NIR-X301"),
            attack("two Security headers", base().after("Security", &security), "NIR-S205"),
            attack("a second Security for another actor", base().after("Security", &other_actor), "NIR-S205"),
            attack(
                "an empty Security before",
                base().before("Security", "<wsse:Security></wsse:Security>"),
                "NIR-S205",
            ),
            attack("the only Security is for another actor", base().replace("Security", &other_actor), "NIR-S201"),
            attack(
                "the Security stands in another header",
                base().replace("Security", &wrapper(&security)),
                "NIR-S201",
            ),
            attack(
                "the Security is of another namespace",
                base().text(WSSE, "urn:wsse").text(" soap:mustUnderstand=\"1\"", ""),
                "NIR-S201",
            ),
            attack("two Signatures", base().after("Signature", &base().part("Signature")), "NIR-S205"),
            attack("a Signature in a Signature", base().into_end("Signature", &base().part("Signature")), "NIR-S205"),
            attack(
                "two Timestamps",
                base().after("Timestamp", &timestamp("ts2", &written(now()), &written(now()))),
                "NIR-S205",
            ),
            attack("two SignedInfo", base().after("SignedInfo", &base().part("SignedInfo")), "NIR-S205"),
            attack("two SignatureValue", base().after("SignatureValue", &base().part("SignatureValue")), "NIR-S205"),
            attack("two KeyInfo", base().after("KeyInfo", &base().part("KeyInfo")), "NIR-S205"),
            attack(
                "a whole signed envelope in a header, an unsigned one around",
                wrapped_envelope(victim, &nested, ""),
                "NIR-S201",
            ),
            attack("the same with its Security hoisted", wrapped_envelope(victim, &nested, &security), "NIR-S205"),
            attack("the signed envelope in the Body", wrapped_body(&base().xml), "NIR-S201"),
            attack(
                "another root",
                base().text("<soap:Envelope ", "<soap:Envelope2 ").text("</soap:Envelope>", "</soap:Envelope2>"),
                "NIR-X301",
            ),
        ]
    });
}

fn wrapped_envelope(victim: &Victim, nested: &str, security: &str) -> Forge {
    let head = format!("{security}{nested}");
    Forge {
        xml: format!(
            "<soap:Envelope xmlns:soap=\"{SOAP11}\" xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\"><soap:Header>{head}</soap:Header>{}</soap:Envelope>",
            evil_body(victim, "")
        ),
    }
}

fn wrapped_body(envelope: &str) -> Forge {
    Forge { xml: format!("<s:Envelope xmlns:s=\"{SOAP11}\"><s:Header/><s:Body>{envelope}</s:Body></s:Envelope>") }
}

#[test]
fn body_and_timestamp_must_both_be_signed() {
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let references = |all: &str| {
            let forge = draft();
            let (first, last) = (forge.range("Reference", 0), forge.range("Reference", 1));
            let mut forge = forge;
            forge.xml.replace_range(first.start..last.end, all);
            forge
        };
        let header = format!("<w:X xmlns:w=\"urn:w\" xmlns:wsu=\"{WSU}\" wsu:Id=\"extra\"></w:X>");
        let old = timestamp("ts", &written(now() - TimeDelta::days(3)), &written(now() - TimeDelta::days(3)));
        let fresh = timestamp("fresh", &written(now()), &written(now() + TimeDelta::minutes(5)));
        let captured = || draft().replace("Timestamp", &old).sign(signer);
        vec![
            attack("the Timestamp is not signed", references(&reference("#body")).sign(signer), "NIR-S205"),
            attack(
                "the Body is not signed (WSS4J signs what it is told to)",
                references(&reference("#ts")).sign(signer),
                "NIR-S205",
            ),
            attack("nothing is signed", references("").sign(signer), "NIR-S205"),
            attack(
                "a header is signed, and nothing else",
                references(&reference("#extra")).before("Security", &header).sign(signer),
                "NIR-S205",
            ),
            attack("the token is signed, and nothing else", references(&reference("#bst")).sign(signer), "NIR-S205"),
            attack(
                "the Timestamp is signed twice",
                references(&format!("{0}{0}", reference("#ts"))).sign(signer),
                "NIR-S205",
            ),
            attack(
                "the Body is signed twice",
                references(&format!("{0}{0}{1}", reference("#body"), reference("#ts"))).sign(signer),
                "NIR-S205",
            ),
            attack(
                "there is no Timestamp",
                references(&reference("#body")).replace("Timestamp", "").sign(signer),
                "NIR-S205",
            ),
            attack("the Timestamp is in another header", draft_with_moved_timestamp(signer, victim), "NIR-S205"),
            attack(
                "a captured message gets a fresh Timestamp beside the signed one",
                captured().after("Timestamp", &fresh),
                "NIR-S205",
            ),
            attack(
                "a captured message's Timestamp moves away for a fresh one",
                captured().replace("Timestamp", &fresh).after("Security", &wrapper(&old)),
                "NIR-S205",
            ),
            attack(
                "a captured message's Timestamp is changed",
                captured().replace("Timestamp", &fresh.replace("fresh", "ts")),
                "NIR-S202",
            ),
            attack("eleven references", references(&many(11)).before("Security", &headers(9)).sign(signer), "NIR-S205"),
            attack("two thousand references", references(&reference("#body").repeat(2_000)).sign(signer), "NIR-S205"),
            attack(
                "a reference to nothing",
                references(&format!("{}{}{}", reference("#body"), reference("#ts"), reference("#nowhere")))
                    .sign(signer),
                "NIR-S205",
            ),
            attack("STR-Transform", str_transform(signer, victim), "NIR-S206"),
            attack("the Signature is missing", draft().replace("Signature", ""), "NIR-S201"),
            attack("the Signature is empty", draft().set_content("Signature", 0, ""), "NIR-S205"),
            attack(
                "the Signature is of another namespace",
                draft()
                    .sign(signer)
                    .text("http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>", "urn:ds\"><ds:SignedInfo>"),
                "NIR-S201",
            ),
            attack("the value is missing", draft().sign(signer).set_content("SignatureValue", 0, ""), "NIR-S202"),
            attack("there is no Security", draft().replace("Security", ""), "NIR-S201"),
            attack("there is no Header", draft().replace("Header", ""), "NIR-S201"),
        ]
    });
}

/// Body, Timestamp, and so many references more to headers.
fn many(count: usize) -> String {
    let more: String = (2..count).map(|n| reference(&format!("#h{}", n - 2))).collect();
    format!("{}{}{more}", reference("#body"), reference("#ts"))
}

fn headers(count: usize) -> String {
    (0..count).map(|n| format!("<w:H xmlns:w=\"urn:w\" wsu:Id=\"h{n}\"></w:H>")).collect()
}

fn draft_with_moved_timestamp(signer: &Signer, victim: &Victim) -> Forge {
    let draft = Forge::draft(signer, &victim.payload);
    let stamp = draft.part("Timestamp");
    draft.replace("Timestamp", "").after("Security", &wrapper(&stamp)).sign(signer)
}

fn str_transform(signer: &Signer, victim: &Victim) -> Forge {
    let uri = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform";
    Forge::draft(signer, &victim.payload)
        .text("http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>", &format!("{uri}\"></ds:Transform>"))
        .sign(signer)
}

#[test]
fn other_headers_protect_nothing() {
    house().repels(|signer, victim| {
        let draft = || Forge::draft(signer, &victim.payload);
        let encrypted = "<wsse11:EncryptedHeader xmlns:wsse11=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\" wsu:Id=\"eh\">";
        let cipher = "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><xenc:CipherData><xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>";
        let key = cipher.replace("EncryptedData", "EncryptedKey");
        let body = draft().part("Body");
        let as_header = |forge: Forge| forge.after("Security", &format!("{encrypted}{body}</wsse11:EncryptedHeader>"));
        let mut table: Vec<Attack> = [
            ("EncryptedHeader around the signed Body", as_header(draft().replace("Body", &evil_body(victim, ""))).sign(signer), "NIR-S205"),
            ("EncryptedHeader signed instead of the Body", {
                as_header(draft().replace("Body", &evil_body(victim, ""))).text("#body", "#eh").sign(signer)
            }, "NIR-S205"),
            ("EncryptedKey in Security", draft().into_start("Security", &key).sign(signer), "NIR-S205"),
            ("EncryptedData in Security", draft().into_end("Security", cipher).sign(signer), "NIR-S205"),
            ("ReferenceList in Security", {
                draft().into_end("Security", "<xenc:ReferenceList xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/>").sign(signer)
            }, "NIR-S205"),
            ("SignatureConfirmation in Security", {
                draft().into_end("Security", "<wsse11:SignatureConfirmation xmlns:wsse11=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\" Value=\"AAAA\"/>").sign(signer)
            }, "NIR-S205"),
            ("an unknown child of Security", draft().into_end("Security", "<w:X xmlns:w=\"urn:w\"/>").sign(signer), "NIR-S205"),
        ]
        .into_iter()
        .map(|(what, forge, code)| attack(what, forge, code))
        .collect();
        let encrypted_body = Forge::draft(signer, cipher).sign(signer);
        table.push(attack("an encrypted Body", encrypted_body, "NIR-X303"));
        table
    });
}

#[test]
fn a_token_that_nobody_refers_to_changes_nobody() {
    let house = house();
    let (vendor, other, victim) = (house.vendor(), house.client("vendor2"), house.victim());
    // Another party's token stands first; the key is the one that KeyInfo points at.
    let extra = token("first", other.signer.certificate());
    let forged = Forge::draft(&vendor.signer, &victim.payload).into_start("Security", &extra).sign(&vendor.signer);
    let answer = vendor.send(&forged.xml);
    assert_eq!(answer.text("status").as_deref(), Some("GODTATT"), "the vendor's own message: {}", answer.body);
    house.stands();
}

/// The two versions of SOAP are two envelopes, each with its own names for the same things (class 9).
#[test]
fn soap_12_opens_no_other_door() {
    house().repels_by(SOAP_12, |signer, victim| {
        let draft = |payload: &str| {
            let forge = Forge::draft(signer, payload);
            Forge { xml: forge.xml.replace(SOAP11, SOAP12).replace("mustUnderstand=\"1\"", "mustUnderstand=\"true\"") }
        };
        let base = || draft(&victim.payload).sign(signer);
        let (body, security) = (base().part("Body"), base().part("Security"));
        let role = |role: &str| format!("<wsse:Security soap:role=\"{role}\"");
        let none = "http://www.w3.org/2003/05/soap-envelope/role/none";
        vec![
            attack(
                "Body in a header",
                base().replace("Body", &evil_body(victim, "")).after("Security", &wrapper(&body)),
                "NIR-S205",
            ),
            attack("two Bodies", base().after("Body", &evil_body(victim, "")), "NIR-X301"),
            attack(
                "a Body of SOAP 1.1 beside",
                base().after("Body", &format!("<b:Body xmlns:b=\"{SOAP11}\"/>")),
                "NIR-X301",
            ),
            attack(
                "a Body of SOAP 1.1 alone",
                base().replace("Body", &format!("<b:Body xmlns:b=\"{SOAP11}\">{}</b:Body>", victim.evil)),
                "NIR-X301",
            ),
            attack("two Security headers", base().after("Security", &security), "NIR-S205"),
            attack("the Security is for nobody", base().text("<wsse:Security", &role(none)), "NIR-S201"),
            attack("a byte changed", base().text("REGISTRER", "REGISTRES"), "NIR-S202"),
            attack(
                "the Timestamp is not signed",
                draft(&victim.payload).replace_nth("Reference", 1, "").sign(signer),
                "NIR-S205",
            ),
            attack(
                "a header that must be understood",
                base().before("Security", "<x:X xmlns:x=\"urn:x\" soap:mustUnderstand=\"true\"/>"),
                "NIR-T107",
            ),
        ]
    });
}

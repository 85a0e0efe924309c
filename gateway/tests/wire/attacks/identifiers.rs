//! Class 1, second half: ids that stand twice, by another name or on another element, so that one reader looks up what
//! another does not.

use nir_wsdl::names::WSU;
use nir_wsdl::seal::Signer;

use crate::attacks::forge::Forge;
use crate::attacks::house::{Victim, attack, house};

#[test]
fn ids_cannot_be_confused() {
    house().repels(|signer, victim| {
        let mut table = Vec::new();
        for attribute in ["wsu:Id", "Id", "ID", "id", "xml:id", "x:Id", "x:ID"] {
            // A decoy before and after, put there by the signer itself: the signature is true either way.
            let decoy = |id: &str| format!("<w:X xmlns:w=\"urn:w\" xmlns:x=\"urn:x\" {attribute}=\"{id}\"></w:X>");
            for id in ["body", "ts", "bst"] {
                let before = Forge::draft(signer, &victim.payload).before("Security", &decoy(id));
                let after = Forge::draft(signer, &victim.payload).after("Security", &decoy(id)).sign(signer);
                table.push(attack(format!("{attribute}={id} on a header before"), before.sign(signer), "NIR-S205"));
                table.push(attack(format!("{attribute}={id} on a header after"), after, "NIR-S205"));
            }
            // In the payload, where it is signed.
            let line = victim.payload.replacen(
                "<melding>",
                &format!("<melding xmlns:x=\"urn:x\" xmlns:wsu=\"{WSU}\" {attribute}=\"body\">"),
                1,
            );
            table.push(attack(
                format!("{attribute}=body in the payload"),
                Forge::draft(signer, &line).sign(signer),
                "NIR-S205",
            ));
        }
        // An element that is named like an expression: one reader would look it up, another evaluate it.
        for id in ["xpointer(/)", "xpointer(id('ts'))", "element(/1)", "a b", "a/b", "*", "", &"a".repeat(300)] {
            let named = Forge::draft(signer, &victim.payload)
                .text("<soap:Body wsu:Id=\"body\">", &format!("<soap:Body wsu:Id=\"{id}\">"))
                .text("URI=\"#body\"", &format!("URI=\"#{id}\""));
            table.push(attack(format!("the Body's id is {id:.20}"), named.sign(signer), "NIR-S205"));
        }
        let body = |attributes: &str| {
            Forge::draft(signer, &victim.payload)
                .text("<soap:Body wsu:Id=\"body\">", &format!("<soap:Body {attributes}>"))
                .sign(signer)
        };
        table.extend([
            attack("the Body's id is named ID", body("ID=\"body\""), "NIR-S205"),
            attack("the Body's id is named id", body("id=\"body\""), "NIR-S205"),
            attack("the Body's id is xml:id", body("xml:id=\"body\""), "NIR-S205"),
            attack("the Body's id is of another namespace", body("xmlns:x=\"urn:x\" x:Id=\"body\""), "NIR-S205"),
            attack("the Body has the id twice, by two names", body("Id=\"body\" wsu:Id=\"body\""), "NIR-S205"),
            attack("the signed id is the child's, not the Body's", id_on_child(signer, victim), "NIR-S205"),
            attack("the ids of Body and Timestamp are exchanged after signing", exchanged(signer, victim), "NIR-S202"),
            attack("plain Id on a foreign element is signed, the Body is not", foreign_id(signer, victim), "NIR-S205"),
        ]);
        table
    });
}

fn id_on_child(signer: &Signer, victim: &Victim) -> Forge {
    let child = victim.payload.replacen(
        "<sendRegistreringer ",
        &format!("<sendRegistreringer xmlns:wsu=\"{WSU}\" wsu:Id=\"body\" "),
        1,
    );
    Forge::draft(signer, &child).text("<soap:Body wsu:Id=\"body\">", "<soap:Body>").sign(signer)
}

fn exchanged(signer: &Signer, victim: &Victim) -> Forge {
    Forge::draft(signer, &victim.payload)
        .sign(signer)
        .text("<soap:Body wsu:Id=\"body\">", "<soap:Body wsu:Id=\"ts\">")
        .text("<wsu:Timestamp wsu:Id=\"ts\">", "<wsu:Timestamp wsu:Id=\"body\">")
}

fn foreign_id(signer: &Signer, victim: &Victim) -> Forge {
    Forge::draft(signer, &victim.payload)
        .before("Security", "<w:X xmlns:w=\"urn:w\" Id=\"foreign\"></w:X>")
        .text("URI=\"#body\"", "URI=\"#foreign\"")
        .sign(signer)
}

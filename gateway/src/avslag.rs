//! A message that is refused before the register sees it (X302 and its like) is a transfer error of its avsendersystem all
//! the same: whose it is stands in the header, as far as that can be read.

use nir_xsd::message::Feil;
use register::command::Header;
use register::decide::{Now, authorized_system, may_carry};
use register::feilsak;
use register::ledger::Effect;
use register::policy::Policy;
use register::registry::Registry;
use register::time::oslo_date;
use roxmltree::{Document, Node};

use crate::pipeline::Signer;

/// What could be read of a message that is not valid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    avsendersystem: String,
    meldings_id: String,
    erstatter: Option<String>,
    saksbehandler_ref: Option<String>,
    navn: String,
    versjon: String,
    referanse: Option<String>,
}

/// Longest value that is taken over: what is longer is none of the contract.
const LONGEST: usize = 64;

/// Reads the header of the canonical Body child of a `sendRegistreringer`; `None` where it does not say whose it is, and
/// for a dry run.
pub fn read(body_child: &[u8]) -> Option<Told> {
    let document = Document::parse(std::str::from_utf8(body_child).ok()?).ok()?;
    let root = document.root_element();
    let child = |of, name| {
        let text = element(of, name)?.text().map(str::trim);
        text.filter(|text| !text.is_empty() && text.len() <= LONGEST).map(str::to_owned)
    };
    let melding = element(root, "melding")?;
    if root.tag_name().name() != "sendRegistreringer"
        || child(melding, "proevekjoering").is_some_and(|dry| dry != "false")
    {
        return None;
    }
    let hode = element(melding, "meldingshode")?;
    let fagsystem = element(hode, "fagsystem");
    let of_product = |name| fagsystem.and_then(|fagsystem| child(fagsystem, name)).unwrap_or_default();
    let referanse = melding.descendants().find(|node| node.tag_name().name() == "avsendersReferanse");
    Some(Told {
        avsendersystem: child(hode, "avsendersystem")?,
        meldings_id: child(hode, "meldingsId")?,
        erstatter: child(hode, "erstatterMeldingsId"),
        saksbehandler_ref: child(hode, "saksbehandlerRef"),
        navn: of_product("navn"),
        versjon: of_product("versjon"),
        referanse: referanse.and_then(|node| node.text()).filter(|text| text.len() <= LONGEST).map(str::to_owned),
    })
}

fn element<'a, 'i>(of: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    of.children().find(|node| node.tag_name().name() == name)
}

/// The transfer error that the refusal is, where the signer may speak for the avsendersystem.
pub fn effect(
    told: Told,
    feil: &[Feil],
    registry: &Registry,
    policy: &Policy,
    (signer, tls_organization): (&Signer, Option<&str>),
    received: chrono::DateTime<chrono::Utc>,
) -> Option<Effect> {
    let header = Header {
        signer: signer.party.orgnr,
        tls_client: tls_organization.and_then(|text| text.parse().ok()),
        meldings_id: told.meldings_id,
        kontraktversjon: String::new(),
        avsendersystem: told.avsendersystem,
        kommune: Err(String::new()),
        bydel: None,
        overfoeringsbruker: String::new(),
        saksbehandler_ref: told.saksbehandler_ref,
        fagsystem: (told.navn, told.versjon),
        opprettet: received,
        erstatter_meldings_id: told.erstatter,
    };
    let now = Now { received, today: oslo_date(received), recorded: received };
    let system = authorized_system(registry, &header, policy, &now)?;
    if !may_carry(registry, &header, system, policy, &now) {
        return None;
    }
    let enhet = feilsak::Enhet {
        avsenders_referanse: told.referanse,
        rettes_av: feil.first()?.rettes_av.clone(),
        feil: feil
            .iter()
            .filter_map(|feil| {
                Some(feilsak::Feil {
                    feil_id: feil.feil_id.parse().ok()?,
                    kode: feil.kode.clone(),
                    felt: feil.felt.clone(),
                })
            })
            .collect(),
        ..feilsak::Enhet::default()
    };
    let melding = feilsak::Melding {
        avsendersystem: header.avsendersystem.clone(),
        meldings_id: header.meldings_id,
        erstatter: header.erstatter_meldings_id,
        kommune: system.kommune.to_string(),
        saksbehandler_ref: header.saksbehandler_ref,
        fagsystem: header.fagsystem,
        mottatt: received,
    };
    Some(Effect::Refused(melding, vec![enhet]))
}

//! `ping`: time, environment, versions, who the gateway thinks the caller is, its own certificates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::certificate::Certificate;
use nir_xsd::message::{Answer, PingSvar, Pingforespoersel, Pingsvar, Signeringssertifikat, Version};
use register::time::oslo_date;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate::notice::oslo;

/// Answers; leaves no evidence (design.md 9).
pub async fn run(context: Context, request: Pingforespoersel) -> Reply {
    let registry = context.registry();
    let party = &context.signer.party;
    let today = oslo_date(context.exchange.received);
    let mut systems: Vec<String> = registry
        .avsendersystemer
        .values()
        .filter(|s| s.valid.contains(today) && (s.operator == party.orgnr || party.kommune == Some(s.kommune)))
        .map(|s| s.id.clone())
        .collect();
    systems.sort();
    let kommune = request.avsendersystem.as_ref().and_then(|id| registry.avsendersystemer.get(id)).map(|s| s.kommune);
    let offset = kommune.and_then(|k| registry.clock_offsets.get(&k)).copied();
    let tid = context.exchange.received;
    let version = Version::parse(&request.kontraktversjon);
    let keys = context.app.keys.load();
    let svar = Pingsvar {
        tid: oslo(tid),
        registertid: offset.map(|seconds| oslo(tid + chrono::Duration::seconds(seconds))),
        miljoe: context.app.config.profile.to_string().to_uppercase(),
        gatewayversjon: env!("CARGO_PKG_VERSION").to_owned(),
        kontraktversjon: Version::LATEST.to_string(),
        organisasjonsnummer: Some(party.orgnr.to_string()),
        organisasjonsnavn: Some(party.navn.clone()),
        avsendersystem: systems,
        signeringssertifikat: signing_certificate(&keys.certificate),
        neste_signeringssertifikat: keys.next.as_ref().map(|next| signing_certificate(&next.der)),
    };
    drop(keys);
    context.unrecorded(Answer::Ping(PingSvar { svar }), &version).await
}

fn signing_certificate(der: &[u8]) -> Signeringssertifikat {
    let parsed = Certificate::from_der(der).ok();
    Signeringssertifikat {
        tommeltrykk_sha256: parsed.as_ref().map(|c| hex::encode(c.thumbprint_sha256())).unwrap_or_default(),
        gyldig_til: parsed.map(|c| oslo(c.not_after())).unwrap_or_default(),
        sertifikat: STANDARD.encode(der),
    }
}

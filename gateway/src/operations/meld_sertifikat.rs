//! `meldSertifikat`: a new certificate of the signer's own organization, in a message signed with the old one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nir_wsdl::certificate::Certificate;
use nir_wsdl::refusal::{FaultCode, Refusal};
use nir_xsd::message::{Answer, MeldSertifikatSvar, Sertifikatforespoersel, Sertifikatsvar, Version};
use register::registry::{RegisteredCertificate, RegistryEntry};

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate::notice::oslo;

const PLACE: &str = "/meldSertifikat/forespoersel/sertifikat";

/// Registers the certificate; one that is registered already changes nothing.
pub async fn run(context: Context, request: Sertifikatforespoersel) -> Reply {
    let (_, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("meldSertifikat", &errors).await;
    }
    let certificate = match usable(&context, &request.sertifikat) {
        Ok(certificate) => certificate,
        Err(refusal) => return context.refused(&refusal, PLACE).await,
    };
    let orgnr = context.signer.party.orgnr;
    let row = RegisteredCertificate { orgnr, der_base64: STANDARD.encode(certificate.der()) };
    let known = context.registry().certificates.contains(&row);
    if !known {
        let entries = [RegistryEntry::Certificate(row)];
        if let Err(error) = context.app.store.put_registry(&entries, context.exchange.received).await {
            return context.failed(&error.into()).await;
        }
    }
    let svar = Sertifikatsvar {
        resultat: if known { "UENDRET" } else { "REGISTRERT" }.to_owned(),
        organisasjonsnummer: orgnr.to_string(),
        tommeltrykk_sha256: hex::encode(certificate.thumbprint_sha256()),
        gyldig_fra: oslo(certificate.not_before()),
        gyldig_til: oslo(certificate.not_after()),
    };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    context.recorded(Answer::MeldSertifikat(MeldSertifikatSvar { svar }), &version, "OK").await
}

/// The certificate, if it may sign messages from its first day on, and is of the organization that signed this one.
fn usable(context: &Context, base64: &str) -> Result<Certificate, Refusal> {
    let compact: String = base64.split_whitespace().collect();
    let unreadable = |_| Refusal::new("NIR-S213", FaultCode::InvalidSecurityToken, "no base64");
    let certificate = Certificate::from_der(&STANDARD.decode(compact).map_err(unreadable)?)?;
    let at = context.exchange.received.max(certificate.not_before());
    context.app.trust.check(&certificate, at)?;
    let own = certificate.orgnr()? == context.signer.party.orgnr.to_string();
    let other =
        || Refusal::new("NIR-S215", FaultCode::InvalidSecurityToken, "of another organization than the signer's");
    own.then_some(certificate).ok_or_else(other)
}

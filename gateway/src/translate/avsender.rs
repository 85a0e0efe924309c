//! `hentAvsenderstatus` and `meldFeilregistrert`, both ways.

use chrono::NaiveDate;
use nir_wsdl::certificate::Trust;
use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::command::Header;
use register::decide::feilregistrert::Melding;
use register::decide::finding;
use register::id::Duf;
use register::policy::Policy;
use register::post::Ordning;
use register::query::avsender::Forutsetning;
use register::receipt::{Field, Finding, StreamPosition, StruckReceipt};
use register::registry::{Avsendersystem, PushAddress, Registry};
use register::rejection::Rejection;
use register::store::levering::LeveringRow;
use register::vindu::Forklaring;

use crate::feil::post_svar;
use crate::pipeline::Signer;
use crate::translate::notice::{endring, oslo};
use crate::translate::oppslag::ordning;
use crate::translate::stream_position;

/// The certificates that speak for the avsendersystem: those registered for its operator and its kommune, and the one
/// that signed, which need not be registered.
pub fn certificates(
    trust: &Trust,
    registry: &Registry,
    system: &Avsendersystem,
    signer: &Signer,
) -> Vec<wire::Avsendersertifikat> {
    let of_kommune = |orgnr| registry.parties.get(&orgnr).is_some_and(|party| party.kommune == Some(system.kommune));
    let registered = registry
        .certificates
        .iter()
        .filter(|row| row.orgnr == system.operator || of_kommune(row.orgnr))
        .filter_map(|row| Some((row.orgnr, trust.registered(&row.der_base64).ok()?)));
    let own = std::iter::once((signer.party.orgnr, signer.certificate.clone()));
    let mut all: Vec<wire::Avsendersertifikat> = Vec::new();
    for (orgnr, certificate) in own.chain(registered) {
        let print = hex::encode(certificate.thumbprint_sha256());
        if all.iter().all(|known| known.tommeltrykk_sha256 != print) {
            all.push(wire::Avsendersertifikat {
                organisasjonsnummer: orgnr.to_string(),
                i_bruk: certificate.der() == signer.certificate.der(),
                gyldig_til: oslo(certificate.not_after()),
                tommeltrykk_sha256: print,
            });
        }
    }
    all
}

/// The status: each precondition by the words of its code list, or of the error that it gives.
pub fn avsenderstatus(
    system: &Avsendersystem,
    found: &[Forutsetning],
    sertifikat: Vec<wire::Avsendersertifikat>,
    stroem: Option<&StreamPosition>,
    catalogue: &Catalogue,
) -> wire::Avsenderstatus {
    let name =
        |vilkaar: &str| catalogue.lookup("forutsetning", vilkaar).map(|row| row.navn.clone()).unwrap_or_default();
    let mut forutsetning: Vec<wire::Forutsetning> = found
        .iter()
        .map(|one| {
            let error = one.refused.as_ref().map(|refused| {
                let row = catalogue.error(refused.rejection.code());
                (refused.rejection.code().to_owned(), row.render(&refused.text_values()).nb, row.rettes_av.clone())
            });
            wire::Forutsetning {
                vilkaar: one.vilkaar.to_owned(),
                oppfylt: error.is_none(),
                kode: error.as_ref().map(|(code, ..)| code.clone()),
                grunn: error.as_ref().map_or_else(|| name(one.vilkaar), |(_, why, _)| why.clone()),
                rettes_av: error.map(|(.., who)| who),
                gyldig_til: one.gyldig_til,
            }
        })
        .collect();
    // Whose certificate were not valid would not have been read.
    let until = sertifikat.iter().find(|certificate| certificate.i_bruk).map(|c| c.gyldig_til.date_naive());
    forutsetning.push(wire::Forutsetning {
        vilkaar: "SERTIFIKAT".to_owned(),
        oppfylt: true,
        kode: None,
        grunn: name("SERTIFIKAT"),
        rettes_av: None,
        gyldig_til: until,
    });
    wire::Avsenderstatus {
        avsendersystem: system.id.clone(),
        kommunenummer: system.kommune.to_string(),
        bydelsnummer: system.bydel.map(|bydel| bydel.to_string()),
        produkt: system.produkt.clone(),
        ordning: system.ordninger.iter().map(|ordning| ordning.code().to_owned()).collect(),
        kan_sende: forutsetning.iter().all(|one| one.oppfylt),
        forutsetning,
        sertifikat,
        stroem: stroem.map(stream_position),
        aapne_feil: None,
        vindu_lukker: None,
        kvote: None,
        varsel: Vec::new(),
        levering: None,
    }
}

/// Where changes are delivered, and how that went last.
pub fn avsenderlevering(address: &PushAddress, stands: Option<&LeveringRow>) -> wire::Avsenderlevering {
    wire::Avsenderlevering {
        adresse: address.url.clone(),
        godkjent: address.approved.is_some() && address.released.is_none(),
        feiler_siden: stands.and_then(|row| row.failing_since).map(oslo),
        parkert: stands.and_then(|row| row.parked).map(oslo),
    }
}

/// What `forklarVindu` asks about: a person, where one is named, and the scheme; or everything that is wrong with it.
pub fn vindu_asked(
    request: &wire::Vindusforespoersel,
    policy: &Policy,
) -> Result<(Option<Duf>, Ordning), Vec<Finding>> {
    let invalid = |_| finding(Rejection::InvalidDuf, Field::Person("dufNummer"));
    let duf = request.duf_nummer.as_deref().map(|text| Duf::parse(text, policy.test_series())).transpose();
    match (duf.map_err(invalid), ordning(&request.ordning)) {
        (Ok(duf), Ok(ordning)) => Ok((duf, ordning)),
        (duf, ordning) => Err(duf.err().into_iter().chain(ordning.err()).collect()),
    }
}

/// The explanation, with a sentence that says it.
pub fn vindu(svar: &Forklaring, dato: NaiveDate, today: NaiveDate) -> wire::Vindusforklaring {
    let day = |day: NaiveDate| day.format("%d.%m.%Y").to_string();
    let melding = match (svar.innenfor, svar.lukker) {
        (true, Some(last)) => format!("{} er innenfor vinduet til og med {}.", day(dato), day(last)),
        (true, None) => format!("{} er innenfor vinduet.", day(dato)),
        (false, _) if svar.tidligste <= dato => format!("{} kan ikke registreres i dag.", day(dato)),
        (false, _) => {
            format!("{} er for langt tilbake. Tidligste dato i dag er {}.", day(dato), day(svar.tidligste))
        }
    };
    wire::Vindusforklaring {
        mottatt_dato: today,
        innenfor: svar.innenfor,
        tidligste_dato: svar.tidligste,
        grunnlag: Some(svar.grunnlag.code().to_owned()),
        regel: svar.regel.clone(),
        lukkes: svar.lukker,
        aapnet_for_skriving: svar.aapnet,
        kampanje: svar.kampanje.clone(),
        hinder: svar.hindringer.iter().map(|code| (*code).to_owned()).collect(),
        utvidelse: svar
            .gir_mer
            .iter()
            .map(|more| wire::Vindusutvidelse {
                noekkel: more.hva.to_owned(),
                tidligste_dato: more.tidligste,
                gis_av: more.gis_av.to_owned(),
            })
            .collect(),
        melding,
    }
}

/// The report in the register's words.
pub fn feilmelding(request: &wire::Feilregistrertforespoersel, header: Header, catalogue: &Catalogue) -> Melding {
    let list = "feilregistrertAarsak";
    let mut form_errors = Vec::new();
    if catalogue.lookup(list, &request.aarsak).is_none() {
        let mut unknown = finding(Rejection::UnknownCode, Field::Content("aarsak"));
        unknown.params = vec![("kodeverk", list.to_owned()), ("kode", request.aarsak.clone())];
        form_errors.push(unknown);
    }
    Melding {
        header,
        duf_text: request.duf_nummer.clone(),
        post_id: request.post_id.parse().map_err(|_| request.post_id.clone()),
        versjon: request.versjon,
        aarsak: request.aarsak.clone(),
        begrunnelse: request.forklaring.clone(),
        form_errors,
    }
}

/// The receipt of a report.
pub fn struck(receipt: &StruckReceipt) -> wire::Feilregistrertkvittering {
    wire::Feilregistrertkvittering {
        resultat: receipt.status.code().to_owned(),
        gjentatt: receipt.gjentatt,
        saksnummer: receipt.sak.to_string(),
        duf_nummer: receipt.duf.to_string(),
        post: post_svar(&receipt.post),
        mottatt: oslo(receipt.mottatt),
        endring: receipt.changes.iter().map(endring).collect(),
        stroem: receipt.stroem.as_ref().map(stream_position),
        bevis: wire::Bevis {
            kjede: receipt.bevis.kjede.clone(),
            posisjon: receipt.bevis.posisjon,
            forrige_hash: receipt.bevis.forrige_hash.clone(),
        },
    }
}

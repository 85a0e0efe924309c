//! Wire types to register types and back: the register knows no XML, the messages know no register (design.md 2).

use nir_xsd::message::{Endringsside, Meldingshode, Stroemposisjon};
use register::command::Header;
use register::id::Orgnr;
use register::receipt::{Field, StreamPosition};
use register::store::ChangesPage;

pub mod avsender;
pub mod codes;
pub mod content;
pub mod kilde;
pub mod kodeverk;
pub mod notice;
pub mod oppslag;
pub mod person;
pub mod receipt;
pub mod registrering;
pub mod sak;

pub use avsender::{avsenderlevering, avsenderstatus, certificates, feilmelding, struck, vindu, vindu_asked};
pub use kilde::grunnlag;
pub use kodeverk::kodeverk_answer;
pub use oppslag::{
    beregningslogg, datakonsistens, datakonsistens_side, konsistens_asked, liste_filter, logg_asked, may_not_list,
    personliste_side, postoversikt_rad, postoversikt_side, soekenummer,
};
pub use person::{person_answer, person_query};
pub use registrering::command;
pub use sak::{feil_asked, overfoeringsfeil, support_asked, supportsak, supportsvar};

/// The header of any message.
pub fn header(hode: &Meldingshode, signer: Orgnr, tls_organization: Option<&str>) -> Header {
    Header {
        signer,
        tls_client: tls_organization.and_then(|text| text.parse().ok()),
        meldings_id: hode.meldings_id.clone(),
        kontraktversjon: hode.kontraktversjon.clone(),
        avsendersystem: hode.avsendersystem.clone(),
        kommune: hode.kommunenummer.parse().map_err(|_| hode.kommunenummer.clone()),
        bydel: hode.bydelsnummer.as_ref().map(|text| text.parse().map_err(|_| text.clone())),
        overfoeringsbruker: hode.overfoeringsbruker.clone(),
        saksbehandler_ref: hode.saksbehandler_ref.clone(),
        fagsystem: (hode.fagsystem.navn.clone(), hode.fagsystem.versjon.clone()),
        opprettet: hode.opprettet.to_utc(),
        erstatter_meldings_id: hode.erstatter_meldings_id.clone(),
    }
}

/// XPath of a finding in a read, whose header and fields stand directly in `forespoersel`.
pub fn read_xpath(root: &str, field: Field) -> Option<String> {
    match field {
        Field::Message => None,
        Field::Header(name) => Some(format!("/{root}/forespoersel/meldingshode/{name}")),
        Field::Person(name) | Field::Line(name) | Field::Content(name) => Some(format!("/{root}/forespoersel/{name}")),
    }
}

/// Where a stream stands.
pub fn stream_position(position: &StreamPosition) -> Stroemposisjon {
    Stroemposisjon {
        stroem_id: position.stroem_id.clone(),
        siste_sekvensnummer: position.siste_sekvensnummer,
        bekreftet_til: position.bekreftet_til,
    }
}

/// A page of changes.
pub fn page(page: &ChangesPage) -> Endringsside {
    Endringsside {
        stroem_id: page.position.stroem_id.clone(),
        siste_sekvensnummer: page.position.siste_sekvensnummer,
        bekreftet_til: page.position.bekreftet_til,
        flere: page.more,
        endring: page.changes.iter().map(notice::endring).collect(),
    }
}

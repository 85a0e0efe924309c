//! The typed messages, written by hand: one struct per XSD type, one field per element (design.md 2).
//!
//! `tests/drift.rs` proves that schema and types cannot part: what the schema can say, these types read and
//! write without loss.

use serde::{Deserialize, Serialize};

mod avsenderstatus;
mod beregningslogg;
mod collapse;
mod datakonsistens;
mod endring;
mod feilregistrert;
mod finn_person;
mod header;
mod innhold;
mod kilde;
mod kodeverk;
mod kvittering;
mod mottak;
mod newer;
mod opplysning;
mod overfoeringsfeil;
mod person;
mod personliste;
mod ping;
mod postoversikt;
mod registrering;
mod sertifikat;
mod stroem;
mod supportsak;
mod version;
mod vindu;
mod write;

pub use avsenderstatus::*;
pub use beregningslogg::*;
pub use datakonsistens::*;
pub use endring::*;
pub use feilregistrert::*;
pub use finn_person::*;
pub use header::*;
pub use innhold::*;
pub use kilde::*;
pub use kodeverk::*;
pub use kvittering::*;
pub use mottak::*;
pub use opplysning::*;
pub use overfoeringsfeil::*;
pub use person::*;
pub use personliste::*;
pub use ping::*;
pub use postoversikt::*;
pub use registrering::*;
pub use sertifikat::*;
pub use stroem::*;
pub use supportsak::*;
pub use version::Version;
pub use vindu::*;

/// The one payload namespace (contract.md 0.1).
pub const NAMESPACE: &str = "urn:no:nir:melding:v1";

/// A message that is valid by schema and still could not be decoded: a defect of ours, never the sender's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

macro_rules! wrappers {
    ($(#[$doc:meta])* $name:ident, $prepare:expr, { $($root:literal => $variant:ident($wrapper:ident { $child:ident: $inner:ty }),)* }) => {
        $(
            #[doc = concat!("The wrapper `", $root, "`.")]
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub struct $wrapper {
                #[doc = concat!("Its one child, `", stringify!($child), "`.")]
                pub $child: $inner,
            }
        )*

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $(#[doc = concat!("`", $root, "`")] $variant($wrapper),)*
        }

        impl $name {
            /// Local names of the roots.
            pub const ROOTS: &'static [&'static str] = &[$($root),*];

            /// Local name of the root.
            pub fn root(&self) -> &'static str {
                match self { $(Self::$variant(_) => $root,)* }
            }

            /// Decodes the canonical Body child; the prefix it uses does not matter.
            pub fn parse(body_child: &[u8]) -> Result<Self, ParseError> {
                let text = std::str::from_utf8(body_child).map_err(|error| ParseError(error.to_string()))?;
                let text = $prepare(text);
                let decoded = match write::root_of(&text) {
                    $($root => quick_xml::de::from_str(&text).map(Self::$variant),)*
                    other => return Err(ParseError(format!("no root of ours: {} bytes", other.len()))),
                };
                // The decoder's own words can quote the message, so only their kind is kept.
                decoded.map_err(|error| ParseError(write::kind_of(&error).to_owned()))
            }

            /// The exclusive canonical form of the Body child, with the payload namespace as default namespace
            /// of its root.
            pub fn to_xml(&self) -> Vec<u8> {
                match self { $(Self::$variant(wrapper) => write::canonical($root, wrapper),)* }
            }
        }
    };
}

wrappers! {
    /// What a fagsystem or a source asks. White space around and within a value is collapsed, as its schema type says.
    Request, collapse::values, {
        "ping" => Ping(Ping { forespoersel: Pingforespoersel }),
        "sendRegistreringer" => SendRegistreringer(SendRegistreringer { melding: Registreringsmelding }),
        "hentKvittering" => HentKvittering(HentKvittering { forespoersel: Kvitteringsforespoersel }),
        "hentPerson" => HentPerson(HentPerson { forespoersel: Personforespoersel }),
        "hentKodeverk" => HentKodeverk(HentKodeverk { forespoersel: Kodeverksforespoersel }),
        "hentEndringer" => HentEndringer(HentEndringer { forespoersel: Endringsforespoersel }),
        "bekreftEndringer" => BekreftEndringer(BekreftEndringer { forespoersel: Bekreftelsesforespoersel }),
        "finnPerson" => FinnPerson(FinnPerson { forespoersel: Finnforespoersel }),
        "hentPersonliste" => HentPersonliste(HentPersonliste { forespoersel: Personlisteforespoersel }),
        "hentPostoversikt" => HentPostoversikt(HentPostoversikt { forespoersel: Postoversiktforespoersel }),
        "hentBeregningslogg" => HentBeregningslogg(HentBeregningslogg { forespoersel: Beregningsloggforespoersel }),
        "hentDatakonsistens" => HentDatakonsistens(HentDatakonsistens { forespoersel: Datakonsistensforespoersel }),
        "forklarVindu" => ForklarVindu(ForklarVindu { forespoersel: Vindusforespoersel }),
        "hentAvsenderstatus" => HentAvsenderstatus(HentAvsenderstatus { forespoersel: Avsenderstatusforespoersel }),
        "meldSertifikat" => MeldSertifikat(MeldSertifikat { forespoersel: Sertifikatforespoersel }),
        "meldFeilregistrert" => MeldFeilregistrert(MeldFeilregistrert { forespoersel: Feilregistrertforespoersel }),
        "ventPaaEndringer" => VentPaaEndringer(VentPaaEndringer { forespoersel: Venteforespoersel }),
        "bestillOeyeblikksbilde" => BestillOeyeblikksbilde(BestillOeyeblikksbilde { forespoersel: Oeyeblikksbildeforespoersel }),
        "hentOverfoeringsfeil" => HentOverfoeringsfeil(HentOverfoeringsfeil { forespoersel: Overfoeringsfeilforespoersel }),
        "meldSupportsak" => MeldSupportsak(MeldSupportsak { forespoersel: Supportforespoersel }),
        "hentSupportsak" => HentSupportsak(HentSupportsak { forespoersel: Supportsakforespoersel }),
        "sendPersongrunnlag" => SendPersongrunnlag(SendPersongrunnlag { melding: Grunnlagsmelding }),
    }
}

wrappers! {
    /// What the gateway answers. White space is collapsed in all values but texts.
    #[expect(clippy::large_enum_variant, reason = "one answer at a time, written at once")]
    Answer, collapse::values_beside_texts, {
        "pingSvar" => Ping(PingSvar { svar: Pingsvar }),
        "sendRegistreringerSvar" => SendRegistreringer(SendRegistreringerSvar { kvittering: Kvittering }),
        "hentKvitteringSvar" => HentKvittering(HentKvitteringSvar { svar: Kvitteringssvar }),
        "hentPersonSvar" => HentPerson(HentPersonSvar { person: Personsvar }),
        "hentKodeverkSvar" => HentKodeverk(HentKodeverkSvar { svar: Kodeverksvar }),
        "hentEndringerSvar" => HentEndringer(HentEndringerSvar { side: Endringsside }),
        "bekreftEndringerSvar" => BekreftEndringer(BekreftEndringerSvar { stroem: Stroemposisjon }),
        "finnPersonSvar" => FinnPerson(FinnPersonSvar { svar: Finnsvar }),
        "hentPersonlisteSvar" => HentPersonliste(HentPersonlisteSvar { side: Personlisteside }),
        "hentPostoversiktSvar" => HentPostoversikt(HentPostoversiktSvar { side: Postoversiktside }),
        "hentBeregningsloggSvar" => HentBeregningslogg(HentBeregningsloggSvar { beregning: Beregningslogg }),
        "hentDatakonsistensSvar" => HentDatakonsistens(HentDatakonsistensSvar { side: Datakonsistensside }),
        "forklarVinduSvar" => ForklarVindu(ForklarVinduSvar { vindu: Vindusforklaring }),
        "hentAvsenderstatusSvar" => HentAvsenderstatus(HentAvsenderstatusSvar { status: Avsenderstatus }),
        "meldSertifikatSvar" => MeldSertifikat(MeldSertifikatSvar { svar: Sertifikatsvar }),
        "meldFeilregistrertSvar" => MeldFeilregistrert(MeldFeilregistrertSvar { kvittering: Feilregistrertkvittering }),
        "ventPaaEndringerSvar" => VentPaaEndringer(VentPaaEndringerSvar { svar: Ventesvar }),
        "bestillOeyeblikksbildeSvar" => BestillOeyeblikksbilde(BestillOeyeblikksbildeSvar { bestilling: Oeyeblikksbildebestilling }),
        "hentOverfoeringsfeilSvar" => HentOverfoeringsfeil(HentOverfoeringsfeilSvar { side: Overfoeringsfeilside }),
        "meldSupportsakSvar" => MeldSupportsak(MeldSupportsakSvar { svar: Supportsvar }),
        "hentSupportsakSvar" => HentSupportsak(HentSupportsakSvar { side: Supportsakside }),
        "sendPersongrunnlagSvar" => SendPersongrunnlag(SendPersongrunnlagSvar { kvittering: Kvittering }),
    }
}

wrappers! {
    /// What the gateway sends to a receiver of its own accord, beside `ping`.
    Push, collapse::values_beside_texts, {
        "mottaEndringer" => MottaEndringer(MottaEndringer { endringsmelding: Endringsmelding }),
    }
}

wrappers! {
    /// What a receiver answers. White space is collapsed in all values, as in requests.
    PushAnswer, collapse::values, {
        "mottaEndringerSvar" => MottaEndringer(MottaEndringerSvar { kvittering: Mottakskvittering }),
        "pingMottakSvar" => Ping(PingMottakSvar { svar: Mottaksstatus }),
    }
}

impl Push {
    /// The canonical Body child, holding nothing newer than the receiver's version (contract.md 0.2, 4.1).
    pub fn to_canonical(&self, version: &Version) -> Vec<u8> {
        version.filter(self.to_xml())
    }
}

impl Request {
    /// The header that says which fagsystem sends; `ping` has none, and a source has its own.
    pub fn meldingshode(&self) -> Option<&Meldingshode> {
        Some(match self {
            Request::Ping(_) | Request::SendPersongrunnlag(_) => return None,
            Request::SendRegistreringer(w) => &w.melding.meldingshode,
            Request::HentKvittering(w) => &w.forespoersel.meldingshode,
            Request::HentPerson(w) => &w.forespoersel.meldingshode,
            Request::HentKodeverk(w) => &w.forespoersel.meldingshode,
            Request::HentEndringer(w) => &w.forespoersel.meldingshode,
            Request::BekreftEndringer(w) => &w.forespoersel.meldingshode,
            Request::FinnPerson(w) => &w.forespoersel.meldingshode,
            Request::HentPersonliste(w) => &w.forespoersel.meldingshode,
            Request::HentPostoversikt(w) => &w.forespoersel.meldingshode,
            Request::HentBeregningslogg(w) => &w.forespoersel.meldingshode,
            Request::HentDatakonsistens(w) => &w.forespoersel.meldingshode,
            Request::ForklarVindu(w) => &w.forespoersel.meldingshode,
            Request::HentAvsenderstatus(w) => &w.forespoersel.meldingshode,
            Request::MeldSertifikat(w) => &w.forespoersel.meldingshode,
            Request::MeldFeilregistrert(w) => &w.forespoersel.meldingshode,
            Request::VentPaaEndringer(w) => &w.forespoersel.meldingshode,
            Request::BestillOeyeblikksbilde(w) => &w.forespoersel.meldingshode,
            Request::HentOverfoeringsfeil(w) => &w.forespoersel.meldingshode,
            Request::MeldSupportsak(w) => &w.forespoersel.meldingshode,
            Request::HentSupportsak(w) => &w.forespoersel.meldingshode,
        })
    }
}

impl Answer {
    /// The canonical Body child, holding nothing newer than the caller's version (contract.md 0.2). Who calls an operation
    /// knows the version that it came with.
    pub fn to_canonical(&self, version: &Version) -> Vec<u8> {
        version.at_least_of(self.root()).filter(self.to_xml())
    }
}

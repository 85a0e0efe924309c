//! The operations of the services: one row each. A test holds them against `services/*.wsdl`.

use nir_xsd::limits::{MAX_OTHER_BYTES, MAX_REGISTRERINGER_BYTES};
use nir_xsd::message::NAMESPACE;

use crate::refusal::{FaultCode, Refusal};
use crate::service::{SERVICES, Service};

/// Largest request of any operation.
pub const LARGEST: usize = MAX_REGISTRERINGER_BYTES;

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Its name; also the request's root element.
    pub name: &'static str,
    /// SOAPAction and wsa:Action.
    pub action: &'static str,
    /// The answer's root element.
    pub answer: &'static str,
    /// Largest request.
    pub max_bytes: usize,
}

macro_rules! operations {
    ($(#[$doc:meta])* $list:ident, $namespace:literal, { $($name:literal $max:expr),* $(,)? }) => {
        $(#[$doc])*
        pub const $list: &[Operation] = &[$(Operation {
            name: $name,
            action: concat!($namespace, "/", $name),
            answer: concat!($name, "Svar"),
            max_bytes: $max,
        }),*];
    };
}

operations! {
    /// Of NirFagsystem.
    FAGSYSTEM, "urn:no:nir:fagsystem:v1", {
        "ping" MAX_OTHER_BYTES,
        "sendRegistreringer" MAX_REGISTRERINGER_BYTES,
        "hentKvittering" MAX_OTHER_BYTES,
        "hentPerson" MAX_OTHER_BYTES,
        "hentKodeverk" MAX_OTHER_BYTES,
        "hentEndringer" MAX_OTHER_BYTES,
        "bekreftEndringer" MAX_OTHER_BYTES,
        "finnPerson" MAX_OTHER_BYTES,
        "hentPersonliste" MAX_OTHER_BYTES,
        "hentPostoversikt" MAX_OTHER_BYTES,
        "hentBeregningslogg" MAX_OTHER_BYTES,
        "hentDatakonsistens" MAX_OTHER_BYTES,
        "forklarVindu" MAX_OTHER_BYTES,
        "hentAvsenderstatus" MAX_OTHER_BYTES,
        "meldSertifikat" MAX_OTHER_BYTES,
        "meldFeilregistrert" MAX_OTHER_BYTES,
        "ventPaaEndringer" MAX_OTHER_BYTES,
        "bestillOeyeblikksbilde" MAX_OTHER_BYTES,
        "hentOverfoeringsfeil" MAX_OTHER_BYTES,
        "meldSupportsak" MAX_OTHER_BYTES,
        "hentSupportsak" MAX_OTHER_BYTES,
    }
}

operations! {
    /// Of NirKilde.
    KILDE, "urn:no:nir:kilde:v1", {
        "ping" MAX_OTHER_BYTES,
        "sendPersongrunnlag" MAX_REGISTRERINGER_BYTES,
    }
}

/// `ping` of a receiver: the request is that of NirFagsystem.
pub const PING_RECEIVER: Operation = Operation {
    name: "ping",
    action: "urn:no:nir:mottak:v1/ping",
    answer: "pingMottakSvar",
    max_bytes: MAX_OTHER_BYTES,
};
/// A delivery to a receiver.
pub const DELIVER: Operation = Operation {
    name: "mottaEndringer",
    action: "urn:no:nir:mottak:v1/mottaEndringer",
    answer: "mottaEndringerSvar",
    max_bytes: MAX_REGISTRERINGER_BYTES,
};
/// The operations of NirMottak, which a fagsystem hosts and the gateway calls.
pub const RECEIVER_OPERATIONS: &[Operation] = &[PING_RECEIVER, DELIVER];

/// By SOAPAction, of any service.
pub fn by_action(action: &str) -> Option<&'static Operation> {
    SERVICES.iter().flat_map(|service| service.operations).find(|operation| operation.action == action)
}

/// By the Body's child: another namespace is another contract (X303), another root no operation of the service (T105).
pub fn by_root(service: &Service, namespace: &str, root: &str) -> Result<&'static Operation, Refusal> {
    if namespace != NAMESPACE {
        return Err(Refusal::new("NIR-X303", FaultCode::Sender, "another payload namespace"));
    }
    service
        .operations
        .iter()
        .find(|operation| operation.name == root)
        .ok_or_else(|| Refusal::new("NIR-T105", FaultCode::Sender, "an unknown root element"))
}

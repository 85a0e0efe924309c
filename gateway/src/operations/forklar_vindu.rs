//! `forklarVindu`: whether a date is inside the window for the caller. Until the explanation joins the register it is
//! answered as a service that is down.

use nir_wsdl::refusal::{FaultCode, Refusal};
use nir_xsd::message::Vindusforespoersel;

use crate::operations::Context;
use crate::reply::Reply;

/// Refuses with NIR-I902.
pub async fn run(context: Context, request: Vindusforespoersel) -> Reply {
    let (_, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("forklarVindu", &errors).await;
    }
    let down = Refusal::new("NIR-I902", FaultCode::Receiver, "no explanation yet");
    context.refused(&down, "/forklarVindu/forespoersel").await
}

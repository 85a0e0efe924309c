//! `hentEndringer`: one page of the caller's stream. Waiting (`ventSekunder`) joins with part 3; until
//! then the answer comes at once.

use nir_xsd::message::{Answer, Endringsforespoersel, HentEndringerSvar, Version};
use register::ledger::Work;
use register::rejection::Rejection;

use crate::operations::Context;
use crate::operations::bekreft_endringer::{Refused, acknowledge, own_stream};
use crate::reply::Reply;
use crate::translate;

/// Default and largest number of changes of one page (contract.md 4.6).
const DEFAULT_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;
/// The longest that a caller may ask to wait.
const LONGEST_WAIT: i32 = 50;

/// Reads the page; acknowledges first where the request says so.
pub async fn run(context: Context, request: Endringsforespoersel) -> Reply {
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("hentEndringer", &errors).await;
    }
    let system = &header.avsendersystem;
    match page(&context, system, &request).await {
        Ok(page) => {
            let version = Version::parse(&request.meldingshode.kontraktversjon);
            let handed_out = page.changes.last().map(|change| change.sekvensnummer);
            let answer = Answer::HentEndringer(HentEndringerSvar { side: translate::page(&page) });
            if handed_out.is_none() {
                return context.unrecorded(answer, &version).await;
            }
            let work = Work::Record { answer: answer.to_canonical(&version), outcome: "OK".to_owned(), handed_out };
            context.committed(work).await
        }
        Err(Refused::Finding(finding)) => context.nir_feil("hentEndringer", &[*finding]).await,
        Err(Refused::Failed(error)) => context.failed(&error).await,
    }
}

async fn page(
    context: &Context,
    system: &str,
    request: &Endringsforespoersel,
) -> Result<register::store::ChangesPage, Refused> {
    let limit = request.antall.map_or(DEFAULT_PAGE, i64::from);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Refused::at(Rejection::PageTooLarge, "antall"));
    }
    if !(0..=LONGEST_WAIT).contains(&request.vent_sekunder.unwrap_or(0)) {
        return Err(Refused::at(Rejection::PageTooLarge, "ventSekunder"));
    }
    let position = own_stream(context, system, &request.stroem_id).await?;
    // A number that was never written is no place in this stream (design.md 17, Streams).
    if request.etter_sekvensnummer > position.siste_sekvensnummer || request.etter_sekvensnummer < 0 {
        return Err(Refused::at(Rejection::PositionExpired, "etterSekvensnummer"));
    }
    if let Some(to) = request.bekreft_til {
        acknowledge(context, to).await?;
    }
    match context.app.store.changes(system, request.etter_sekvensnummer, limit).await {
        Ok(Some(page)) => Ok(page),
        Ok(None) => Err(Refused::at(Rejection::PositionExpired, "stroemId")),
        Err(error) => Err(Refused::Failed(error.into())),
    }
}

//! `hentEndringer`: one page of the caller's stream; with `ventSekunder` it waits for news (contract.md 4.6).

use nir_xsd::message::{Answer, Endringsforespoersel, HentEndringerSvar, Version};
use register::ledger::Work;
use register::rejection::Rejection;
use register::store::ChangesPage;

use crate::operations::Context;
use crate::operations::bekreft_endringer::{Refused, acknowledge, own_stream};
use crate::polls::{Full, Kind, Watched, Woken};
use crate::reply::Reply;
use crate::translate;

/// Default and largest number of changes of one page (contract.md 4.6).
const DEFAULT_PAGE: i64 = 100;
const LARGEST_PAGE: i64 = 1_000;
/// The longest that a caller may ask to wait, in seconds.
const LONGEST_WAIT: u64 = 50;

/// Reads the page; acknowledges first where the request says so.
pub async fn run(mut context: Context, request: Endringsforespoersel) -> Reply {
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil("hentEndringer", &errors).await;
    }
    let page = match page(&mut context, &header.avsendersystem, &request).await {
        Ok(Ok(page)) => page,
        Ok(Err(Full)) => return context.busy().await,
        Err(Refused::Finding(finding)) => return context.nir_feil("hentEndringer", &[*finding]).await,
        Err(Refused::Failed(error)) => return context.failed(&error).await,
    };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    let handed_out = page.changes.last().map(|change| change.sekvensnummer);
    let answer = Answer::HentEndringer(HentEndringerSvar { side: translate::page(&page) });
    if handed_out.is_none() {
        return context.unrecorded(answer, &version).await;
    }
    let work = Work::Record { answer: answer.to_canonical(&version), outcome: "OK".to_owned(), handed_out };
    context.committed(work).await
}

/// How long a caller waits; more than the longest is an error.
pub fn seconds(asked: Option<i32>) -> Result<u64, Refused> {
    let seconds = u64::try_from(asked.unwrap_or(0)).ok().filter(|seconds| *seconds <= LONGEST_WAIT);
    seconds.ok_or_else(|| Refused::at(Rejection::PageTooLarge, "ventSekunder"))
}

async fn page(
    context: &mut Context,
    system: &str,
    request: &Endringsforespoersel,
) -> Result<Result<ChangesPage, Full>, Refused> {
    let limit = request.antall.map_or(DEFAULT_PAGE, i64::from);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Refused::at(Rejection::PageTooLarge, "antall"));
    }
    let seconds = seconds(request.vent_sekunder)?;
    let (stroem_id, after) = (&request.stroem_id, request.etter_sekvensnummer);
    let position = own_stream(context, system, stroem_id).await?;
    // A number that was never written is no place in this stream (design.md 17, Streams).
    if after > position.siste_sekvensnummer || after < 0 {
        return Err(Refused::at(Rejection::PositionExpired, "etterSekvensnummer"));
    }
    if let Some(to) = request.bekreft_til {
        acknowledge(context, to).await?;
    }
    // It waits before it looks: what is committed in between wakes it.
    let watched = Watched { avsendersystem: system.to_owned(), stroem_id: stroem_id.clone(), after };
    let waiting = match context.ticket(Kind::Page, vec![watched], seconds) {
        Ok(waiting) => waiting,
        Err(full) => return Ok(Err(full)),
    };
    loop {
        let page = match context.app.store.changes(system, after, limit).await {
            Ok(Some(page)) if page.position.stroem_id == *stroem_id => page,
            Ok(_) => return Err(Refused::at(Rejection::PositionExpired, "stroemId")),
            Err(error) => return Err(Refused::Failed(error.into())),
        };
        if after + 1 < page.oldest {
            return Err(Refused::expired(page.oldest));
        }
        let Some((ticket, until)) = waiting.as_ref().filter(|_| page.changes.is_empty()) else { return Ok(Ok(page)) };
        if context.wait(ticket, *until).await != Woken::Look {
            return Ok(Ok(page));
        }
    }
}

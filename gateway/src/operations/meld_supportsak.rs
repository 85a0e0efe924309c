//! `meldSupportsak`: a question to IMDi about an error or a person, or more in a case that is there. The text is in the case
//! and in the sealed evidence, and in no log.

use chrono::SubsecRound as _;
use nir_xsd::message::{Answer, MeldSupportsakSvar, Supportforespoersel, Version};
use register::decide::finding;
use register::id::Duf;
use register::ledger::{Effect, Work};
use register::receipt::{Field, Finding};
use register::rejection::Rejection;
use register::store::StoreError;
use register::support::{
    Fra, Melder, Supportbilde, Supportmelding, Supportsak, Supportspoersmaal, Supportstatus, message_id,
};
use uuid::Uuid;

use crate::operations::Context;
use crate::reply::Reply;
use crate::translate;

/// What a message comes to: the case and its new text, or the case as it is where the text stands there already.
enum Written {
    New(Supportsak, Supportmelding),
    Again(Supportsak),
}

/// Opens a case or writes in one. The same message again writes nothing.
pub async fn run(context: Context, request: Supportforespoersel) -> Reply {
    let root = "meldSupportsak";
    let (_, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    let written = match write(&context, &request).await {
        Ok(Ok(written)) => written,
        Ok(Err(refused)) => return context.nir_feil(root, &[refused]).await,
        Err(error) => return context.failed(&error.into()).await,
    };
    let version = Version::parse(&request.meldingshode.kontraktversjon);
    let answer = |sak: &Supportsak, again| {
        Answer::MeldSupportsak(MeldSupportsakSvar { svar: translate::supportsvar(sak, again) })
    };
    match written {
        Written::Again(sak) => context.recorded(answer(&sak, true), &version, "GJENTATT").await,
        Written::New(sak, text) => {
            let answer = answer(&sak, false).to_canonical(&version);
            let effect = Box::new(Effect::Support((sak, vec![text])));
            context.committed(Work::RecordWith { answer, outcome: "OK".to_owned(), effect }).await
        }
    }
}

async fn write(context: &Context, request: &Supportforespoersel) -> Result<Result<Written, Finding>, StoreError> {
    let (hode, store) = (&request.meldingshode, &context.app.store);
    let id = message_id(&hode.avsendersystem, &hode.meldings_id);
    let named = match request.supportsak_id.as_ref().map(|id| id.parse::<Uuid>()) {
        Some(Ok(sak)) => own(context, &hode.avsendersystem, sak).await?.map(Some),
        Some(Err(_)) => None,
        None => Some(own(context, &hode.avsendersystem, id).await?),
    };
    let Some(before) = named else { return Ok(Err(finding(Rejection::NotFound, Field::Content("supportsakId")))) };
    if let Some((sak, texts)) = &before
        && let Some(text) = texts.iter().find(|text| text.id == id)
    {
        let same = text.tekst == request.tekst;
        let again = Written::Again(sak.clone());
        return Ok(same.then_some(again).ok_or_else(|| finding(Rejection::IdReused, Field::Header("meldingsId"))));
    }
    if before.is_none() && request.feil_id.is_none() && request.duf_nummer.is_none() {
        return Ok(Err(finding(Rejection::Missing, Field::Content("feilId"))));
    }
    if request.duf_nummer.as_ref().is_some_and(|duf| Duf::parse(duf, context.app.policy.test_series()).is_err()) {
        return Ok(Err(finding(Rejection::InvalidDuf, Field::Content("dufNummer"))));
    }
    let skrevet = context.exchange.received.trunc_subsecs(6);
    let sak = match before {
        Some((sak, _)) => Supportsak { status: Supportstatus::Ny, endret: skrevet, ..sak },
        None => {
            // A feilId need not be a UUID of ours: then the case is about no error that we know.
            let feil_id = request.feil_id.as_ref().and_then(|id| id.parse().ok());
            let feilsak = match feil_id {
                Some(feil_id) => store.feilsak_of_error(&hode.avsendersystem, feil_id).await?,
                None => None,
            };
            Supportsak {
                sak: id,
                avsendersystem: hode.avsendersystem.clone(),
                feil_id,
                feilsak,
                duf: request.duf_nummer.clone(),
                status: Supportstatus::Ny,
                aapnet: skrevet,
                endret: skrevet,
                melder: Melder {
                    kommune: hode.kommunenummer.clone(),
                    overfoeringsbruker: hode.overfoeringsbruker.clone(),
                    saksbehandler_ref: hode.saksbehandler_ref.clone(),
                },
            }
        }
    };
    let text = Supportmelding { id, sak: sak.sak, fra: Fra::Avsender, skrevet, tekst: request.tekst.clone() };
    Ok(Ok(Written::New(sak, text)))
}

/// The avsendersystem's own case of this id.
async fn own(context: &Context, system: &str, sak: Uuid) -> Result<Option<Supportbilde>, StoreError> {
    let asked =
        Supportspoersmaal { avsendersystem: Some(system.to_owned()), sak: Some(sak), ..Supportspoersmaal::default() };
    Ok(context.app.store.supportsaker(&asked, 1).await?.0.pop())
}

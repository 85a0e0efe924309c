//! `bestillOeyeblikksbilde`: the whole picture of the caller's persons, into its own stream (contract.md 0.15, 4.6).

use std::ops::ControlFlow;
use std::sync::Arc;

use nir_xsd::message::{
    Answer, BestillOeyeblikksbildeSvar, Oeyeblikksbildebestilling, Oeyeblikksbildeforespoersel, Version,
};
use register::bestilling::{Bestilling, Omfang};
use register::command::Header;
use register::decide::{Now, finding};
use register::id::Duf;
use register::ledger::{LedgerError, Work};
use register::policy::Policy;
use register::post::Ordning;
use register::receipt::{Field, Finding};
use register::registry::Avsendersystem;
use register::rejection::Rejection;
use register::store::{StoreError, Walked};
use uuid::Uuid;

use crate::app::App;
use crate::bilder;
use crate::operations::Context;
use crate::operations::bekreft_endringer::{Refused, own_stream};
use crate::reply::{self, Reply};
use crate::translate;

/// Takes the order; its pictures are written after the answer.
pub async fn run(context: Context, request: Oeyeblikksbildeforespoersel) -> Reply {
    let root = "bestillOeyeblikksbilde";
    let (header, errors) = context.sender(&request.meldingshode);
    if !errors.is_empty() {
        return context.nir_feil(root, &errors).await;
    }
    match own_stream(&context, &header.avsendersystem, &request.stroem_id).await {
        Ok(_) => {}
        Err(Refused::Finding(finding)) => return context.nir_feil(root, &[*finding]).await,
        Err(Refused::Failed(error)) => return context.failed(&error).await,
    }
    let registry = context.registry();
    let Some(system) = registry.avsendersystemer.get(&header.avsendersystem) else {
        let unknown = finding(Rejection::UnknownAvsendersystem, Field::Header("avsendersystem"));
        return context.nir_feil(root, &[unknown]).await;
    };
    let omfang = match omfang(&request, system, &context.app.policy) {
        Ok(omfang) => omfang,
        Err(finding) => return context.nir_feil(root, &[finding]).await,
    };
    // Counting a whole kommune is dear: who has an order already is told so before. Of two at once the commit refuses one.
    match context.app.store.open_orders().await {
        Ok(open) if open.iter().any(|order| order.avsendersystem == system.id) => return order_is_open(context).await,
        Ok(_) => {}
        Err(error) => return context.failed(&error.into()).await,
    }
    let Some(only) = context.app.bilder.count(&system.id) else { return order_is_open(context).await };
    let now = context.now(&registry, &request.meldingshode);
    let (app, whose, omfang_of, at) = (Arc::clone(&context.app), header.clone(), omfang.clone(), now);
    let counting = async move {
        // With the walk, not with the caller, who may give up.
        let _only = only;
        count(&app, &whose, &omfang_of, &at).await
    };
    let (walked, antall) = match bilder::aside(counting).await {
        Ok(counted) => counted,
        Err(error) => return context.failed(&error.into()).await,
    };
    let Some(stroem) = walked.stroem else {
        return context.failed(&LedgerError::from(StoreError::NotReady("no stream".to_owned()))).await;
    };
    let order = Bestilling {
        id: Uuid::new_v4(),
        avsendersystem: system.id.clone(),
        bruker: header.overfoeringsbruker.clone(),
        posisjon: stroem.siste_sekvensnummer,
        recorded: walked.recorded,
        omfang,
        antall,
        done_to: 0,
        skrevet: 0,
        touched: now.recorded,
    };
    let answer = Answer::BestillOeyeblikksbilde(BestillOeyeblikksbildeSvar {
        bestilling: Oeyeblikksbildebestilling {
            bestillings_id: order.id.to_string(),
            posisjon: order.posisjon,
            antall: i32::try_from(antall).unwrap_or(i32::MAX),
            stroem: translate::stream_position(&stroem),
        },
    });
    let answer = answer.to_canonical(&Version::parse(&request.meldingshode.kontraktversjon));
    let bilder = context.app.bilder.clone();
    match context.commit(Work::Order { order: Box::new(order), answer }).await {
        Err(LedgerError::OrderOpen(_)) => order_is_open(context).await,
        outcome => {
            bilder.ordered();
            context.answered(outcome).await
        }
    }
}

/// How many persons the order covers, and where the stream stands at that moment.
async fn count(app: &App, header: &Header, omfang: &Omfang, now: &Now) -> Result<(Walked, i64), StoreError> {
    let (registry, policy) = (app.registry.load_full(), &app.policy);
    let none = || StoreError::NotReady("the avsendersystem is gone".to_owned());
    let system = registry.avsendersystemer.get(&header.avsendersystem).ok_or_else(none)?;
    let user = registry.users.get(&header.overfoeringsbruker);
    let among = bilder::kommuner(policy, system, now);
    let mut antall = 0_i64;
    let visit = |person| {
        antall += i64::from(bilder::view(policy, system, user, omfang, person, now).is_some());
        ControlFlow::Continue(())
    };
    let walked = app.store.each_person_among(bilder::among(omfang, &among), None, None, &system.id, visit).await?;
    Ok((walked, antall))
}

async fn order_is_open(context: Context) -> Reply {
    let mut open = reply::refusal("NIR-T104", "an order of the stream is open");
    open.params.push(("sekunder", reply::RETRY_SECONDS.to_string()));
    context.refused(&open, "/bestillOeyeblikksbilde/forespoersel/stroemId").await
}

/// Whom the order covers (NIR-X307 for a scope or scheme that is none, NIR-X309 for a DUF number).
fn omfang(request: &Oeyeblikksbildeforespoersel, system: &Avsendersystem, policy: &Policy) -> Result<Omfang, Finding> {
    let unknown = |field| finding(Rejection::UnknownCode, Field::Content(field));
    match request.omfang.as_str() {
        "ALT" => Ok(Omfang::Alt),
        "ORDNING" => {
            let all = [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval];
            let Some(named) = &request.ordning else { return Ok(Omfang::Ordning(system.ordninger.clone())) };
            let ordning = all.into_iter().find(|ordning| ordning.code() == named);
            Ok(Omfang::Ordning(vec![ordning.ok_or_else(|| unknown("ordning"))?]))
        }
        "PERSON" => {
            let parse = |text: &String| {
                let parsed = Duf::parse(text, policy.test_series());
                parsed.map_err(|_| finding(Rejection::InvalidDuf, Field::Content("dufNummer")))
            };
            let mut dufs = request.duf_nummer.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
            dufs.sort_unstable();
            dufs.dedup();
            Ok(Omfang::Person(dufs))
        }
        _ => Err(unknown("omfang")),
    }
}

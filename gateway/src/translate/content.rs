//! Content of a registration, both ways.

use nir_xsd::message as wire;
use register::post::{Content, Ordning, Tiltak, Vedtak};
use register::receipt::Finding;
use register::rejection::Rejection;

use crate::translate::registrering::unknown_code;

/// A scheme from its wire code; `path` is the element's, from the line.
pub fn ordning(code: &str, path: &'static str) -> Result<Ordning, Finding> {
    match code {
        "INTRO" => Ok(Ordning::Intro),
        "NORSK" => Ok(Ordning::Norsk),
        "MOTTAK_OPPL" => Ok(Ordning::MottakOppl),
        "MOTTAK_KVAL" => Ok(Ordning::MottakKval),
        _ => Err(unknown_code(Rejection::UnknownCode, path, "ordning", code)),
    }
}

/// The register's content. References of a vedtak are resolved by `decide`.
pub fn content(innhold: &wire::Innhold) -> Result<Option<Content>, Finding> {
    if let Some(vedtak) = &innhold.vedtak {
        return Ok(Some(Content::Vedtak(Vedtak {
            ordning: ordning(&vedtak.ordning, "innhold/vedtak/ordning")?,
            vedtakstype: vedtak.vedtakstype.clone(),
            vedtaksdato: vedtak.vedtaksdato,
            start_dato: vedtak.start_dato,
            slutt_dato: vedtak.slutt_dato,
            begrunnelse: vedtak.begrunnelse.clone(),
            fritaksgrunnlag: None,
            vedtak_ref: None,
            klage_ref: None,
            saksreferanse: vedtak.saksreferanse.clone(),
        })));
    }
    if let Some(tiltak) = &innhold.tiltak {
        return Ok(Some(Content::Tiltak(Tiltak {
            ordning: ordning(&tiltak.ordning, "innhold/tiltak/ordning")?,
            tiltaksgruppe: tiltak.tiltaksgruppe.clone(),
            tiltakstype: tiltak.tiltakstype.clone(),
            fra_dato: tiltak.fra_dato,
            til_dato: tiltak.til_dato,
            timer_per_uke: tiltak.timer_per_uke,
            erstattende_tiltak: tiltak.erstattende_tiltak.unwrap_or(false),
            gjennomfoering: tiltak.gjennomfoering.clone(),
            vurdert_dato: tiltak.vurdert_dato,
            mottatt_tilbud: tiltak.mottatt_tilbud,
        })));
    }
    Ok(None)
}

/// The wire's content.
pub fn innhold(content: &Content) -> wire::Innhold {
    match content {
        Content::Vedtak(v) => wire::Innhold {
            vedtak: Some(wire::Vedtak {
                ordning: v.ordning.code().to_owned(),
                vedtakstype: v.vedtakstype.clone(),
                vedtaksdato: v.vedtaksdato,
                start_dato: v.start_dato,
                slutt_dato: v.slutt_dato,
                begrunnelse: v.begrunnelse.clone(),
                vedtak_ref: v.vedtak_ref.map(post_id),
                klage_ref: v.klage_ref.map(post_id),
                saksreferanse: v.saksreferanse.clone(),
            }),
            ..wire::Innhold::default()
        },
        Content::Tiltak(t) => wire::Innhold {
            tiltak: Some(wire::Tiltak {
                ordning: t.ordning.code().to_owned(),
                tiltaksgruppe: t.tiltaksgruppe.clone(),
                tiltakstype: t.tiltakstype.clone(),
                fra_dato: t.fra_dato,
                til_dato: t.til_dato,
                timer_per_uke: t.timer_per_uke,
                erstattende_tiltak: t.erstattende_tiltak.then_some(true),
                gjennomfoering: t.gjennomfoering.clone(),
                vurdert_dato: t.vurdert_dato,
                mottatt_tilbud: t.mottatt_tilbud,
            }),
            ..wire::Innhold::default()
        },
        _ => wire::Innhold::default(),
    }
}

fn post_id(id: register::post::PostId) -> wire::Postreferanse {
    wire::Postreferanse { post_id: Some(id.to_string()), ..wire::Postreferanse::default() }
}

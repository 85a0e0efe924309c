//! What belongs to a scheme as a whole, both ways: decisions, contact, appeals, start and end, plans.

use nir_xsd::message as wire;
use register::post::{
    Avslutning, Deltakerbevis, Integreringskontrakt, Integreringsplan, Klage, Kontakt, Oppstart, Sluttmaal, Vedtak,
};
use register::receipt::Finding;

use super::{ordning, post_id};

pub(super) fn read_vedtak(w: &wire::Vedtak) -> Result<Vedtak, Finding> {
    Ok(Vedtak {
        ordning: ordning(&w.ordning, "innhold/vedtak/ordning")?,
        vedtakstype: w.vedtakstype.clone(),
        vedtaksdato: w.vedtaksdato,
        start_dato: w.start_dato,
        slutt_dato: w.slutt_dato,
        begrunnelse: w.begrunnelse.clone(),
        fritaksgrunnlag: w.fritaksgrunnlag.clone(),
        vedtak_ref: None,
        klage_ref: None,
        saksreferanse: w.saksreferanse.clone(),
    })
}

pub(super) fn write_vedtak(c: &Vedtak) -> wire::Vedtak {
    wire::Vedtak {
        ordning: c.ordning.code().to_owned(),
        vedtakstype: c.vedtakstype.clone(),
        vedtaksdato: c.vedtaksdato,
        start_dato: c.start_dato,
        slutt_dato: c.slutt_dato,
        begrunnelse: c.begrunnelse.clone(),
        fritaksgrunnlag: c.fritaksgrunnlag.clone(),
        vedtak_ref: c.vedtak_ref.map(post_id),
        klage_ref: c.klage_ref.map(post_id),
        saksreferanse: c.saksreferanse.clone(),
    }
}

pub(super) fn read_kontakt(w: &wire::Kontakt) -> Result<Kontakt, Finding> {
    Ok(Kontakt {
        ordning: ordning(&w.ordning, "innhold/kontakt/ordning")?,
        kontakttype: w.kontakttype.clone(),
        dato: w.dato,
        saksreferanse: w.saksreferanse.clone(),
    })
}

pub(super) fn write_kontakt(c: &Kontakt) -> wire::Kontakt {
    wire::Kontakt {
        ordning: c.ordning.code().to_owned(),
        kontakttype: c.kontakttype.clone(),
        dato: c.dato,
        saksreferanse: c.saksreferanse.clone(),
    }
}

pub(super) fn read_klage(w: &wire::Klage) -> Result<Klage, Finding> {
    Ok(Klage {
        ordning: ordning(&w.ordning, "innhold/klage/ordning")?,
        vedtak_ref: None,
        klage_dato: w.klage_dato,
        utfall: w.utfall.clone(),
        utfallsdato: w.utfallsdato,
        saksreferanse: w.saksreferanse.clone(),
    })
}

pub(super) fn write_klage(c: &Klage) -> wire::Klage {
    wire::Klage {
        ordning: c.ordning.code().to_owned(),
        vedtak_ref: c.vedtak_ref.map(post_id).unwrap_or_default(),
        klage_dato: c.klage_dato,
        utfall: c.utfall.clone(),
        utfallsdato: c.utfallsdato,
        saksreferanse: c.saksreferanse.clone(),
    }
}

pub(super) fn read_oppstart(w: &wire::Oppstart) -> Result<Oppstart, Finding> {
    Ok(Oppstart { ordning: ordning(&w.ordning, "innhold/oppstart/ordning")?, oppstart_dato: w.oppstart_dato })
}

pub(super) fn write_oppstart(c: &Oppstart) -> wire::Oppstart {
    wire::Oppstart { ordning: c.ordning.code().to_owned(), oppstart_dato: c.oppstart_dato }
}

pub(super) fn read_avslutning(w: &wire::Avslutning) -> Avslutning {
    Avslutning {
        avslutningsdato: w.avslutningsdato,
        avslutningsaarsak: w.avslutningsaarsak.clone(),
        hovedaktivitet: w.hovedaktivitet.clone(),
    }
}

pub(super) fn write_avslutning(c: &Avslutning) -> wire::Avslutning {
    wire::Avslutning {
        avslutningsdato: c.avslutningsdato,
        avslutningsaarsak: c.avslutningsaarsak.clone(),
        hovedaktivitet: c.hovedaktivitet.clone(),
    }
}

pub(super) fn read_sluttmaal(w: &wire::Sluttmaal) -> Sluttmaal {
    Sluttmaal { sluttmaal: w.sluttmaal.clone(), fra_dato: w.fra_dato }
}

pub(super) fn write_sluttmaal(c: &Sluttmaal) -> wire::Sluttmaal {
    wire::Sluttmaal { sluttmaal: c.sluttmaal.clone(), fra_dato: c.fra_dato }
}

pub(super) fn read_integreringskontrakt(w: &wire::Integreringskontrakt) -> Integreringskontrakt {
    Integreringskontrakt { inngaatt_dato: w.inngaatt_dato, endret_dato: w.endret_dato }
}

pub(super) fn write_integreringskontrakt(c: &Integreringskontrakt) -> wire::Integreringskontrakt {
    wire::Integreringskontrakt { inngaatt_dato: c.inngaatt_dato, endret_dato: c.endret_dato }
}

pub(super) fn read_integreringsplan(w: &wire::Integreringsplan) -> Result<Integreringsplan, Finding> {
    Ok(Integreringsplan {
        ordning: ordning(&w.ordning, "innhold/integreringsplan/ordning")?,
        dato: w.dato,
        revidert_dato: w.revidert_dato,
    })
}

pub(super) fn write_integreringsplan(c: &Integreringsplan) -> wire::Integreringsplan {
    wire::Integreringsplan { ordning: c.ordning.code().to_owned(), dato: c.dato, revidert_dato: c.revidert_dato }
}

pub(super) fn read_deltakerbevis(w: &wire::Deltakerbevis) -> Deltakerbevis {
    Deltakerbevis { utstedt_dato: w.utstedt_dato, vedtak_ref: None }
}

pub(super) fn write_deltakerbevis(c: &Deltakerbevis) -> wire::Deltakerbevis {
    wire::Deltakerbevis { utstedt_dato: c.utstedt_dato, vedtak_ref: c.vedtak_ref.map(post_id) }
}

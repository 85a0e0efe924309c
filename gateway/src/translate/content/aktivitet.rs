//! What a person does or is away from, both ways: measures, absence, leave, work.

use nir_xsd::message as wire;
use register::post::{Arbeidsforhold, Fravaer, Permisjon, Tiltak};
use register::receipt::Finding;

use super::{ordning, post_id};

pub(super) fn read_tiltak(w: &wire::Tiltak) -> Result<Tiltak, Finding> {
    Ok(Tiltak {
        ordning: ordning(&w.ordning, "innhold/tiltak/ordning")?,
        tiltaksgruppe: w.tiltaksgruppe.clone(),
        tiltakstype: w.tiltakstype.clone(),
        fra_dato: w.fra_dato,
        til_dato: w.til_dato,
        timer_per_uke: w.timer_per_uke,
        erstattende_tiltak: w.erstattende_tiltak.unwrap_or(false),
        gjennomfoering: w.gjennomfoering.clone(),
        vurdert_dato: w.vurdert_dato,
        mottatt_tilbud: w.mottatt_tilbud,
    })
}

pub(super) fn write_tiltak(c: &Tiltak) -> wire::Tiltak {
    wire::Tiltak {
        ordning: c.ordning.code().to_owned(),
        tiltaksgruppe: c.tiltaksgruppe.clone(),
        tiltakstype: c.tiltakstype.clone(),
        fra_dato: c.fra_dato,
        til_dato: c.til_dato,
        timer_per_uke: c.timer_per_uke,
        erstattende_tiltak: c.erstattende_tiltak.then_some(true),
        gjennomfoering: c.gjennomfoering.clone(),
        vurdert_dato: c.vurdert_dato,
        mottatt_tilbud: c.mottatt_tilbud,
    }
}

pub(super) fn read_fravaer(w: &wire::Fravaer) -> Result<Fravaer, Finding> {
    Ok(Fravaer {
        ordning: ordning(&w.ordning, "innhold/fravaer/ordning")?,
        fravaertype: w.fravaertype.clone(),
        fra_dato: w.fra_dato,
        til_dato: w.til_dato,
        dager: w.dager,
        timer: w.timer,
        aarsak: w.aarsak.clone(),
        dokumentert: w.dokumentert,
        omsorgsgrunnlag: w.omsorgsgrunnlag.clone(),
    })
}

pub(super) fn write_fravaer(c: &Fravaer) -> wire::Fravaer {
    wire::Fravaer {
        ordning: c.ordning.code().to_owned(),
        fravaertype: c.fravaertype.clone(),
        fra_dato: c.fra_dato,
        til_dato: c.til_dato,
        dager: c.dager,
        timer: c.timer,
        aarsak: c.aarsak.clone(),
        dokumentert: c.dokumentert,
        omsorgsgrunnlag: c.omsorgsgrunnlag.clone(),
    }
}

pub(super) fn read_permisjon(w: &wire::Permisjon) -> Result<Permisjon, Finding> {
    Ok(Permisjon {
        ordning: ordning(&w.ordning, "innhold/permisjon/ordning")?,
        permisjonstype: w.permisjonstype.clone(),
        fra_dato: w.fra_dato,
        til_dato: w.til_dato,
        vedtak_ref: None,
    })
}

pub(super) fn write_permisjon(c: &Permisjon) -> wire::Permisjon {
    wire::Permisjon {
        ordning: c.ordning.code().to_owned(),
        permisjonstype: c.permisjonstype.clone(),
        fra_dato: c.fra_dato,
        til_dato: c.til_dato,
        vedtak_ref: c.vedtak_ref.map(post_id),
    }
}

pub(super) fn read_arbeidsforhold(w: &wire::Arbeidsforhold) -> Arbeidsforhold {
    Arbeidsforhold {
        fra_dato: w.fra_dato,
        til_dato: w.til_dato,
        timer_per_uke: w.timer_per_uke,
        tilbud: w.tilbud.unwrap_or(false),
    }
}

pub(super) fn write_arbeidsforhold(c: &Arbeidsforhold) -> wire::Arbeidsforhold {
    wire::Arbeidsforhold {
        fra_dato: c.fra_dato,
        til_dato: c.til_dato,
        timer_per_uke: c.timer_per_uke,
        tilbud: c.tilbud.then_some(true),
    }
}

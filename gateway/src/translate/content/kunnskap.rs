//! What is known of the person's education and wishes, both ways.

use nir_xsd::message as wire;
use register::post::{Karriereveiledning, Kompetansekartlegging, ReservasjonForskning, Utdanningsbakgrunn};

pub(super) fn read_utdanningsbakgrunn(w: &wire::Utdanningsbakgrunn) -> Utdanningsbakgrunn {
    Utdanningsbakgrunn { har_videregaaende: w.har_videregaaende.clone(), dato: w.dato }
}

pub(super) fn write_utdanningsbakgrunn(c: &Utdanningsbakgrunn) -> wire::Utdanningsbakgrunn {
    wire::Utdanningsbakgrunn { har_videregaaende: c.har_videregaaende.clone(), dato: c.dato }
}

pub(super) fn read_kompetansekartlegging(w: &wire::Kompetansekartlegging) -> Kompetansekartlegging {
    Kompetansekartlegging { gjennomfoert_dato: w.gjennomfoert_dato }
}

pub(super) fn write_kompetansekartlegging(c: &Kompetansekartlegging) -> wire::Kompetansekartlegging {
    wire::Kompetansekartlegging { gjennomfoert_dato: c.gjennomfoert_dato }
}

pub(super) fn read_karriereveiledning(w: &wire::Karriereveiledning) -> Karriereveiledning {
    Karriereveiledning { gjennomfoert_dato: w.gjennomfoert_dato }
}

pub(super) fn write_karriereveiledning(c: &Karriereveiledning) -> wire::Karriereveiledning {
    wire::Karriereveiledning { gjennomfoert_dato: c.gjennomfoert_dato }
}

pub(super) fn read_reservasjon_forskning(w: &wire::ReservasjonForskning) -> ReservasjonForskning {
    ReservasjonForskning { reservert: w.reservert, dato: w.dato }
}

pub(super) fn write_reservasjon_forskning(c: &ReservasjonForskning) -> wire::ReservasjonForskning {
    wire::ReservasjonForskning { reservert: c.reservert, dato: c.dato }
}

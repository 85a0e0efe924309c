//! Training in Norwegian and samfunnskunnskap, both ways.

use nir_xsd::message as wire;
use register::post::{
    FulltidVideregaaende, Modultimer, Norskmaal, Norsktimer, OppfoelgingOmsorgspermisjon, OpplaeringIMottak,
};

fn read_modultimer(w: &wire::Modultimer) -> Modultimer {
    Modultimer { modul: w.modul.clone(), timer: w.timer }
}

fn write_modultimer(c: &Modultimer) -> wire::Modultimer {
    wire::Modultimer { modul: c.modul.clone(), timer: c.timer }
}

pub(super) fn read_norsktimer(w: &wire::Norsktimer) -> Norsktimer {
    Norsktimer {
        fra_dato: w.fra_dato,
        til_dato: w.til_dato,
        norsk_timer: w.norsk_timer,
        samfunnskunnskap_timer: w.samfunnskunnskap_timer.iter().map(read_modultimer).collect(),
        opplaeringsspraak: w.opplaeringsspraak.clone(),
        spor: w.spor.clone(),
        ansvarlig: w.ansvarlig.clone(),
    }
}

pub(super) fn write_norsktimer(c: &Norsktimer) -> wire::Norsktimer {
    wire::Norsktimer {
        fra_dato: c.fra_dato,
        til_dato: c.til_dato,
        norsk_timer: c.norsk_timer,
        samfunnskunnskap_timer: c.samfunnskunnskap_timer.iter().map(write_modultimer).collect(),
        opplaeringsspraak: c.opplaeringsspraak.clone(),
        spor: c.spor.clone(),
        ansvarlig: c.ansvarlig.clone(),
    }
}

pub(super) fn read_norskmaal(w: &wire::Norskmaal) -> Norskmaal {
    Norskmaal {
        dato: w.dato,
        morsmaal: w.morsmaal.clone(),
        lytte: w.lytte.clone(),
        lese: w.lese.clone(),
        skrive: w.skrive.clone(),
        muntlig: w.muntlig.clone(),
    }
}

pub(super) fn write_norskmaal(c: &Norskmaal) -> wire::Norskmaal {
    wire::Norskmaal {
        dato: c.dato,
        morsmaal: c.morsmaal.clone(),
        lytte: c.lytte.clone(),
        lese: c.lese.clone(),
        skrive: c.skrive.clone(),
        muntlig: c.muntlig.clone(),
    }
}

pub(super) fn read_fulltid_videregaaende(w: &wire::FulltidVideregaaende) -> FulltidVideregaaende {
    FulltidVideregaaende { fra_dato: w.fra_dato, til_dato: w.til_dato, kombinert: w.kombinert }
}

pub(super) fn write_fulltid_videregaaende(c: &FulltidVideregaaende) -> wire::FulltidVideregaaende {
    wire::FulltidVideregaaende { fra_dato: c.fra_dato, til_dato: c.til_dato, kombinert: c.kombinert }
}

pub(super) fn read_opplaering_i_mottak(w: &wire::OpplaeringIMottak) -> OpplaeringIMottak {
    OpplaeringIMottak {
        fra_dato: w.fra_dato,
        til_dato: w.til_dato,
        norsk_timer_per_uke: w.norsk_timer_per_uke,
        samfunnskunnskap_timer: w.samfunnskunnskap_timer.iter().map(read_modultimer).collect(),
        morsmaal: w.morsmaal.clone(),
        opplaeringsspraak: w.opplaeringsspraak.clone(),
    }
}

pub(super) fn write_opplaering_i_mottak(c: &OpplaeringIMottak) -> wire::OpplaeringIMottak {
    wire::OpplaeringIMottak {
        fra_dato: c.fra_dato,
        til_dato: c.til_dato,
        norsk_timer_per_uke: c.norsk_timer_per_uke,
        samfunnskunnskap_timer: c.samfunnskunnskap_timer.iter().map(write_modultimer).collect(),
        morsmaal: c.morsmaal.clone(),
        opplaeringsspraak: c.opplaeringsspraak.clone(),
    }
}

pub(super) fn read_oppfoelging_omsorgspermisjon(w: &wire::OppfoelgingOmsorgspermisjon) -> OppfoelgingOmsorgspermisjon {
    OppfoelgingOmsorgspermisjon { fra_dato: w.fra_dato, til_dato: w.til_dato, timer_per_uke: w.timer_per_uke }
}

pub(super) fn write_oppfoelging_omsorgspermisjon(c: &OppfoelgingOmsorgspermisjon) -> wire::OppfoelgingOmsorgspermisjon {
    wire::OppfoelgingOmsorgspermisjon { fra_dato: c.fra_dato, til_dato: c.til_dato, timer_per_uke: c.timer_per_uke }
}

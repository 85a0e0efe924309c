//! Every code of a content against its list: known (X307), and valid on the record's date (X308).

use chrono::NaiveDate;
use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::receipt::Finding;
use register::rejection::Rejection;

use crate::translate::registrering::unknown_code;

/// Path of the n-th module's code of a kind, from the line; of those after the tenth, which no curriculum has, without a number.
macro_rules! modules {
    ($kind:literal) => {
        modules!(@ $kind, "[1]", "[2]", "[3]", "[4]", "[5]", "[6]", "[7]", "[8]", "[9]", "[10]", "")
    };
    (@ $kind:literal, $($n:literal),*) => {
        &[$(concat!("innhold/", $kind, "/samfunnskunnskapTimer", $n, "/modul")),*]
    };
}

const NORSKTIMER: &[&str] = modules!("norsktimer");
const OPPLAERING_I_MOTTAK: &[&str] = modules!("opplaeringIMottak");

struct Check<'a> {
    catalogue: &'a Catalogue,
    errors: &'a mut Vec<Finding>,
}

impl Check<'_> {
    /// A code that must be there.
    fn one(&mut self, list: &'static str, path: &'static str, code: &str, on: NaiveDate) {
        match self.catalogue.lookup(list, code) {
            None => self.errors.push(unknown_code(Rejection::UnknownCode, path, list, code)),
            Some(row) if !row.valid_on(on) => {
                self.errors.push(unknown_code(Rejection::CodeNotValid, path, list, code));
            }
            Some(_) => {}
        }
    }

    /// One that may be there.
    fn some(&mut self, list: &'static str, path: &'static str, code: Option<&String>, on: NaiveDate) {
        if let Some(code) = code {
            self.one(list, path, code, on);
        }
    }

    /// Modules: known. Whether the curriculum was taught in the period is a rule of its own (B523).
    fn modules(&mut self, paths: &[&'static str], modules: &[wire::Modultimer]) {
        let last = paths.last().copied().unwrap_or_default();
        for (n, one) in modules.iter().enumerate() {
            if self.catalogue.lookup("modul", &one.modul).is_none() {
                let path = paths.get(n).copied().unwrap_or(last);
                self.errors.push(unknown_code(Rejection::UnknownCode, path, "modul", &one.modul));
            }
        }
    }
}

/// Every code of the content; schemes are read with the content itself, languages are ISO 639 and have no list.
pub fn codes(innhold: &wire::Innhold, catalogue: &Catalogue, errors: &mut Vec<Finding>) {
    let wire::Innhold {
        vedtak,
        kontakt,
        klage,
        oppstart: _,
        avslutning,
        sluttmaal,
        integreringskontrakt: _,
        integreringsplan: _,
        tiltak,
        fravaer,
        permisjon,
        norsktimer,
        utdanningsbakgrunn,
        norskmaal,
        fulltid_videregaaende: _,
        kompetansekartlegging: _,
        karriereveiledning: _,
        opplaering_i_mottak,
        reservasjon_forskning: _,
        arbeidsforhold: _,
        deltakerbevis: _,
        oppfoelging_omsorgspermisjon: _,
    } = innhold;
    let mut check = Check { catalogue, errors };
    if let Some(v) = vedtak {
        check.one("vedtakstype", "innhold/vedtak/vedtakstype", &v.vedtakstype, v.vedtaksdato);
        check.some("begrunnelse", "innhold/vedtak/begrunnelse", v.begrunnelse.as_ref(), v.vedtaksdato);
        check.some("fritaksgrunnlag", "innhold/vedtak/fritaksgrunnlag", v.fritaksgrunnlag.as_ref(), v.vedtaksdato);
    }
    if let Some(k) = kontakt {
        check.one("kontakttype", "innhold/kontakt/kontakttype", &k.kontakttype, k.dato);
    }
    if let Some(k) = klage {
        let on = k.utfallsdato.unwrap_or(k.klage_dato);
        check.some("klageutfall", "innhold/klage/utfall", k.utfall.as_ref(), on);
    }
    if let Some(a) = avslutning {
        let (list, on) = ("avslutningsaarsak", a.avslutningsdato);
        check.one(list, "innhold/avslutning/avslutningsaarsak", &a.avslutningsaarsak, on);
        check.some(list, "innhold/avslutning/hovedaktivitet", a.hovedaktivitet.as_ref(), on);
    }
    if let Some(s) = sluttmaal {
        check.one("sluttmaal", "innhold/sluttmaal/sluttmaal", &s.sluttmaal, s.fra_dato);
    }
    if let Some(t) = tiltak {
        check.one("tiltaksgruppe", "innhold/tiltak/tiltaksgruppe", &t.tiltaksgruppe, t.fra_dato);
        check.one("tiltakstype", "innhold/tiltak/tiltakstype", &t.tiltakstype, t.fra_dato);
        check.some("gjennomfoering", "innhold/tiltak/gjennomfoering", t.gjennomfoering.as_ref(), t.fra_dato);
    }
    if let Some(f) = fravaer {
        check.one("fravaertype", "innhold/fravaer/fravaertype", &f.fravaertype, f.fra_dato);
        check.some("fravaeraarsak", "innhold/fravaer/aarsak", f.aarsak.as_ref(), f.fra_dato);
        check.some("omsorgsgrunnlag", "innhold/fravaer/omsorgsgrunnlag", f.omsorgsgrunnlag.as_ref(), f.fra_dato);
    }
    if let Some(p) = permisjon {
        check.one("permisjonstype", "innhold/permisjon/permisjonstype", &p.permisjonstype, p.fra_dato);
    }
    if let Some(n) = norsktimer {
        check.modules(NORSKTIMER, &n.samfunnskunnskap_timer);
        check.some("spor", "innhold/norsktimer/spor", n.spor.as_ref(), n.fra_dato);
        check.some("ansvarlig", "innhold/norsktimer/ansvarlig", n.ansvarlig.as_ref(), n.fra_dato);
    }
    if let Some(u) = utdanningsbakgrunn {
        let path = "innhold/utdanningsbakgrunn/harVideregaaende";
        check.one("harVideregaaende", path, &u.har_videregaaende, u.dato);
    }
    if let Some(n) = norskmaal {
        check.some("norsknivaa", "innhold/norskmaal/lytte", n.lytte.as_ref(), n.dato);
        check.some("norsknivaa", "innhold/norskmaal/lese", n.lese.as_ref(), n.dato);
        check.some("norsknivaa", "innhold/norskmaal/skrive", n.skrive.as_ref(), n.dato);
        check.some("norsknivaa", "innhold/norskmaal/muntlig", n.muntlig.as_ref(), n.dato);
    }
    if let Some(o) = opplaering_i_mottak {
        check.modules(OPPLAERING_I_MOTTAK, &o.samfunnskunnskap_timer);
    }
}

//! Facts of a person as `hentPerson` writes them. Which of them the caller may see is settled before (domain.md 10.3, 10.4).

use chrono::NaiveDate;
use nir_xsd::message as wire;
use register::fact::{Avgjoerelse, FactContent, Mottakstype, Nummertype, Oppholdstillatelse, Rettsomraade, Utfall};
use register::time::Period;

/// Writes one fact into the answer.
pub fn fact(svar: &mut wire::Personsvar, fact: &FactContent, valid: Period) {
    match fact {
        FactContent::Personalia { fornavn, etternavn, foedselsdato, kjoenn } => {
            svar.fornavn = Some(fornavn.clone());
            svar.etternavn = Some(etternavn.clone());
            svar.foedselsdato = Some(*foedselsdato);
            svar.kjoenn = Some(kjoenn.clone());
        }
        FactContent::Ident { number } => svar.foedselsnummer = Some(number.clone()),
        FactContent::Nummer { nummertype: kind, verdi } => svar
            .nummer
            .push(wire::Personnummeropplysning { nummertype: nummertype(*kind).to_owned(), nummer: verdi.clone() }),
        FactContent::Mottak { navn, kommune, mottakstype: kind } => svar.mottak.push(wire::Mottaksopphold {
            navn: navn.clone(),
            kommunenummer: kommune.to_string(),
            mottakstype: mottakstype(*kind).to_owned(),
            fra_dato: valid.from,
            til_dato: valid.last(),
        }),
        FactContent::Bosetting { kommune, bydel, dato, etter_avtale } => svar.bosetting.push(wire::Bosetting {
            kommunenummer: kommune.to_string(),
            bydelsnummer: bydel.map(|bydel| bydel.to_string()),
            dato: *dato,
            etter_avtale: *etter_avtale,
        }),
        FactContent::Doedsfall { dato } => svar.doedsdato = Some(*dato),
        FactContent::Utflyttet { dato } | FactContent::Forsvunnet { dato } => svar.utflyttet_dato = Some(*dato),
        FactContent::Statsborgerskap { land } => svar.statsborgerskap.push(wire::Statsborgerskap {
            land: land.clone(),
            fra_dato: valid.from,
            til_dato: valid.last(),
        }),
        FactContent::Landbakgrunn { land } => svar.landbakgrunn = Some(land.clone()),
        FactContent::Ankomst { dato } => svar.ankomstdato = Some(*dato),
        FactContent::Oppholdstillatelse(permit) => {
            svar.oppholdstillatelse.push(oppholdstillatelse(permit, valid));
        }
        FactContent::Fornyelse { soeknadsdato, avgjoerelse } => {
            let (utfall, avgjort_dato, endelig) = decided(*avgjoerelse);
            svar.fornyelse.push(wire::Fornyelse { soeknadsdato: *soeknadsdato, utfall, avgjort_dato, endelig });
        }
        FactContent::Asylsoeknad { soeknadsdato, hurtigprosedyre, dublin, avgjoerelse } => {
            let (utfall, avgjort_dato, endelig) = decided(*avgjoerelse);
            svar.asylsoeknad.push(wire::Asylsoeknad {
                soeknadsdato: *soeknadsdato,
                hurtigprosedyre: *hurtigprosedyre,
                dublin: *dublin,
                utfall,
                avgjort_dato,
                endelig,
            });
        }
        FactContent::Familie { relasjon, annen } => svar
            .familierelasjon
            .push(wire::Familierelasjon { relasjon: relasjon.clone(), duf_nummer: annen.to_string() }),
        FactContent::EnsligMindreaarig => svar.enslig_mindreaarig = Some(true),
        FactContent::Kompetanse { status } => svar.kompetansestatus = Some(status.clone()),
        FactContent::Proeve(test) => svar.proeveresultat.push(wire::Proeveresultat {
            proevetype: test.proevetype.clone(),
            delproeve: test.delproeve.clone(),
            dato: test.dato,
            resultat: test.resultat.clone(),
            status: test.status.clone(),
            spraak: test.spraak.clone(),
        }),
        // Who follows up is a timeline of its own; addresses and protection are sent to nobody; a merged number is
        // answered as an error; hours done before 2022 stand in the calculation log.
        FactContent::Oppfoelging { .. }
        | FactContent::Bosted { .. }
        | FactContent::Beskyttelse { .. }
        | FactContent::DufErstattet { .. }
        | FactContent::KulturOgVerdier { .. } => {}
    }
}

fn oppholdstillatelse(permit: &Oppholdstillatelse, valid: Period) -> wire::Oppholdstillatelse {
    wire::Oppholdstillatelse {
        oppholdsgrunnlag: permit.oppholdsgrunnlag.clone(),
        soeknadsdato: permit.soeknadsdato,
        vedtaksdato: permit.vedtaksdato,
        gyldig_fra: valid.from,
        gyldig_til: valid.last(),
        foerstegang: permit.foerstegang,
        fornybar: permit.fornybar,
        danner_grunnlag_for_permanent: permit.danner_grunnlag_for_permanent,
        etter_innreisetillatelse: permit.etter_innreisetillatelse,
        rettsomraade: rettsomraade(permit.rettsomraade).to_owned(),
        opphoer: permit.opphoer.map(|end| wire::Opphoer {
            utfall: utfall(end.utfall).to_owned(),
            dato: end.dato,
            endelig: end.endelig,
        }),
    }
}

fn decided(avgjoerelse: Option<Avgjoerelse>) -> (Option<String>, Option<NaiveDate>, Option<bool>) {
    match avgjoerelse {
        Some(decision) => (Some(utfall(decision.utfall).to_owned()), Some(decision.dato), Some(decision.endelig)),
        None => (None, None, None),
    }
}

fn utfall(utfall: Utfall) -> &'static str {
    match utfall {
        Utfall::Innvilget => "INNVILGET",
        Utfall::Avslag => "AVSLAG",
        Utfall::Tilbakekall => "TILBAKEKALL",
        Utfall::Bortfall => "BORTFALL",
        Utfall::Utvisning => "UTVISNING",
    }
}

fn rettsomraade(rettsomraade: Rettsomraade) -> &'static str {
    match rettsomraade {
        Rettsomraade::Utlendingsloven => "UTLENDINGSLOVEN",
        Rettsomraade::Eoes => "EOES",
    }
}

fn mottakstype(mottakstype: Mottakstype) -> &'static str {
    match mottakstype {
        Mottakstype::Ankomst => "ANKOMST",
        Mottakstype::Transitt => "TRANSITT",
        Mottakstype::Ordinaert => "ORDINAERT",
    }
}

fn nummertype(nummertype: Nummertype) -> &'static str {
    match nummertype {
        Nummertype::RegNummer => "REG_NUMMER",
        Nummertype::UnhcrNummer => "UNHCR_NUMMER",
        Nummertype::Passnummer => "PASSNUMMER",
    }
}

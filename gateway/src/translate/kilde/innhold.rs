//! What a fact says: one branch of the choice for each kind of `FactContent`.

use chrono::NaiveDate;
use nir_xsd::message as wire;
use register::codes::Catalogue;
use register::fact::{
    Adressebeskyttelse, Avgjoerelse, FactContent, Mottakstype, Nummertype, Opphoer, Oppholdstillatelse, Proeveresultat,
    Referanseperson, Rettsomraade, Utfall,
};
use register::id::{Bydel, Duf, Fnr, Kommunenummer};
use register::receipt::Finding;
use register::rejection::Rejection;

use super::at;

/// Gathers what cannot be read of a fact.
pub struct Check<'a> {
    /// Where codes stand.
    pub catalogue: &'a Catalogue,
    /// Everything that is wrong.
    pub errors: &'a mut Vec<Finding>,
    /// First day of the fact.
    pub on: NaiveDate,
}

/// Kind of the branch that is there (code list `opplysningstype`), read before what it says.
pub fn kind(innhold: &wire::Opplysningsinnhold) -> Option<&'static str> {
    let wire::Opplysningsinnhold {
        personalia,
        ident,
        nummer,
        oppfoelging,
        bosted,
        mottak,
        bosetting,
        beskyttelse,
        doedsfall,
        utflyttet,
        forsvunnet,
        duf_erstattet,
        statsborgerskap,
        landbakgrunn,
        ankomst,
        oppholdstillatelse,
        fornyelse,
        asylsoeknad,
        familie,
        enslig_mindreaarig,
        kompetanse,
        proeve,
        kultur_og_verdier,
    } = innhold;
    let all = [
        (personalia.is_some(), "PERSONALIA"),
        (ident.is_some(), "IDENT"),
        (nummer.is_some(), "NUMMER"),
        (oppfoelging.is_some(), "OPPFOELGING"),
        (bosted.is_some(), "BOSTED"),
        (mottak.is_some(), "MOTTAK"),
        (bosetting.is_some(), "BOSETTING"),
        (beskyttelse.is_some(), "BESKYTTELSE"),
        (doedsfall.is_some(), "DOEDSFALL"),
        (utflyttet.is_some(), "UTFLYTTET"),
        (forsvunnet.is_some(), "FORSVUNNET"),
        (duf_erstattet.is_some(), "DUF_ERSTATTET"),
        (statsborgerskap.is_some(), "STATSBORGERSKAP"),
        (landbakgrunn.is_some(), "LANDBAKGRUNN"),
        (ankomst.is_some(), "ANKOMST"),
        (oppholdstillatelse.is_some(), "OPPHOLDSTILLATELSE"),
        (fornyelse.is_some(), "FORNYELSE"),
        (asylsoeknad.is_some(), "ASYLSOEKNAD"),
        (familie.is_some(), "FAMILIE"),
        (enslig_mindreaarig.is_some(), "ENSLIG_MINDREAARIG"),
        (kompetanse.is_some(), "KOMPETANSE"),
        (proeve.is_some(), "PROEVE"),
        (kultur_og_verdier.is_some(), "KULTUR_OG_VERDIER"),
    ];
    all.into_iter().find_map(|(is_there, kind)| is_there.then_some(kind))
}

/// The register's fact; `None` where something of it cannot be read, which `check` says.
pub fn content(innhold: &wire::Opplysningsinnhold, check: &mut Check<'_>) -> Option<FactContent> {
    let before = check.errors.len();
    let content = person(innhold, check).or_else(|| place(innhold, check)).or_else(|| stay(innhold, check))?;
    (check.errors.len() == before).then_some(content)
}

/// Who the person is, and with whom they belong.
fn person(innhold: &wire::Opplysningsinnhold, check: &mut Check<'_>) -> Option<FactContent> {
    if let Some(p) = &innhold.personalia {
        check.code("kjoenn", "kjoenn", &p.kjoenn);
        return Some(FactContent::Personalia {
            fornavn: p.fornavn.clone(),
            etternavn: p.etternavn.clone(),
            foedselsdato: p.foedselsdato,
            kjoenn: p.kjoenn.clone(),
        });
    }
    if let Some(ident) = &innhold.ident {
        // Numbers issued from 2032 hold by the same rule whatever the day: a source knows what it issued.
        if Fnr::parse(&ident.foedselsnummer, true).is_err() {
            check.errors.push(at(Rejection::InvalidFnr, "foedselsnummer"));
        }
        return Some(FactContent::Ident { number: ident.foedselsnummer.clone() });
    }
    if let Some(n) = &innhold.nummer {
        let nummertype = match n.nummertype.as_str() {
            "REG_NUMMER" => Nummertype::RegNummer,
            "UNHCR_NUMMER" => Nummertype::UnhcrNummer,
            "PASSNUMMER" => Nummertype::Passnummer,
            code => return check.unknown("nummertype", "nummertype", code),
        };
        return Some(FactContent::Nummer { nummertype, verdi: n.nummer.clone() });
    }
    if let Some(b) = &innhold.beskyttelse {
        let level = match b.adressebeskyttelse.as_str() {
            "UGRADERT" => Adressebeskyttelse::Ugradert,
            "KLIENTADRESSE" => Adressebeskyttelse::Klientadresse,
            "FORTROLIG" => Adressebeskyttelse::Fortrolig,
            "STRENGT_FORTROLIG" => Adressebeskyttelse::StrengtFortrolig,
            code => return check.unknown("adressebeskyttelse", "adressebeskyttelse", code),
        };
        return Some(FactContent::Beskyttelse { level });
    }
    if let Some(merged) = &innhold.duf_erstattet {
        return Some(FactContent::DufErstattet { ny: check.duf("nyttDufNummer", &merged.nytt_duf_nummer)? });
    }
    if let Some(family) = &innhold.familie {
        check.code("familierelasjon", "relasjon", &family.relasjon);
        let annen = check.duf("dufNummer", &family.duf_nummer)?;
        return Some(FactContent::Familie { relasjon: family.relasjon.clone(), annen });
    }
    if let Some(alone) = &innhold.enslig_mindreaarig {
        if !alone.enslig {
            return check.unknown("enslig", "enslig", "false");
        }
        return Some(FactContent::EnsligMindreaarig);
    }
    if let Some(c) = &innhold.statsborgerskap {
        check.country(&c.land);
        return Some(FactContent::Statsborgerskap { land: c.land.clone() });
    }
    let background = innhold.landbakgrunn.as_ref()?;
    check.country(&background.land);
    Some(FactContent::Landbakgrunn { land: background.land.clone() })
}

/// Where the person is, and whether.
fn place(innhold: &wire::Opplysningsinnhold, check: &mut Check<'_>) -> Option<FactContent> {
    if let Some(p) = &innhold.oppfoelging {
        let (kommune, bydel) = check.place(&p.kommunenummer, p.bydelsnummer.as_deref())?;
        return Some(FactContent::Oppfoelging { kommune, bydel });
    }
    if let Some(p) = &innhold.bosted {
        let (kommune, bydel) = check.place(&p.kommunenummer, p.bydelsnummer.as_deref())?;
        return Some(FactContent::Bosted { kommune, bydel });
    }
    if let Some(p) = &innhold.bosetting {
        let (kommune, bydel) = check.place(&p.kommunenummer, p.bydelsnummer.as_deref())?;
        return Some(FactContent::Bosetting { kommune, bydel, dato: p.dato, etter_avtale: p.etter_avtale });
    }
    if let Some(m) = &innhold.mottak {
        let mottakstype = match m.mottakstype.as_str() {
            "ANKOMST" => Mottakstype::Ankomst,
            "TRANSITT" => Mottakstype::Transitt,
            "ORDINAERT" => Mottakstype::Ordinaert,
            code => return check.unknown("mottakstype", "mottakstype", code),
        };
        let (kommune, _) = check.place(&m.kommunenummer, None)?;
        return Some(FactContent::Mottak { navn: m.navn.clone(), kommune, mottakstype });
    }
    if let Some(d) = &innhold.doedsfall {
        return Some(FactContent::Doedsfall { dato: d.dato });
    }
    if let Some(d) = &innhold.utflyttet {
        return Some(FactContent::Utflyttet { dato: d.dato });
    }
    if let Some(d) = &innhold.forsvunnet {
        return Some(FactContent::Forsvunnet { dato: d.dato });
    }
    Some(FactContent::Ankomst { dato: innhold.ankomst.as_ref()?.dato })
}

/// On what grounds the person stays, and what they know.
fn stay(innhold: &wire::Opplysningsinnhold, check: &mut Check<'_>) -> Option<FactContent> {
    if let Some(permit) = &innhold.oppholdstillatelse {
        return Some(FactContent::Oppholdstillatelse(Box::new(tillatelse(permit, check)?)));
    }
    if let Some(f) = &innhold.fornyelse {
        let avgjoerelse = check.decided(f.utfall.as_deref(), f.avgjort_dato, f.endelig)?;
        return Some(FactContent::Fornyelse { soeknadsdato: f.soeknadsdato, avgjoerelse });
    }
    if let Some(a) = &innhold.asylsoeknad {
        return Some(FactContent::Asylsoeknad {
            soeknadsdato: a.soeknadsdato,
            hurtigprosedyre: a.hurtigprosedyre,
            dublin: a.dublin,
            avgjoerelse: check.decided(a.utfall.as_deref(), a.avgjort_dato, a.endelig)?,
        });
    }
    if let Some(k) = &innhold.kompetanse {
        check.code("kompetansestatus", "kompetansestatus", &k.kompetansestatus);
        return Some(FactContent::Kompetanse { status: k.kompetansestatus.clone() });
    }
    if let Some(p) = &innhold.proeve {
        check.code("proevetype", "proevetype", &p.proevetype);
        check.code("proevestatus", "status", &p.status);
        if let Some(part) = &p.delproeve {
            check.code("delproeve", "delproeve", part);
        }
        if let Some(result) = &p.resultat {
            check.code("proeveresultat", "resultat", result);
        }
        return Some(FactContent::Proeve(Box::new(Proeveresultat {
            proevetype: p.proevetype.clone(),
            delproeve: p.delproeve.clone(),
            dato: p.dato,
            resultat: p.resultat.clone(),
            status: p.status.clone(),
            spraak: p.spraak.clone(),
        })));
    }
    let culture = innhold.kultur_og_verdier.as_ref()?;
    match u32::try_from(culture.timer) {
        Ok(timer) => Some(FactContent::KulturOgVerdier { timer }),
        Err(_) => {
            check.errors.push(at(Rejection::TooManyHours, "timer"));
            None
        }
    }
}

fn tillatelse(permit: &wire::Tillatelsesopplysning, check: &mut Check<'_>) -> Option<Oppholdstillatelse> {
    check.code("oppholdsgrunnlag", "oppholdsgrunnlag", &permit.oppholdsgrunnlag);
    let rettsomraade = match permit.rettsomraade.as_str() {
        "UTLENDINGSLOVEN" => Rettsomraade::Utlendingsloven,
        "EOES" => Rettsomraade::Eoes,
        code => return check.unknown("rettsomraade", "rettsomraade", code),
    };
    let referanseperson = match &permit.referanseperson {
        Some(sponsor) => {
            if let Some(ground) = &sponsor.oppholdsgrunnlag {
                check.code("oppholdsgrunnlag", "referanseperson/oppholdsgrunnlag", ground);
            }
            let duf = sponsor.duf_nummer.as_ref().map(|duf| check.duf("referanseperson/dufNummer", duf));
            Some(Referanseperson {
                duf: duf.flatten(),
                oppholdsgrunnlag: sponsor.oppholdsgrunnlag.clone(),
                permanent: sponsor.permanent,
                bosatt_dato: sponsor.bosatt_dato,
            })
        }
        None => None,
    };
    let opphoer = match &permit.opphoer {
        Some(end) => {
            Some(Opphoer { utfall: check.utfall("opphoer/utfall", &end.utfall)?, dato: end.dato, endelig: end.endelig })
        }
        None => None,
    };
    Some(Oppholdstillatelse {
        soeknadsdato: permit.soeknadsdato,
        vedtaksdato: permit.vedtaksdato,
        oppholdsgrunnlag: permit.oppholdsgrunnlag.clone(),
        danner_grunnlag_for_permanent: permit.danner_grunnlag_for_permanent,
        fornybar: permit.fornybar,
        foerstegang: permit.foerstegang,
        etter_innreisetillatelse: permit.etter_innreisetillatelse,
        rettsomraade,
        referanseperson,
        opphoer,
    })
}

impl Check<'_> {
    /// A code of a list, known (X307) and valid on the first day of the fact (X308).
    fn code(&mut self, list: &'static str, field: &'static str, code: &str) {
        let rejection = match self.catalogue.lookup(list, code) {
            None => Rejection::UnknownCode,
            Some(row) if !row.valid_on(self.on) => Rejection::CodeNotValid,
            Some(_) => return,
        };
        self.refuse(rejection, list, field, code);
    }

    fn unknown<T>(&mut self, list: &'static str, field: &'static str, code: &str) -> Option<T> {
        self.refuse(Rejection::UnknownCode, list, field, code);
        None
    }

    fn refuse(&mut self, rejection: Rejection, list: &'static str, field: &'static str, code: &str) {
        let mut refused = at(rejection, field);
        refused.params = vec![("kodeverk", list.to_owned()), ("kode", code.to_owned())];
        self.errors.push(refused);
    }

    /// ISO 3166-1 alpha-3: no list of ours.
    fn country(&mut self, land: &str) {
        if land.len() != 3 || !land.chars().all(|c| c.is_ascii_uppercase()) {
            self.refuse(Rejection::UnknownCode, "land", "land", land);
        }
    }

    /// Another person's number. Series that this environment does not take are refused with their own person.
    fn duf(&mut self, field: &'static str, text: &str) -> Option<Duf> {
        let read = Duf::parse(text, true).ok();
        if read.is_none() {
            self.errors.push(at(Rejection::InvalidDuf, field));
        }
        read
    }

    /// Numbers that are none at all; whether there is such a kommune is the register's to know.
    fn place(&mut self, kommune: &str, bydel: Option<&str>) -> Option<(Kommunenummer, Option<Bydel>)> {
        match (kommune.parse(), bydel.map(str::parse).transpose()) {
            (Ok(kommune), Ok(bydel)) => Some((kommune, bydel)),
            _ => {
                self.errors.push(at(Rejection::UnknownKommune, "kommunenummer"));
                None
            }
        }
    }

    fn utfall(&mut self, field: &'static str, code: &str) -> Option<Utfall> {
        Some(match code {
            "INNVILGET" => Utfall::Innvilget,
            "AVSLAG" => Utfall::Avslag,
            "TILBAKEKALL" => Utfall::Tilbakekall,
            "BORTFALL" => Utfall::Bortfall,
            "UTVISNING" => Utfall::Utvisning,
            code => return self.unknown("oppholdsutfall", field, code),
        })
    }

    /// A decision is whole or absent (B516); the outer `None` is one that cannot be read.
    fn decided(
        &mut self,
        utfall: Option<&str>,
        dato: Option<NaiveDate>,
        endelig: Option<bool>,
    ) -> Option<Option<Avgjoerelse>> {
        match (utfall, dato, endelig) {
            (None, None, None) => Some(None),
            (Some(utfall), Some(dato), Some(endelig)) => {
                Some(Some(Avgjoerelse { utfall: self.utfall("utfall", utfall)?, dato, endelig }))
            }
            (utfall, dato, _) => {
                let field = match (utfall, dato) {
                    (None, _) => "utfall",
                    (_, None) => "avgjortDato",
                    _ => "endelig",
                };
                self.errors.push(at(Rejection::Missing, field));
                None
            }
        }
    }
}

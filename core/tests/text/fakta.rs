//! What a source says about a person, as a table writes it.
//!
//! ```text
//! i KOMMUNE[/BYDEL] [A..B]                    IMDis beslutning om oppfølging
//! bosted KOMMUNE[/BYDEL] [A..B]               Folkeregisteret
//! bosatt KOMMUNE[/BYDEL] D [avtale]           IMDi Bosetting
//! mottak KOMMUNE [ankomst|transitt] [A..B]
//! født D [mann]                                fnr NUMMER           nummer REG_NUMMER|UNHCR_NUMMER|PASSNUMMER VERDI
//! tillatelse GRUNNLAG D [søkt D] [ikke-permanent] [ikke-fornybar] [fornyet] [fra-utlandet] [EØS]
//!            [referanse GRUNNLAG|borger] [ref-person P2] [ref-permanent] [ref-bosatt D] [tilbakekalt|bortfalt|utvist D [endelig]] [A..B]
//! fornyelse D [innvilget|avslag D [endelig]]
//! asylsøknad D [hurtig] [dublin] [innvilget|avslag D [endelig]]
//! borger LAND [A..B]     landbakgrunn LAND     ankomst D     død D     utflyttet D     forsvunnet D
//! erstattet av P2        strengt fortrolig | fortrolig | klientadresse [A..B]
//! kultur TIMER           prøve TYPE DELPRØVE D RESULTAT     enslig mindreårig     kompetanse STATUS     familie RELASJON P2
//! ```
//! A permit's period is A..B; without one it is valid from the decision without end.

use chrono::NaiveDate;
use register::fact::*;
use register::id::Duf;
use register::time::Period;

use crate::words::{Bad, Words, period};

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, Bad> {
    text.parse().map_err(|_| format!("forstår ikke «{text}»"))
}

fn place<K: std::str::FromStr, B: std::str::FromStr>(words: &mut Words<'_>) -> Result<(K, Option<B>), Bad> {
    let place = words.next("kommune")?;
    let (kommune, bydel) = place.split_once('/').map_or((place, None), |(k, b)| (k, Some(b)));
    Ok((parsed(kommune)?, bydel.map(parsed).transpose()?))
}

fn decision(words: &mut Words<'_>) -> Result<Option<Avgjoerelse>, Bad> {
    let utfall = match words.peek() {
        Some("innvilget") => Utfall::Innvilget,
        Some("avslag") => Utfall::Avslag,
        _ => return Ok(None),
    };
    words.next("utfall")?;
    Ok(Some(Avgjoerelse { utfall, dato: words.parse("dato")?, endelig: words.take("endelig") }))
}

/// The fact and its valid time; `duf` turns P1, P2 … into numbers.
pub fn fact(duf: &dyn Fn(&str) -> Result<Duf, Bad>, words: &mut Words<'_>) -> Result<(FactContent, Period), Bad> {
    let mut begins = NaiveDate::MIN;
    let content = match words.next("hva som gjelder personen")? {
        "i" => {
            let (kommune, bydel) = place(words)?;
            FactContent::Oppfoelging { kommune, bydel }
        }
        "bosted" => {
            let (kommune, bydel) = place(words)?;
            FactContent::Bosted { kommune, bydel }
        }
        "bosatt" => {
            let (kommune, bydel) = place(words)?;
            let dato = words.parse("dato")?;
            begins = dato;
            FactContent::Bosetting { kommune, bydel, dato, etter_avtale: words.take("avtale") }
        }
        "mottak" => {
            let kommune = parsed(words.next("kommune")?)?;
            let mottakstype = match words.peek() {
                Some("ankomst") => Mottakstype::Ankomst,
                Some("transitt") => Mottakstype::Transitt,
                _ => Mottakstype::Ordinaert,
            };
            if mottakstype != Mottakstype::Ordinaert {
                words.next("mottakstype")?;
            }
            FactContent::Mottak { navn: "Mottaket".into(), kommune, mottakstype }
        }
        "født" => FactContent::Personalia {
            fornavn: "Modig".into(),
            etternavn: "Bjørk".into(),
            foedselsdato: words.parse("dato")?,
            kjoenn: if words.take("mann") { "MANN" } else { "KVINNE" }.into(),
        },
        "fnr" => FactContent::Ident { number: words.next("nummer")?.to_owned() },
        "nummer" => {
            let nummertype = match words.next("nummertype")? {
                "REG_NUMMER" => Nummertype::RegNummer,
                "UNHCR_NUMMER" => Nummertype::UnhcrNummer,
                "PASSNUMMER" => Nummertype::Passnummer,
                other => return Err(format!("ingen nummertype heter {other}")),
            };
            FactContent::Nummer { nummertype, verdi: words.next("verdi")?.to_owned() }
        }
        "tillatelse" => {
            let permit = permit(duf, words)?;
            begins = permit.vedtaksdato;
            FactContent::Oppholdstillatelse(Box::new(permit))
        }
        "fornyelse" => {
            let soeknadsdato = words.parse("dato")?;
            FactContent::Fornyelse { soeknadsdato, avgjoerelse: decision(words)? }
        }
        "asylsøknad" => {
            let soeknadsdato = words.parse("dato")?;
            begins = soeknadsdato;
            let (hurtigprosedyre, dublin) = (words.take("hurtig"), words.take("dublin"));
            FactContent::Asylsoeknad { soeknadsdato, hurtigprosedyre, dublin, avgjoerelse: decision(words)? }
        }
        "borger" => FactContent::Statsborgerskap { land: words.next("land")?.to_owned() },
        "landbakgrunn" => FactContent::Landbakgrunn { land: words.next("land")?.to_owned() },
        "ankomst" => FactContent::Ankomst { dato: words.parse("dato")? },
        "død" => FactContent::Doedsfall { dato: words.parse("dato")? },
        "utflyttet" => FactContent::Utflyttet { dato: words.parse("dato")? },
        "forsvunnet" => FactContent::Forsvunnet { dato: words.parse("dato")? },
        "erstattet" if words.take("av") => FactContent::DufErstattet { ny: duf(words.next("person")?)? },
        "strengt" if words.take("fortrolig") => {
            FactContent::Beskyttelse { level: Adressebeskyttelse::StrengtFortrolig }
        }
        "fortrolig" => FactContent::Beskyttelse { level: Adressebeskyttelse::Fortrolig },
        "klientadresse" => FactContent::Beskyttelse { level: Adressebeskyttelse::Klientadresse },
        "kultur" => FactContent::KulturOgVerdier { timer: words.parse("timer")? },
        "familie" => {
            let relasjon = words.next("relasjon")?.to_owned();
            FactContent::Familie { relasjon, annen: duf(words.next("person")?)? }
        }
        "enslig" if words.take("mindreårig") => FactContent::EnsligMindreaarig,
        "kompetanse" => FactContent::Kompetanse { status: words.next("status")?.to_owned() },
        "prøve" => FactContent::Proeve(Box::new(Proeveresultat {
            proevetype: words.next("prøvetype")?.to_owned(),
            delproeve: words.next("delprøve").map(|text| (text != "-").then(|| text.to_owned()))?,
            dato: words.parse("dato")?,
            resultat: Some(words.next("resultat")?.to_owned()),
            status: "AVLAGT".into(),
            spraak: None,
        })),
        other => return Err(format!("forstår ikke «{other}» om en person")),
    };
    let mut valid = Period { from: begins, to: None };
    if let Some(text) = words.peek().filter(|text| text.contains("..")) {
        let (from, last) = period(text).ok_or(format!("«{text}» er ingen periode"))?;
        valid = Period::inclusive(from.unwrap_or(begins), last);
        words.next("periode")?;
    }
    Ok((content, valid))
}

fn permit(duf: &dyn Fn(&str) -> Result<Duf, Bad>, words: &mut Words<'_>) -> Result<Oppholdstillatelse, Bad> {
    let mut permit = Oppholdstillatelse {
        soeknadsdato: None,
        oppholdsgrunnlag: words.next("oppholdsgrunnlag")?.to_owned(),
        vedtaksdato: words.parse("vedtaksdato")?,
        danner_grunnlag_for_permanent: true,
        fornybar: true,
        foerstegang: true,
        etter_innreisetillatelse: false,
        rettsomraade: Rettsomraade::Utlendingsloven,
        referanseperson: None,
        opphoer: None,
    };
    let mut sponsor: Option<Referanseperson> = None;
    let new = || Referanseperson { duf: None, oppholdsgrunnlag: None, permanent: false, bosatt_dato: None };
    while let Some(word) = words.peek() {
        match word {
            "søkt" => permit.soeknadsdato = words.value_of("søkt")?,
            "ikke-permanent" => permit.danner_grunnlag_for_permanent = !words.take(word),
            "ikke-fornybar" => permit.fornybar = !words.take(word),
            "fornyet" => permit.foerstegang = !words.take(word),
            "fra-utlandet" => permit.etter_innreisetillatelse = words.take(word),
            "EØS" => {
                words.take(word);
                permit.rettsomraade = Rettsomraade::Eoes;
            }
            "referanse" => {
                let ground = words.value("referanse")?.filter(|text| *text != "borger").map(str::to_owned);
                sponsor.get_or_insert_with(new).oppholdsgrunnlag = ground;
            }
            "ref-person" => {
                words.take(word);
                sponsor.get_or_insert_with(new).duf = Some(duf(words.next("person")?)?);
            }
            "ref-permanent" => sponsor.get_or_insert_with(new).permanent = words.take(word),
            "ref-bosatt" => sponsor.get_or_insert_with(new).bosatt_dato = words.value_of("ref-bosatt")?,
            "tilbakekalt" | "bortfalt" | "utvist" => {
                words.take(word);
                let utfall = match word {
                    "tilbakekalt" => Utfall::Tilbakekall,
                    "bortfalt" => Utfall::Bortfall,
                    _ => Utfall::Utvisning,
                };
                let dato = words.parse("dato")?;
                permit.opphoer = Some(Opphoer { utfall, dato, endelig: words.take("endelig") });
            }
            _ => break,
        }
    }
    permit.referanseperson = sponsor;
    Ok(permit)
}

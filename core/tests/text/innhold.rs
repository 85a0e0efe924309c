//! Content of a registration as a table writes it: every kind of contract.md 6.1.
//!
//! ```text
//! tiltak TYPE A..B N t [ordning O] [gruppe G] [erstattende] [gjennomføring M] [vurdert D] [tilbud ja]
//! vedtak TYPE D [A..B] [ordning O] [begrunnelse B] [fritak G] [til REF] [klage REF] [sak S]
//! kontakt TYPE D [ordning O] [sak S]            klage D [til REF] [utfall U D] [ordning O] [sak S]
//! oppstart D [ordning O]                        avslutning D ÅRSAK [hovedaktivitet H]
//! sluttmål KODE D                               kontrakt D [endret D]
//! plan D [revidert D] [ordning O]               fravær TYPE A..B [dager N] [timer N] [årsak A] [dokumentert] [omsorg X] [ordning O]
//! permisjon TYPE A..B [til REF] [ordning O]     norsktimer A..B N t [modul M N]… [spor S] [språk L] [ansvarlig X]
//! utdanning JA|NEI D                            norskmål D [morsmål L] [lytte N] [lese N] [skrive N] [muntlig N]
//! videregående A..B [kombinert]                 kompetansekartlegging D        karriereveiledning D
//! mottaksopplæring A..B N t [modul M N]… [morsmål L] [språk L]
//! reservasjon ja|nei D                          arbeid A..B N t [tilbud]
//! deltakerbevis D [til REF]                     omsorgsoppfølging A..B N t
//! ```

use chrono::NaiveDate;
use register::codes::Catalogue;
use register::command::PostRef;
use register::post::*;
use rust_decimal::Decimal;

use crate::words::{Bad, Words, period};

/// Words that begin a content.
pub const KINDS: [&str; 22] = [
    "tiltak",
    "vedtak",
    "kontakt",
    "klage",
    "oppstart",
    "avslutning",
    "sluttmål",
    "kontrakt",
    "plan",
    "fravær",
    "permisjon",
    "norsktimer",
    "utdanning",
    "norskmål",
    "videregående",
    "kompetansekartlegging",
    "karriereveiledning",
    "mottaksopplæring",
    "reservasjon",
    "arbeid",
    "deltakerbevis",
    "omsorgsoppfølging",
];

/// Parents of a content, not yet looked up.
#[derive(Default)]
pub struct Parents {
    pub vedtak_ref: Option<PostRef>,
    pub klage_ref: Option<PostRef>,
}

/// How the text of a reference becomes one.
pub type Refer<'r> = &'r dyn Fn(&str) -> Result<PostRef, Bad>;

pub fn ordning(text: &str) -> Result<Ordning, Bad> {
    let all = [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval];
    all.into_iter().find(|ordning| ordning.code() == text).ok_or(format!("ingen ordning heter {text}"))
}

fn days(words: &mut Words<'_>) -> Result<(NaiveDate, Option<NaiveDate>), Bad> {
    let text = words.next("periode")?;
    match period(text) {
        Some((Some(from), to)) => Ok((from, to)),
        _ => Err(format!("«{text}» er ingen periode FRA..TIL")),
    }
}

fn closed(words: &mut Words<'_>) -> Result<(NaiveDate, NaiveDate), Bad> {
    let (from, to) = days(words)?;
    Ok((from, to.ok_or("perioden trenger en slutt")?))
}

fn hours(words: &mut Words<'_>) -> Result<Decimal, Bad> {
    let hours = words.parse("timer")?;
    if words.take("t") { Ok(hours) } else { Err("timer skrives «25 t»".into()) }
}

fn text(words: &mut Words<'_>, word: &str) -> Result<Option<String>, Bad> {
    Ok(words.value(word)?.map(str::to_owned))
}

fn scheme(words: &mut Words<'_>, usual: Ordning) -> Result<Ordning, Bad> {
    Ok(words.value("ordning")?.map(ordning).transpose()?.unwrap_or(usual))
}

fn modules(words: &mut Words<'_>) -> Result<Vec<Modultimer>, Bad> {
    let mut all = Vec::new();
    while let Some(modul) = words.value("modul")? {
        all.push(Modultimer { modul: modul.to_owned(), timer: words.parse("timer")? });
    }
    Ok(all)
}

/// One content with its parents.
pub fn content(refer: Refer<'_>, words: &mut Words<'_>) -> Result<(Content, Parents), Bad> {
    let mut parents = Parents::default();
    let content = match words.next("innhold")? {
        "tiltak" => Content::Tiltak(tiltak(words)?),
        "vedtak" => Content::Vedtak(vedtak(refer, words, &mut parents)?),
        "kontakt" => Content::Kontakt(Kontakt {
            kontakttype: words.next("type")?.to_owned(),
            dato: words.parse("dato")?,
            ordning: scheme(words, Ordning::Intro)?,
            saksreferanse: text(words, "sak")?,
        }),
        "klage" => {
            let klage_dato = words.parse("dato")?;
            parents.vedtak_ref = words.value("til")?.map(refer).transpose()?;
            let utfall = text(words, "utfall")?;
            let utfallsdato = if utfall.is_some() { Some(words.parse("utfallsdato")?) } else { None };
            Content::Klage(Klage {
                ordning: scheme(words, Ordning::Intro)?,
                vedtak_ref: None,
                klage_dato,
                utfall,
                utfallsdato,
                saksreferanse: text(words, "sak")?,
            })
        }
        "oppstart" => {
            Content::Oppstart(Oppstart { oppstart_dato: words.parse("dato")?, ordning: scheme(words, Ordning::Intro)? })
        }
        "avslutning" => Content::Avslutning(Avslutning {
            avslutningsdato: words.parse("dato")?,
            avslutningsaarsak: words.next("årsak")?.to_owned(),
            hovedaktivitet: text(words, "hovedaktivitet")?,
        }),
        "sluttmål" => {
            Content::Sluttmaal(Sluttmaal { sluttmaal: words.next("kode")?.to_owned(), fra_dato: words.parse("dato")? })
        }
        "kontrakt" => Content::Integreringskontrakt(Integreringskontrakt {
            inngaatt_dato: words.parse("dato")?,
            endret_dato: words.value_of("endret")?,
        }),
        "plan" => Content::Integreringsplan(Integreringsplan {
            dato: words.parse("dato")?,
            revidert_dato: words.value_of("revidert")?,
            ordning: scheme(words, Ordning::Intro)?,
        }),
        "fravær" => {
            let fravaertype = words.next("type")?.to_owned();
            let (fra_dato, til_dato) = closed(words)?;
            Content::Fravaer(Fravaer {
                fravaertype,
                fra_dato,
                til_dato,
                dager: words.value_of("dager")?,
                timer: words.value_of("timer")?,
                aarsak: text(words, "årsak")?,
                dokumentert: words.take("dokumentert").then_some(true),
                omsorgsgrunnlag: text(words, "omsorg")?,
                ordning: scheme(words, Ordning::Intro)?,
            })
        }
        "permisjon" => {
            let permisjonstype = words.next("type")?.to_owned();
            let (fra_dato, til_dato) = closed(words)?;
            parents.vedtak_ref = words.value("til")?.map(refer).transpose()?;
            let ordning = scheme(words, Ordning::Intro)?;
            Content::Permisjon(Permisjon { ordning, permisjonstype, fra_dato, til_dato, vedtak_ref: None })
        }
        "norsktimer" => {
            let (fra_dato, til_dato) = closed(words)?;
            Content::Norsktimer(Norsktimer {
                fra_dato,
                til_dato,
                norsk_timer: hours(words)?,
                samfunnskunnskap_timer: modules(words)?,
                spor: text(words, "spor")?,
                opplaeringsspraak: text(words, "språk")?,
                ansvarlig: text(words, "ansvarlig")?,
            })
        }
        "utdanning" => Content::Utdanningsbakgrunn(Utdanningsbakgrunn {
            har_videregaaende: words.next("svar")?.to_owned(),
            dato: words.parse("dato")?,
        }),
        "norskmål" => Content::Norskmaal(Norskmaal {
            dato: words.parse("dato")?,
            morsmaal: text(words, "morsmål")?,
            lytte: text(words, "lytte")?,
            lese: text(words, "lese")?,
            skrive: text(words, "skrive")?,
            muntlig: text(words, "muntlig")?,
        }),
        "videregående" => {
            let (fra_dato, til_dato) = days(words)?;
            let kombinert = words.take("kombinert").then_some(true);
            Content::FulltidVideregaaende(FulltidVideregaaende { fra_dato, til_dato, kombinert })
        }
        "kompetansekartlegging" => {
            Content::Kompetansekartlegging(Kompetansekartlegging { gjennomfoert_dato: words.parse("dato")? })
        }
        "karriereveiledning" => {
            Content::Karriereveiledning(Karriereveiledning { gjennomfoert_dato: words.parse("dato")? })
        }
        "mottaksopplæring" => {
            let (fra_dato, til_dato) = closed(words)?;
            Content::OpplaeringIMottak(OpplaeringIMottak {
                fra_dato,
                til_dato,
                norsk_timer_per_uke: hours(words)?,
                samfunnskunnskap_timer: modules(words)?,
                morsmaal: text(words, "morsmål")?,
                opplaeringsspraak: text(words, "språk")?,
            })
        }
        "reservasjon" => Content::ReservasjonForskning(ReservasjonForskning {
            reservert: words.next("ja eller nei")? == "ja",
            dato: words.parse("dato")?,
        }),
        "arbeid" => {
            let (fra_dato, til_dato) = days(words)?;
            let timer_per_uke = hours(words)?;
            Content::Arbeidsforhold(Arbeidsforhold { fra_dato, til_dato, timer_per_uke, tilbud: words.take("tilbud") })
        }
        "deltakerbevis" => {
            let utstedt_dato = words.parse("dato")?;
            parents.vedtak_ref = words.value("til")?.map(refer).transpose()?;
            Content::Deltakerbevis(Deltakerbevis { utstedt_dato, vedtak_ref: None })
        }
        "omsorgsoppfølging" => {
            let (fra_dato, til_dato) = closed(words)?;
            let timer_per_uke = hours(words)?;
            Content::OppfoelgingOmsorgspermisjon(OppfoelgingOmsorgspermisjon { fra_dato, til_dato, timer_per_uke })
        }
        other => return Err(format!("«{other}» er ikke noe innhold")),
    };
    Ok((content, parents))
}

fn tiltak(words: &mut Words<'_>) -> Result<Tiltak, Bad> {
    let tiltakstype = words.next("tiltakstype")?.to_owned();
    let (fra_dato, til_dato) = closed(words)?;
    let timer_per_uke = hours(words)?;
    let row = Catalogue::embedded().lookup("tiltakstype", &tiltakstype);
    let mut tiltak = Tiltak {
        ordning: Ordning::Intro,
        tiltaksgruppe: row.and_then(|row| row.gruppe.clone()).unwrap_or_default(),
        tiltakstype,
        fra_dato,
        til_dato,
        timer_per_uke,
        erstattende_tiltak: false,
        gjennomfoering: None,
        vurdert_dato: None,
        mottatt_tilbud: None,
    };
    while let Some(word) = words.peek() {
        match word {
            "ordning" => tiltak.ordning = scheme(words, tiltak.ordning)?,
            "gruppe" => tiltak.tiltaksgruppe = text(words, "gruppe")?.unwrap_or_default(),
            "gjennomføring" => tiltak.gjennomfoering = text(words, "gjennomføring")?,
            "vurdert" => tiltak.vurdert_dato = words.value_of("vurdert")?,
            "erstattende" => tiltak.erstattende_tiltak = words.take("erstattende"),
            "tilbud" => tiltak.mottatt_tilbud = words.value("tilbud")?.map(|yes| yes == "ja"),
            _ => break,
        }
    }
    Ok(tiltak)
}

fn vedtak(refer: Refer<'_>, words: &mut Words<'_>, parents: &mut Parents) -> Result<Vedtak, Bad> {
    let mut vedtak = Vedtak {
        ordning: Ordning::Intro,
        vedtakstype: words.next("vedtakstype")?.to_owned(),
        vedtaksdato: words.parse("dato")?,
        start_dato: None,
        slutt_dato: None,
        begrunnelse: None,
        fritaksgrunnlag: None,
        vedtak_ref: None,
        klage_ref: None,
        saksreferanse: None,
    };
    while let Some(word) = words.peek() {
        match word {
            "ordning" => vedtak.ordning = scheme(words, vedtak.ordning)?,
            "begrunnelse" => vedtak.begrunnelse = text(words, "begrunnelse")?,
            "fritak" => vedtak.fritaksgrunnlag = text(words, "fritak")?,
            "sak" => vedtak.saksreferanse = text(words, "sak")?,
            "til" => parents.vedtak_ref = words.value("til")?.map(refer).transpose()?,
            "klage" => parents.klage_ref = words.value("klage")?.map(refer).transpose()?,
            text if text.contains("..") => {
                (vedtak.start_dato, vedtak.slutt_dato) = period(text).ok_or(format!("«{text}» er ingen periode"))?;
                words.next("periode")?;
            }
            _ => break,
        }
    }
    Ok(vedtak)
}

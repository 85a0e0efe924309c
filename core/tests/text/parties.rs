//! The standard parties of the tables, and the roles.

use chrono::NaiveDate;
use register::id::Kommunenummer;
use register::registry::{
    Campaign, Driftsbrudd, Kanal, Lov, Party, PartyKind, RapporteringsaarLaas, RegistryEntry, Role, Stengt,
};
use register::time::Period;

use crate::innhold;
use crate::words::{Bad, Words, period};

/// The vendor that signs, and one that nobody has delegated to.
pub const VENDOR: &str = "310000019";
pub const STRANGER: &str = "314123468";
/// The standard kommuner with their organisation numbers.
pub const KOMMUNER: [(&str, &str); 8] = [
    ("4204", "310000027"),
    ("4203", "310000035"),
    ("0301", "310000043"),
    ("3020", "310000051"),
    ("1507", "974760673"),
    ("1508", "310000000"),
    ("1580", "310000078"),
    // Agder fylkeskommune.
    ("4200", "310000086"),
];
pub const ALWAYS: Period = Period { from: NaiveDate::MIN, to: None };

pub fn party(orgnr: &str, kind: PartyKind, kommune: Option<Kommunenummer>) -> RegistryEntry {
    RegistryEntry::Party(Party {
        orgnr: orgnr.parse().unwrap(),
        navn: orgnr.to_owned(),
        kind,
        kommune,
        kilde: None,
        valid: ALWAYS,
        ecdsa_answers: false,
    })
}

/// Organisation number of a standard kommune.
pub fn orgnr_of(kommune: &str) -> Option<&'static str> {
    KOMMUNER.iter().find(|(number, _)| *number == kommune).map(|(_, orgnr)| *orgnr)
}

pub fn role(text: &str) -> Result<Role, Bad> {
    Ok(match text {
        "INTROBRUKER" => Role::Introbruker,
        "NORSKBRUKER" => Role::Norskbruker,
        "LESEBRUKER" => Role::Lesebruker,
        "ETTERREGISTRERER" => Role::Etterregistrerer,
        "NIRSUPERBRUKER" => Role::Nirsuperbruker,
        "FYLKESKOMMUNEBRUKER" => Role::Fylkeskommunebruker,
        other => return Err(format!("ingen rolle heter {other}")),
    })
}

/// What lets more in, or less: campaigns, outages, locked years, days without transfer.
pub fn grant(kind: &str, words: &mut Words<'_>) -> Result<RegistryEntry, Bad> {
    if kind == "lås" {
        let mut lock = RapporteringsaarLaas {
            aar: words.parse("år")?,
            laast_fra: words.value_of("fra")?.ok_or("låst fra når? fra DATO")?,
            aapnet_igjen: words.value_of("åpnet")?,
            ordninger: Vec::new(),
            kommuner: Vec::new(),
            beslutningsreferanse: "B".into(),
        };
        lock.ordninger = list(words, "ordninger", innhold::ordning)?;
        lock.kommuner = list(words, "kommuner", number)?;
        return Ok(RegistryEntry::RapporteringsaarLaas(lock));
    }
    let id = words.next("id")?.to_owned();
    let (fra, til) = match period(words.next("periode")?) {
        Some((Some(fra), Some(til))) => (fra, til),
        _ => return Err("perioden trenger begge dager".into()),
    };
    if kind == "driftsbrudd" {
        let dager = words.parse("dager")?;
        words.next("dager")?;
        let kommuner = list(words, "kommuner", number)?;
        let beslutningsreferanse = "B".into();
        return Ok(RegistryEntry::Driftsbrudd(Driftsbrudd { id, fra, til, dager, kommuner, beslutningsreferanse }));
    }
    if kind == "stengt" {
        let kommuner = list(words, "kommuner", number)?;
        return Ok(RegistryEntry::Stengt(Stengt { id, fra, til, kommuner, aarsak: words.rest() }));
    }
    let lov = |text: &str| match text {
        "IL" => Ok(Lov::Il),
        "INTL" => Ok(Lov::Intl),
        other => Err(format!("ingen lov heter {other}")),
    };
    let kanal = |text: &str| match text {
        "FAGSYSTEM" => Ok(Kanal::Fagsystem),
        "WEB" => Ok(Kanal::Web),
        other => Err(format!("ingen kanal heter {other}")),
    };
    Ok(RegistryEntry::Campaign(Campaign {
        id,
        gyldig_fra: fra,
        gyldig_til: til,
        maaneder_bakover: words.value_of("måneder")?,
        tidligste_dato: words.value_of("tidligst")?,
        ordninger: list(words, "ordninger", innhold::ordning)?,
        kommuner: list(words, "kommuner", number)?,
        lov: list(words, "lov", lov)?,
        kanaler: list(words, "kanaler", kanal)?,
        registreringstyper: list(words, "typer", |text| Ok(text.to_owned()))?,
        overstyrer_laas: words.take("låste"),
        beslutningsreferanse: "B".into(),
    }))
}

fn number(text: &str) -> Result<Kommunenummer, Bad> {
    text.parse().map_err(|_| format!("{text} er intet kommunenummer"))
}

fn list<T>(words: &mut Words<'_>, word: &str, one: impl Fn(&str) -> Result<T, Bad>) -> Result<Vec<T>, Bad> {
    words.value(word)?.map_or(Ok(Vec::new()), |all| all.split(',').map(one).collect())
}

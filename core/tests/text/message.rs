//! Messages as a table writes them, to commands.

use chrono::NaiveDate;
use register::codes::Catalogue;
use register::command::{Command, Handling, Header, Line, PersonLines, PostRef, Transaksjon};
use register::decide::finding;
use register::post::{Content, Ordning, Tiltak, Vedtak};
use register::receipt::Field;
use register::rejection::Rejection;
use rust_decimal::Decimal;

use crate::words::{Bad, Words, period};
use crate::world::{STRANGER, VENDOR, World, noon, orgnr_of};

/// One line, and what a table says about the post.
pub struct Sent {
    pub person: String,
    pub foedselsnummer: Option<String>,
    pub label: Option<String>,
    pub line: Line,
}

/// Parents of a vedtak, not yet looked up.
#[derive(Default)]
pub struct Parents {
    pub vedtak_ref: Option<PostRef>,
    pub klage_ref: Option<PostRef>,
}

pub fn ordning(text: &str) -> Result<Ordning, Bad> {
    let all = [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval];
    all.into_iter().find(|ordning| ordning.code() == text).ok_or(format!("ingen ordning heter {text}"))
}

/// `USER[@SYSTEM] [{ … }]`
pub fn header(world: &mut World, words: &mut Words<'_>) -> Result<Header, Bad> {
    let user = words.next("overføringsbruker")?;
    let (user, system) = user.split_once('@').map_or((user, None), |(user, system)| (user, Some(system)));
    let place = user.split('-').next().unwrap_or_default();
    let now = world.now()?;
    world.messages += 1;
    let mut header = Header {
        signer: VENDOR.parse().unwrap(),
        tls_client: None,
        meldings_id: format!("m-{}", world.messages),
        kontraktversjon: "1.0".into(),
        avsendersystem: system.map_or(format!("{place}-flyktning-1"), str::to_owned),
        kommune: place.parse().map_err(|_| place.to_owned()),
        bydel: None,
        overfoeringsbruker: user.to_owned(),
        saksbehandler_ref: Some("sb-1".into()),
        fagsystem: ("Flyktning".into(), "1.0".into()),
        opprettet: now.recorded,
        erstatter_meldings_id: None,
    };
    if words.take("{") {
        while !words.take("}") {
            match words.next("}")? {
                "kommune" => {
                    header.kommune = words.next("kommune").map(|text| text.parse().map_err(|_| text.to_owned()))?
                }
                "bydel" => {
                    let text = words.next("bydel")?;
                    header.bydel = Some(text.parse().map_err(|_| text.to_owned()));
                }
                "signert" => header.signer = organization(place, words.next("hvem")?)?.parse().unwrap(),
                "tls" => header.tls_client = Some(organization(place, words.next("hvem")?)?.parse().unwrap()),
                "opprettet" => header.opprettet = noon(words.parse("dato")?),
                "versjon" => header.fagsystem.1 = words.next("versjon")?.to_owned(),
                other => return Err(format!("forstår ikke «{other}» i meldingshodet")),
            }
        }
    }
    Ok(header)
}

fn organization<'a>(kommune: &str, who: &'a str) -> Result<&'a str, Bad> {
    match who {
        "leverandør" => Ok(VENDOR),
        "fremmed" => Ok(STRANGER),
        "kommune" => orgnr_of(kommune).ok_or(format!("{kommune} har ingen organisasjon")),
        number => Ok(number),
    }
}

/// `HANDLING PERSON[/FNR] [som NAVN] [ref R] [post REF] [gjelderFra DATO] [form KODE FELT] [innhold]`
pub fn line(world: &World, id: usize, words: &mut Words<'_>) -> Result<Sent, Bad> {
    let handling = words.next("handling")?;
    let person = words.next("person")?;
    let (person, fnr) = person.split_once('/').map_or((person, None), |(person, fnr)| (person, Some(fnr)));
    let label = words.value("som")?.map(str::to_owned);
    let avsenders_referanse = words.value("ref")?.map(str::to_owned);
    let post = words.value("post")?.map(|text| reference(world, text)).transpose()?;
    let gjelder_fra = words.value_of("gjelderFra")?;
    let mut form_errors = Vec::new();
    if let Some(code) = words.value("form")? {
        let rejection = Rejection::from_code(code).ok_or(format!("ingen kode heter {code}"))?;
        let element = words.next("felt")?;
        form_errors.push(finding(rejection, Field::Content(element.to_owned().leak())));
    }
    let (content, parents) = match words.peek() {
        Some("tiltak" | "vedtak") => content(world, words).map(|(content, parents)| (Some(content), parents))?,
        _ => (None, Parents::default()),
    };
    let line = Line {
        registrerings_id: id.to_string(),
        handling: match handling {
            "REGISTRER" => Ok(Handling::Registrer),
            "ENDRE" => Ok(Handling::Endre),
            "KORRIGER" => Ok(Handling::Korriger),
            "ANNULLER" => Ok(Handling::Annuller),
            "SETT" => Ok(Handling::Sett),
            "KNYTT" => Ok(Handling::Knytt),
            other => Err(other.to_owned()),
        },
        avsenders_referanse,
        post,
        gjelder_fra,
        content,
        vedtak_ref: parents.vedtak_ref,
        klage_ref: parents.klage_ref,
        form_errors,
    };
    Ok(Sent { person: person.to_owned(), foedselsnummer: fnr.map(str::to_owned), label, line })
}

/// `NAVN[/VERSJON]`, `ref:R[/VERSJON]`, `linje:N`, `id:TEKST`, `/VERSJON`; two with + between are one too many.
fn reference(world: &World, text: &str) -> Result<PostRef, Bad> {
    let mut all = PostRef::default();
    for part in text.split('+') {
        let (name, versjon) = part.split_once('/').map_or((part, None), |(name, versjon)| (name, Some(versjon)));
        let versjon = versjon.map(|v| v.parse().map_err(|_| format!("«{v}» er ingen versjon"))).transpose()?;
        all.versjon = versjon.or(all.versjon);
        match name.split_once(':') {
            Some(("ref", own)) => all.avsenders_referanse = Some(own.to_owned()),
            Some(("linje", n)) => all.registrerings_id = Some(n.to_owned()),
            Some(("id", text)) => all.post_id = Some(text.parse().map_err(|_| text.to_owned())),
            Some((other, _)) => return Err(format!("forstår ikke «{other}:»")),
            None if name.is_empty() => {}
            None => all.post_id = Some(Ok(world.label(name)?)),
        }
    }
    Ok(all)
}

/// `tiltak TYPE FRA..TIL TIMER t …` or `vedtak TYPE DATO [START..SLUTT] …`
pub fn content(world: &World, words: &mut Words<'_>) -> Result<(Content, Parents), Bad> {
    match words.next("innhold")? {
        "tiltak" => tiltak(words).map(|tiltak| (Content::Tiltak(tiltak), Parents::default())),
        "vedtak" => vedtak(world, words),
        other => Err(format!("«{other}» er verken tiltak eller vedtak")),
    }
}

fn tiltak(words: &mut Words<'_>) -> Result<Tiltak, Bad> {
    let tiltakstype = words.next("tiltakstype")?.to_owned();
    let text = words.next("periode")?;
    let (Some(fra_dato), Some(til_dato)) = period(text).unwrap_or_default() else {
        return Err(format!("«{text}» er ingen periode FRA..TIL"));
    };
    let timer_per_uke: Decimal = words.parse("timer")?;
    if !words.take("t") {
        return Err("timer skrives «25 t»".into());
    }
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
            "ordning" => tiltak.ordning = words.value("ordning")?.map(ordning).transpose()?.unwrap_or(tiltak.ordning),
            "gruppe" => tiltak.tiltaksgruppe = words.value("gruppe")?.unwrap_or_default().to_owned(),
            "gjennomføring" => tiltak.gjennomfoering = words.value("gjennomføring")?.map(str::to_owned),
            "vurdert" => tiltak.vurdert_dato = words.value_of("vurdert")?,
            "erstattende" => tiltak.erstattende_tiltak = words.take("erstattende"),
            "tilbud" => tiltak.mottatt_tilbud = words.value("tilbud")?.map(|yes| yes == "ja"),
            _ => break,
        }
    }
    Ok(tiltak)
}

fn vedtak(world: &World, words: &mut Words<'_>) -> Result<(Content, Parents), Bad> {
    let vedtakstype = words.next("vedtakstype")?.to_owned();
    let vedtaksdato: NaiveDate = words.parse("dato")?;
    let mut vedtak = Vedtak {
        ordning: Ordning::Intro,
        vedtakstype,
        vedtaksdato,
        start_dato: None,
        slutt_dato: None,
        begrunnelse: None,
        vedtak_ref: None,
        klage_ref: None,
        saksreferanse: None,
    };
    let mut parents = Parents::default();
    while let Some(word) = words.peek() {
        match word {
            "ordning" => vedtak.ordning = words.value("ordning")?.map(ordning).transpose()?.unwrap_or(vedtak.ordning),
            "begrunnelse" => vedtak.begrunnelse = words.value("begrunnelse")?.map(str::to_owned),
            "sak" => vedtak.saksreferanse = words.value("sak")?.map(str::to_owned),
            "til" => parents.vedtak_ref = words.value("til")?.map(|text| reference(world, text)).transpose()?,
            "klage" => parents.klage_ref = words.value("klage")?.map(|text| reference(world, text)).transpose()?,
            text if text.contains("..") => {
                (vedtak.start_dato, vedtak.slutt_dato) = period(text).ok_or(format!("«{text}» er ingen periode"))?;
                words.next("periode")?;
            }
            _ => break,
        }
    }
    Ok((Content::Vedtak(vedtak), parents))
}

/// A message of these lines; neighbours about the same person are one mention.
pub fn command(world: &World, header: Header, transaksjon: Transaksjon, sent: &[Sent]) -> Result<Command, Bad> {
    let mut persons: Vec<(String, PersonLines)> = Vec::new();
    for one in sent {
        match persons.last_mut().filter(|(name, _)| *name == one.person) {
            Some((_, person)) => person.lines.push(one.line.clone()),
            None => persons.push((
                one.person.clone(),
                PersonLines {
                    duf_text: world.duf_text(&one.person)?,
                    foedselsnummer: one.foedselsnummer.clone(),
                    lines: vec![one.line.clone()],
                },
            )),
        }
    }
    Ok(Command {
        header,
        transaksjon,
        proevekjoering: false,
        persons: persons.into_iter().map(|(_, person)| person).collect(),
        form_errors: Vec::new(),
        digest: [0; 32],
    })
}

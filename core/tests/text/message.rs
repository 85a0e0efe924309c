//! Messages as a table writes them, to commands.

use register::command::{Command, Handling, Header, Line, PersonLines, PostRef, Transaksjon};
use register::decide::finding;
use register::post::Content;
use register::receipt::Field;
use register::rejection::Rejection;

use crate::innhold::{self, Parents};
use crate::words::{Bad, Words};
use crate::world::{STRANGER, VENDOR, World, noon, orgnr_of};

/// One line, and what a table says about the post.
pub struct Sent {
    pub person: String,
    pub foedselsnummer: Option<String>,
    pub label: Option<String>,
    pub line: Line,
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
        Some(word) if innhold::KINDS.contains(&word) => {
            content(world, words).map(|(content, parents)| (Some(content), parents))?
        }
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

/// Content with its parents, of any kind.
pub fn content(world: &World, words: &mut Words<'_>) -> Result<(Content, Parents), Bad> {
    innhold::content(&|text| reference(world, text), words)
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

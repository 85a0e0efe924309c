//! Messages of a fagsystem, as commands.

use chrono::{DateTime, Days, NaiveDate, Utc};
use register::command::{Command, Handling, Header, Line, PersonLines, PostRef, Transaksjon};
use register::evidence::sha256;
use register::ledger::{Exchange, Job, Work};
use register::post::{Content, Ordning, Tiltak, Vedtak};

use crate::house::{OTHER_SYSTEM, OTHER_VENDOR, SYSTEM, USER, VENDOR, duf, kommune, noon, today};

/// A message in the making.
#[derive(Clone)]
pub struct Message {
    command: Command,
    request: String,
    pub received: DateTime<Utc>,
}

/// A message of the usual sender.
pub fn message(id: &str) -> Message {
    Message {
        command: Command {
            header: Header {
                signer: VENDOR.parse().unwrap(),
                tls_client: None,
                meldings_id: id.into(),
                kontraktversjon: "1.0".into(),
                avsendersystem: SYSTEM.into(),
                kommune: Ok(kommune("4204")),
                bydel: None,
                overfoeringsbruker: USER.into(),
                saksbehandler_ref: None,
                fagsystem: ("Fagsystem".into(), "1.0".into()),
                opprettet: noon(),
                erstatter_meldings_id: None,
            },
            transaksjon: Transaksjon::Alt,
            proevekjoering: false,
            persons: Vec::new(),
            form_errors: Vec::new(),
            digest: [0; 32],
        },
        request: format!("<melding>{id}</melding>"),
        received: noon(),
    }
}

impl Message {
    /// From the other system of the kommune, with its operator's signature.
    pub fn of_other_system(mut self) -> Self {
        self.command.header.avsendersystem = OTHER_SYSTEM.into();
        self.signed_by(OTHER_VENDOR)
    }

    pub fn signed_by(mut self, orgnr: &str) -> Self {
        self.command.header.signer = orgnr.parse().unwrap();
        self
    }

    /// Sent over TLS by another than the one who signed it.
    pub fn carried_by(mut self, orgnr: &str) -> Self {
        self.command.header.tls_client = Some(orgnr.parse().unwrap());
        self
    }

    pub fn at(mut self, received: DateTime<Utc>) -> Self {
        self.received = received;
        self
    }

    pub fn written(mut self, opprettet: DateTime<Utc>) -> Self {
        self.command.header.opprettet = opprettet;
        self
    }

    pub fn user(mut self, user: &str) -> Self {
        self.command.header.overfoeringsbruker = user.into();
        self
    }

    /// In place of an earlier message.
    pub fn replaces(mut self, id: &str) -> Self {
        self.command.header.erstatter_meldings_id = Some(id.into());
        self
    }

    /// Each person stands or falls alone.
    pub fn per_person(mut self) -> Self {
        self.command.transaksjon = Transaksjon::PerPerson;
        self
    }

    /// The request as it came over the wire.
    pub fn request(mut self, text: &str) -> Self {
        self.request = text.into();
        self
    }

    /// Lines of the nth person.
    pub fn person(mut self, n: usize, lines: impl IntoIterator<Item = Line>) -> Self {
        let first: usize = self.command.persons.iter().map(|person| person.lines.len()).sum();
        let lines = lines.into_iter().zip(first + 1..);
        let lines = lines.map(|(line, k)| Line { registrerings_id: k.to_string(), ..line }).collect();
        self.command.persons.push(PersonLines { duf_text: duf(n).to_string(), foedselsnummer: None, lines });
        self
    }

    /// The last person with this number beside the DUF number.
    pub fn foedselsnummer(mut self, text: &str) -> Self {
        self.command.persons.last_mut().unwrap().foedselsnummer = Some(text.into());
        self
    }

    pub fn command(&self) -> Command {
        let mut command = self.command.clone();
        // As design.md 17 has it: the decoded message without `opprettet`.
        let header = Header { opprettet: DateTime::<Utc>::MIN_UTC, tls_client: None, ..command.header.clone() };
        command.digest = sha256(format!("{header:?}{:?}{:?}", command.transaksjon, command.persons).as_bytes());
        command
    }

    pub fn exchange(&self) -> Exchange {
        let header = &self.command.header;
        Exchange {
            operation: "sendRegistreringer",
            signer: header.signer,
            avsendersystem: Some(header.avsendersystem.clone()),
            meldings_id: Some(header.meldings_id.clone()),
            user: Some(header.overfoeringsbruker.clone()),
            request: self.request.as_bytes().into(),
            received: self.received,
        }
    }

    pub fn job(&self) -> Job {
        Job { exchange: self.exchange(), work: Work::Register(Box::new(self.command())) }
    }
}

/// A line without content.
fn line(handling: Handling) -> Line {
    Line {
        registrerings_id: String::new(),
        handling: Ok(handling),
        avsenders_referanse: None,
        post: None,
        gjelder_fra: None,
        content: None,
        vedtak_ref: None,
        klage_ref: None,
        form_errors: Vec::new(),
    }
}

/// The granting decision of the introduction programme, a year long, known as `reference`.
pub fn grant(reference: &str) -> Line {
    let content = Content::Vedtak(Vedtak {
        ordning: Ordning::Intro,
        vedtakstype: "INNVILGELSE".into(),
        vedtaksdato: today(),
        start_dato: Some(today()),
        slutt_dato: Some(today() + Days::new(365)),
        begrunnelse: None,
        fritaksgrunnlag: None,
        vedtak_ref: None,
        klage_ref: None,
        saksreferanse: None,
    });
    Line { avsenders_referanse: Some(reference.into()), content: Some(content), ..line(Handling::Registrer) }
}

/// Quarters of an hour a week, from today, so that each is another record.
pub fn measure(quarters: u32) -> Content {
    measure_from(today(), quarters)
}

pub fn measure_from(from: NaiveDate, quarters: u32) -> Content {
    Content::Tiltak(Tiltak {
        ordning: Ordning::MottakKval,
        tiltaksgruppe: "NORSK_SAMF".into(),
        tiltakstype: "NS01".into(),
        fra_dato: from,
        til_dato: from + Days::new(30),
        timer_per_uke: format!("{}.{:02}", quarters / 4, quarters % 4 * 25).parse().unwrap(),
        erstattende_tiltak: false,
        gjennomfoering: None,
        vurdert_dato: None,
        mottatt_tilbud: None,
    })
}

/// A new measure, known as `reference`.
pub fn register(reference: &str, quarters: u32) -> Line {
    let content = Some(measure(quarters));
    Line { avsenders_referanse: Some(reference.into()), content, ..line(Handling::Registrer) }
}

/// The nth measure: no two of the first twenty million are the same record.
pub fn nth(reference: &str, n: usize) -> Line {
    let mut content = measure_from(today() + Days::new(n as u64 / 150 % 1_500), 1 + n as u32 % 150);
    if let Content::Tiltak(tiltak) = &mut content {
        tiltak.til_dato = tiltak.til_dato + Days::new(n as u64 / 225_000);
    }
    Line { content: Some(content), ..register(reference, 1) }
}

/// It was another number of hours.
pub fn correct(post: PostRef, quarters: u32) -> Line {
    Line { post: Some(post), content: Some(measure(quarters)), ..line(Handling::Korriger) }
}

pub fn annul(post: PostRef) -> Line {
    Line { post: Some(post), ..line(Handling::Annuller) }
}

/// As it shall stand, whether it was there or not.
pub fn set(reference: &str, quarters: u32) -> Line {
    let content = Some(measure(quarters));
    Line { avsenders_referanse: Some(reference.into()), content, ..line(Handling::Sett) }
}

pub fn attach(post: PostRef, reference: &str) -> Line {
    Line { avsenders_referanse: Some(reference.into()), post: Some(post), ..line(Handling::Knytt) }
}

/// From a day on it is another number of hours.
pub fn change(post: PostRef, from: NaiveDate, quarters: u32) -> Line {
    let mut content = measure_from(from, quarters);
    if let Content::Tiltak(tiltak) = &mut content {
        tiltak.til_dato = today() + Days::new(30);
    }
    Line { post: Some(post), gjelder_fra: Some(from), content: Some(content), ..line(Handling::Endre) }
}

/// The post that the sender knows as `reference`, in this version.
pub fn known_as(reference: &str, versjon: i32) -> PostRef {
    PostRef { avsenders_referanse: Some(reference.into()), versjon: Some(versjon), ..PostRef::default() }
}

/// The post of an earlier line of the message.
pub fn of_line(number: usize) -> PostRef {
    PostRef { registrerings_id: Some(number.to_string()), ..PostRef::default() }
}

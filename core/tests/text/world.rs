//! What stands in the register before a message comes: parties and rights, persons, stored posts, the clock.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use register::change::Change;
use register::decide::beregning::computed;
use register::decide::{Ids, Now, References};
use register::fact::{Fact, FactContent};
use register::id::{Bydel, Duf, Kommunenummer};
use register::kategori::Aapning;
use register::person::Person;
use register::policy::{Policy, Profile};
use register::post::{Channel, Content, Feilregistrering, Feilstatus, Ordning, PostId, PostVersion};
use register::registry::{Agreement, Avsendersystem, Delegation, PartyKind, Registry, RegistryEntry, TransferUser};
use register::state::State;
use register::time::{Period, oslo_date};
use uuid::Uuid;

use crate::words::{Bad, Words, period};
use crate::world::parties::{ALWAYS, KOMMUNER, grant, party, role};
use crate::{fakta, innhold, regler};

/// DUF numbers for P1, P2 … in order; synthetic, with valid control digits.
const DUF: [&str; 7] =
    ["202400000702", "202265432110", "202100000110", "201990000104", "201512345609", "200500012305", "201677777703"];
const INTRO: [Ordning; 2] = [Ordning::Intro, Ordning::MottakKval];

#[path = "kalender.rs"]
pub mod kalender;
#[path = "parties.rs"]
pub mod parties;

use kalender::Told;
pub use parties::{STRANGER, VENDOR, orgnr_of};

#[derive(Clone)]
pub struct World {
    pub policy: Policy,
    entries: BTreeMap<String, RegistryEntry>,
    pub persons: BTreeMap<Duf, Person>,
    pub references: References,
    labels: BTreeMap<String, PostId>,
    /// What a table itself says was computed.
    pub told: BTreeMap<Duf, Told>,
    received: Option<DateTime<Utc>>,
    recorded: Option<DateTime<Utc>>,
    pub ids: Counted,
    pub messages: u32,
}

/// Ids in the order in which they are asked for.
#[derive(Debug, Clone, Default)]
pub struct Counted(pub u128);

impl Ids for Counted {
    fn uuid(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, Bad> {
    text.parse().map_err(|_| format!("forstår ikke «{text}»"))
}

impl World {
    /// Nobody lives here yet; parties and rights are the standard ones.
    pub fn standard() -> Self {
        let mut world = World {
            policy: regler::policy(Profile::Sandbox),
            entries: BTreeMap::new(),
            persons: BTreeMap::new(),
            references: References::new(),
            labels: BTreeMap::new(),
            told: BTreeMap::new(),
            received: None,
            recorded: None,
            ids: Counted::default(),
            messages: 0,
        };
        let vendor = party(VENDOR, PartyKind::Leverandoer, None);
        world.entries.insert("part vendor".into(), vendor);
        world.entries.insert("part stranger".into(), party(STRANGER, PartyKind::Leverandoer, None));
        for (kommune, orgnr) in KOMMUNER {
            let number: Kommunenummer = kommune.parse().unwrap();
            let kind = if number.is_fylke() { PartyKind::Fylkeskommune } else { PartyKind::Kommune };
            let rows = [
                ("part", party(orgnr, kind, Some(number))),
                (
                    "avtale",
                    RegistryEntry::Agreement(Agreement { kommune: number, reference: "A".into(), valid: ALWAYS }),
                ),
                (
                    "fullmakt",
                    RegistryEntry::Delegation(Delegation {
                        kommune: number,
                        leverandoer: VENDOR.parse().unwrap(),
                        ordninger: INTRO.to_vec(),
                        valid: ALWAYS,
                        reference: "F".into(),
                    }),
                ),
            ];
            world.entries.extend(rows.map(|(kind, row)| (format!("{kind} {kommune}"), row)));
            world.set_up(&format!("system {kommune}-flyktning-1 i {kommune}")).unwrap();
            world.set_up(&format!("bruker {kommune}-OVERF1 i {kommune} INTROBRUKER")).unwrap();
        }
        world
    }

    pub fn registry(&self) -> Registry {
        let mut entries: Vec<RegistryEntry> = self.entries.values().cloned().collect();
        for entry in &mut entries {
            // Who was never used before uses the gateway now.
            if let RegistryEntry::User(user) = entry
                && user.last_used == DateTime::<Utc>::MIN_UTC
            {
                user.last_used = self.recorded().unwrap_or_default();
            }
        }
        Registry::from_entries(1, entries)
    }

    fn recorded(&self) -> Option<DateTime<Utc>> {
        self.recorded.or(self.received)
    }

    pub fn now(&self) -> Result<Now, Bad> {
        let received = self.received.ok_or("linjen «i dag» mangler")?;
        Ok(Now { received, today: oslo_date(received), recorded: self.recorded.unwrap_or(received) })
    }

    pub fn state<'r>(&self, registry: &'r Registry) -> State<'r> {
        let mut persons = self.persons.clone();
        for person in persons.values_mut().filter(|person| person.beregnet.is_none()) {
            person.facts.extend(usual_facts(person));
            self.compute(person);
        }
        State { registry, persons, references: self.references.clone() }
    }

    /// What stands in the register has been computed, and days were opened when it learned of them.
    fn compute(&self, person: &mut Person) {
        let day = oslo_date(self.received.unwrap_or_default());
        let mut kept = computed(person, &self.policy, day, DateTime::<Utc>::MIN_UTC).kept();
        if let Some(told) = self.told.get(&person.duf) {
            told.into(&mut kept);
        }
        person.beregnet = Some(kept);
    }

    /// Keeps what a message changed.
    pub fn keep(&mut self, registry: &Registry, changes: &[Change]) {
        let mut state = self.state(registry);
        changes.iter().for_each(|change| state.apply(change));
        (self.persons, self.references) = (state.persons, state.references);
    }

    /// The number of P1, P2 …; other words are numbers as they stand.
    pub fn duf_text(&self, name: &str) -> Result<String, Bad> {
        match name.strip_prefix('P').and_then(|n| n.parse::<usize>().ok()) {
            Some(n) => {
                DUF.get(n.wrapping_sub(1)).map(|duf| (*duf).to_owned()).ok_or(format!("det finnes ingen {name}"))
            }
            None if name.starts_with(|c: char| c.is_ascii_digit()) => Ok(name.to_owned()),
            None => Err(format!("«{name}» er verken P1, P2 … eller et nummer")),
        }
    }

    pub fn label(&self, name: &str) -> Result<PostId, Bad> {
        self.labels.get(name).copied().ok_or(format!("ingen post heter {name}"))
    }

    /// The name a table gave the post, for the messages of a failing line.
    pub fn label_of(&self, post: PostId) -> &str {
        self.labels.iter().find(|(_, id)| **id == post).map_or("?", |(name, _)| name)
    }

    pub fn name(&mut self, label: &str, post: PostId) {
        self.labels.insert(label.to_owned(), post);
    }

    pub fn post(&self, name: &str) -> Result<&PostVersion, Bad> {
        let id = self.label(name)?;
        self.persons.values().find_map(|person| person.post(id)).ok_or(format!("posten {name} står ikke i registeret"))
    }

    /// A set-up line; `false` when it is none.
    pub fn set_up(&mut self, line: &str) -> Result<bool, Bad> {
        let mut words = Words::of(line);
        match words.next("ord")? {
            "i" if words.take("dag") => self.received = Some(noon(words.parse("dato")?)),
            "mottatt" => self.received = Some(oslo(words.parse("tidspunkt")?)),
            "veggklokke" => self.recorded = Some(noon(words.parse("dato")?)),
            "profil" => {
                let profile = match words.next("profil")? {
                    "production" => Profile::Production,
                    "test" => Profile::Test,
                    "sandbox" => Profile::Sandbox,
                    other => return Err(format!("ingen profil heter {other}")),
                };
                self.policy = regler::policy(profile);
            }
            "innstilling" => {
                let (name, value) = (words.next("navn")?, words.next("verdi")?);
                self.policy = with_setting(name, value).ok_or(format!("{name} er ikke en innstilling å snu"))?;
            }
            "person" => self.person(&mut words)?,
            "system" => self.system(&mut words)?,
            "bruker" => self.user(&mut words)?,
            "uten" => {
                let key = words.rest();
                self.entries.remove(&key).ok_or(format!("det finnes ingen {key} å ta bort"))?;
            }
            kind @ ("kampanje" | "lås" | "driftsbrudd" | "stengt") => {
                let row = grant(kind, &mut words)?;
                self.entries.insert(row.key(), row);
            }
            "avtale" | "fullmakt" => self.until(line, &mut words)?,
            "lagret" => self.stored(&mut words)?,
            _ => return Ok(false),
        }
        words.end()?;
        Ok(true)
    }

    fn person(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        let name = words.next("person")?;
        let duf = Duf::parse(&self.duf_text(name)?, true).map_err(|_| format!("{name} har ikke gyldig nummer"))?;
        match words.peek() {
            Some("ukjent") => {
                words.next("ukjent")?;
                self.persons.remove(&duf);
                return Ok(());
            }
            Some("uten") => {
                words.next("uten")?;
                self.persons.entry(duf).or_insert_with(|| nobody(duf));
                return if words.take("oppfølging") { Ok(()) } else { Err("uten hva?".into()) };
            }
            _ => {}
        }
        if words.take("åpnet") {
            let ordning = innhold::ordning(words.next("ordning")?)?;
            let kommune = words.parse("kommune")?;
            let (from, last) = period(words.next("dager")?).ok_or("dagene er ingen periode")?;
            let dager = Period::inclusive(from.unwrap_or(NaiveDate::MIN), last);
            let opening = Aapning { ordning, kommune, dager, aapnet: words.parse("dato")? };
            self.told.entry(duf).or_default().aapninger.push(opening);
            return Ok(());
        }
        if matches!(words.peek(), Some("frist" | "kategori")) {
            return self.told.entry(duf).or_default().read(words);
        }
        let number = |name: &str| Duf::parse(&self.duf_text(name)?, true).map_err(|_| "ugyldig nummer".to_owned());
        let (content, valid) = fakta::fact(&number, words)?;
        // Sources are early unless a table says when the register learned of it (domain.md 9.2, late source).
        let known = words.value_of("kjent")?.map_or(DateTime::<Utc>::MIN_UTC, noon);
        let person = self.persons.entry(duf).or_insert_with(|| nobody(duf));
        learn_more(person);
        person.last_row += 1;
        person.facts.push(Fact {
            row_no: person.last_row,
            source: "IMDI".into(),
            source_id: person.last_row.to_string(),
            content,
            valid,
            annulled: false,
            system_from: known,
            system_to: None,
        });
        Ok(())
    }

    fn system(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        let id = words.next("avsendersystem")?.to_owned();
        let (kommune, bydel) = place(words)?;
        let mut system = Avsendersystem {
            id: id.clone(),
            kommune,
            bydel,
            operator: VENDOR.parse().unwrap(),
            ordninger: INTRO.to_vec(),
            produkt: "Flyktning".into(),
            valid: ALWAYS,
            approved_versions: Vec::new(),
            blocked: None,
            contacts: Vec::new(),
        };
        if let Some(list) = words.value("ordninger")? {
            system.ordninger = list.split(',').map(innhold::ordning).collect::<Result<_, _>>()?;
        }
        if let Some(versions) = words.value("godkjent")? {
            system.approved_versions = versions.split(',').map(str::to_owned).collect();
        }
        if let Some(last) = words.value_of("til")? {
            system.valid = Period::inclusive(NaiveDate::MIN, Some(last));
        }
        if words.take("sperret") {
            system.blocked = Some(words.rest());
        }
        self.entries.insert(format!("system {id}"), RegistryEntry::Avsendersystem(system));
        Ok(())
    }

    fn user(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        let id = words.next("bruker")?.to_owned();
        let (kommune, bydel) = place(words)?;
        let roles = words.next("roller")?.split(',').map(role).collect::<Result<_, _>>()?;
        let skjerming_approved = words.take("skjerming");
        let last_used = words.value_of("brukt")?.map_or(DateTime::<Utc>::MIN_UTC, noon);
        let valid = words.value_of("til")?.map_or(ALWAYS, |last| Period::inclusive(NaiveDate::MIN, Some(last)));
        let user = TransferUser { id: id.clone(), kommune, bydel, roles, skjerming_approved, valid, last_used };
        self.entries.insert(format!("bruker {id}"), RegistryEntry::User(user));
        Ok(())
    }

    /// `avtale 4204 til DATO`: the standard one with an end.
    fn until(&mut self, line: &str, words: &mut Words<'_>) -> Result<(), Bad> {
        let key = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        words.next("kommune")?;
        let last: Option<NaiveDate> = words.value_of("til")?;
        let ordninger =
            words.value("ordninger")?.map(|list| list.split(',').map(innhold::ordning).collect()).transpose()?;
        match self.entries.get_mut(&key).ok_or(format!("det finnes ingen {key}"))? {
            RegistryEntry::Agreement(row) => row.valid = Period::inclusive(NaiveDate::MIN, last),
            RegistryEntry::Delegation(row) => {
                row.valid = Period::inclusive(NaiveDate::MIN, last);
                row.ordninger = ordninger.unwrap_or(row.ordninger.clone());
            }
            _ => return Err(format!("{key} har ingen slutt")),
        }
        Ok(())
    }

    /// A post that stands in the register already, whatever the rules say of it today.
    fn stored(&mut self, words: &mut Words<'_>) -> Result<(), Bad> {
        let name = words.next("person")?;
        let duf = Duf::parse(&self.duf_text(name)?, true).map_err(|_| "ugyldig nummer")?;
        let label = words.value("som")?.ok_or("en lagret post trenger et navn: som NAVN")?.to_owned();
        let reference = words.value("ref")?.map(str::to_owned);
        let writer = words.value("av")?.map(str::to_owned);
        let owner: Option<Kommunenummer> = words.value_of("eier")?;
        let received_on = words.value_of("satt")?.unwrap_or(NaiveDate::MIN);
        let versjon = words.value_of("versjon")?.unwrap_or(1);
        // Reported as wrong (HD-14): a struck record is annulled with it.
        let status = match () {
            () if words.take("strøket") => Some(Feilstatus::Stroeket),
            () if words.take("meldt") => Some(Feilstatus::Meldt),
            () if words.take("avslått") => Some(Feilstatus::Avslaatt),
            () => None,
        };
        let annulled = words.take("slettet") || status == Some(Feilstatus::Stroeket);
        let feilregistrert = status.map(|status| {
            let (aarsak, begrunnelse, sak) = ("FEIL_PERSON".to_owned(), String::new(), uuid::Uuid::nil());
            Box::new(Feilregistrering { aarsak, begrunnelse, meldt: NaiveDate::MIN, sak, status })
        });
        let (mut content, parents) = crate::message::content(self, words)?;
        let parent = parents.vedtak_ref.and_then(|parent| parent.post_id).and_then(Result::ok);
        match &mut content {
            Content::Vedtak(vedtak) => {
                vedtak.vedtak_ref = parent;
                vedtak.klage_ref = parents.klage_ref.and_then(|parent| parent.post_id).and_then(Result::ok);
            }
            Content::Klage(klage) => klage.vedtak_ref = parent,
            Content::Permisjon(leave) => leave.vedtak_ref = parent,
            Content::Deltakerbevis(bevis) => bevis.vedtak_ref = parent,
            _ => {}
        }
        let post_id = self.ids.uuid();
        let person = self.persons.get_mut(&duf).ok_or(format!("{name} finnes ikke"))?;
        learn_more(person);
        let (day, _) = content.hendelse();
        let follow_up = person.follow_up(day);
        let kommune = owner.or(follow_up.map(|f| f.kommune)).ok_or("posten trenger en eier: eier KOMMUNE")?;
        let system = writer.unwrap_or_else(|| format!("{kommune}-flyktning-1"));
        let references: Vec<_> = reference.map(|reference| (system.clone(), reference)).into_iter().collect();
        person.last_row += 1;
        self.references.extend(references.iter().map(|reference| (reference.clone(), (duf, post_id))));
        person.posts.push(PostVersion {
            row_no: person.last_row,
            post_id,
            versjon,
            valid: content.valid(),
            content,
            system_from: DateTime::<Utc>::MIN_UTC,
            system_to: None,
            annulled,
            feilregistrert,
            etterregistrering: None,
            continues: None,
            kommune,
            bydel: follow_up.and_then(|f| f.bydel),
            channel: match system.as_str() {
                "WEB" => Channel::Web,
                "SYSTEM" => Channel::System,
                _ => Channel::Fagsystem(system),
            },
            registered_by: String::new(),
            caseworker: None,
            meldings_id: String::new(),
            received_on,
            references,
        });
        self.name(&label, post_id);
        Ok(())
    }
}

/// The source of what a table does not say of a person.
const USUAL: &str = "VANLIG";

/// A person of whom a table says no more is of full age and married to a citizen: under introduksjonsloven, with all of
/// INTRO_KT, NORSK_RETT and NORSK_PLIKT open for decades (domain.md 5.4 IN-d).
fn usual_facts(person: &Person) -> Vec<Fact> {
    let told = |of: fn(&FactContent) -> bool| person.facts.iter().any(|fact| of(&fact.content));
    let born = told(|content| matches!(content, FactContent::Personalia { .. }));
    let permit =
        told(|content| matches!(content, FactContent::Oppholdstillatelse(_) | FactContent::Asylsoeknad { .. }));
    let lines = [(born, "født 1980-01-01"), (permit, "tillatelse FAM_NORDISK 2004-01-01 2004-01-01..")];
    let lines = lines.into_iter().filter(|(told, _)| !told);
    lines
        .map(|(_, line)| {
            let (content, valid) = fakta::fact(&|_| Err("ingen".into()), &mut Words::of(line)).unwrap();
            Fact {
                row_no: 0,
                source: USUAL.into(),
                source_id: line.into(),
                content,
                valid,
                annulled: false,
                system_from: DateTime::<Utc>::MIN_UTC,
                system_to: None,
            }
        })
        .collect()
}

/// What a table goes on to say takes the place of what is usual, and everything is computed anew.
fn learn_more(person: &mut Person) {
    person.facts.retain(|fact| fact.source != USUAL);
    person.beregnet = None;
}

fn nobody(duf: Duf) -> Person {
    Person { duf, version: 0, last_row: 0, facts: Vec::new(), posts: Vec::new(), beregnet: None }
}

fn place(words: &mut Words<'_>) -> Result<(Kommunenummer, Option<Bydel>), Bad> {
    let place = words.value("i")?.ok_or("hvor? i KOMMUNE eller i KOMMUNE/BYDEL")?;
    let (kommune, bydel) = place.split_once('/').map_or((place, None), |(k, b)| (k, Some(b)));
    Ok((parsed(kommune)?, bydel.map(parsed).transpose()?))
}

/// The sandbox's rules with a setting of domain.md 17 the other way round.
fn with_setting(name: &str, value: &str) -> Option<Policy> {
    let files = regler::IN_USE.read().unwrap().clone();
    let text = files.get("profil.toml").to_owned();
    let other = if value == "true" { "false" } else { "true" };
    let (now, then) = (format!("{name} = {other}"), format!("{name} = {value}"));
    if !text.contains(&now) {
        return None;
    }
    Policy::read(Profile::Sandbox, &files.with("profil.toml", text.replace(&now, &then))?).ok()
}

pub fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(12, 0, 0).unwrap().and_utc()
}

fn oslo(local: NaiveDateTime) -> DateTime<Utc> {
    chrono_tz::Europe::Oslo.from_local_datetime(&local).earliest().unwrap().to_utc()
}

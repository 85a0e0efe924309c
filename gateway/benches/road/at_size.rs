//! *The register at size*: what computing, listing and a source's word cost in a register of many persons. `PERSONS` says
//! how many (10,000), `POSTS` how many posts each has (10): a million persons with ten million posts take an hour to fill.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use register::change::Opphav;
use register::decide::beregning::{NewFact, computed};
use register::decide::importert::NewPost;
use register::evidence::payload::MasterKey;
use register::fact::{FactContent, Oppholdstillatelse, Rettsomraade};
use register::id::Duf;
use register::kategori::Kategorikode;
use register::ledger::{Exchange, Imported, Internal, InternalCommand, Job, Lane, LaneConfig, Work};
use register::liste::{PersonListQuery, PostListQuery, Soekenummer};
use register::policy::{Policy, Profile};
use register::post::{Content, Ordning, Tiltak};
use register::store::Store;
use register::time::{Period, oslo_date};
use tempfile::TempDir;

use crate::cpu::{self, Server};
use crate::insert::{Canned, RandomIds};
use crate::{client, postgres};

/// Persons of one transaction of the import, and of one source's word.
const IMPORTED: usize = 1_000;
const WORD: usize = 64;
/// Every kommune has a tenth of all.
const KOMMUNER: [&str; 10] = ["0301", "1103", "1505", "3301", "3401", "3801", "4204", "4601", "5001", "5501"];
/// How often each question is asked; the middle one counts.
const ASKED: usize = 21;

/// How large the register is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    persons: usize,
    posts: usize,
}

impl Size {
    /// As the environment says; a smoke run is small.
    pub fn told(smoke: bool) -> Self {
        let number = |name: &str, or: usize| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(or);
        if smoke {
            Size { persons: 200, posts: 2 }
        } else {
            Size { persons: number("PERSONS", 10_000), posts: number("POSTS", 10) }
        }
    }
}

/// Measures either engine and prints what it finds.
pub fn measure(size: Size) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dir = TempDir::new().expect("a directory");
    let file = format!("sqlite:{}", dir.path().join("register.db").display());
    let server = postgres::cluster().database("register_at_size");
    println!("\nThe register at size: {} persons with {} posts each.", size.persons, size.posts);
    for url in [file, server] {
        runtime.block_on(of_engine(&url, size));
    }
}

async fn of_engine(url: &str, size: Size) {
    let store = Store::open(url).await.expect("a database");
    store.migrate(Profile::Sandbox.as_str()).await.expect("tables");
    let began = client::now();
    let mut filler = Filler { lane: lane(&store, began).await, at: began };
    let engine = store.engine();
    let server = (engine == "postgres").then(|| Server::of(url));
    // Cost at ten thousand, at a tenth of the size, then at all of it: what grows with the register shows.
    let (mut from, mut first) = (0, None);
    for part in parts(size.persons) {
        let clock = Instant::now();
        filler.import(from..part, size.posts).await;
        let filled = clock.elapsed().as_secs_f64();
        store.analyze().await.expect("statistics");
        let micros = filler.words(part, server.as_ref()).await;
        let growth = micros / *first.get_or_insert(micros);
        println!(
            "{engine:<9} {part:>9} persons: {:>7.0} persons/s imported, {micros:>7.0} µs CPU for each person that a source writes about ({growth:.2} ×)",
            (part - from) as f64 / filled.max(1e-9)
        );
        from = part;
    }
    println!("{engine:<9} {:>9.0} persons computed per second and core", computed_per_second(&store).await);
    questions(&store, began).await;
    store.close().await;
}

/// The sizes at which cost is looked at, up to all of it.
fn parts(persons: usize) -> Vec<usize> {
    let mut parts: Vec<usize> = [10_000, persons / 10, persons].into_iter().filter(|part| *part <= persons).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// Acts, categories and deadlines alone, of a thousand persons in memory.
async fn computed_per_second(store: &Store) -> f64 {
    let policy = Policy::embedded(Profile::Sandbox).expect("rules");
    let dufs = store.all_dufs().await.expect("persons");
    let persons = store.persons(&dufs[..dufs.len().min(1_000)]).await.expect("persons");
    let now = client::now();
    let before = cpu::of_this_thread();
    for person in &persons {
        std::hint::black_box(computed(person, &policy, oslo_date(now), now));
    }
    persons.len() as f64 / (cpu::of_this_thread() - before).max(1e-9)
}

async fn questions(store: &Store, at: DateTime<Utc>) {
    let day = oslo_date(at);
    let own = vec![KOMMUNER[0].parse().expect("a kommune")];
    let list = PersonListQuery { kommuner: own.clone(), ..PersonListQuery::on(day) };
    let category = PersonListQuery { kategori: Some(Kategorikode::NorskRett), ..list.clone() };
    let rare = PersonListQuery { vedtak: Some(true), ..list.clone() };
    let page = PersonListQuery { limit: 1_000, ..list.clone() };
    let country = PersonListQuery { kommuner: Vec::new(), ..category.clone() };
    for (name, query) in [
        ("persons of a kommune, a page of 25", &list),
        ("… with a category", &category),
        ("… that nobody is", &rare),
        ("… a page of 1,000", &page),
        ("… of the whole country", &country),
    ] {
        let mut millis = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let clock = Instant::now();
            std::hint::black_box(store.list_persons(query).await.expect("a page"));
            millis.push(clock.elapsed().as_secs_f64() * 1e3);
        }
        told(store, name, millis);
    }
    let posts = PostListQuery {
        kommuner: own,
        bydel: None,
        annullerte: false,
        skjermede: false,
        day,
        limit: 1_000,
        after: None,
    };
    let (mut pages, mut found) = (Vec::new(), Vec::new());
    for n in 0..ASKED {
        let clock = Instant::now();
        std::hint::black_box(store.list_posts(&posts).await.expect("a page"));
        pages.push(clock.elapsed().as_secs_f64() * 1e3);
        let clock = Instant::now();
        assert_eq!(store.find_person(Soekenummer::Ident, &format!("{n:011}")).await.expect("an answer").len(), 1);
        found.push(clock.elapsed().as_secs_f64() * 1e3);
    }
    told(store, "posts of a kommune, a page of 1,000", pages);
    told(store, "a person by another number", found);
}

fn told(store: &Store, name: &str, mut millis: Vec<f64>) {
    millis.sort_by(f64::total_cmp);
    println!(
        "{:<9} {:>9.2} ms (most {:.2}): {name}",
        store.engine(),
        millis[millis.len() / 2],
        millis[millis.len() - 1]
    );
}

struct Filler {
    lane: Lane,
    at: DateTime<Utc>,
}

impl Filler {
    async fn commit(&mut self, what: Internal) {
        self.at += TimeDelta::milliseconds(1);
        let exchange = Exchange {
            operation: "import",
            signer: "310000000".parse().expect("an organization number"),
            avsendersystem: None,
            meldings_id: None,
            user: None,
            request: b"{}".as_slice().into(),
            received: self.at,
        };
        let job = Job { exchange, work: Work::Internal(Box::new(InternalCommand { opphav: Opphav::Imdi, what })) };
        for outcome in self.lane.commit(&[job], self.at).await {
            outcome.expect("it is committed");
        }
    }

    async fn import(&mut self, persons: std::ops::Range<usize>, posts: usize) {
        let all: Vec<usize> = persons.collect();
        for some in all.chunks(IMPORTED) {
            self.commit(Internal::Import(some.iter().map(|n| imported(*n, posts, self.at)).collect())).await;
        }
    }

    /// Microseconds of CPU, this process and the database, for each person of whom a source says something new: it is
    /// locked, loaded, computed, written and listed.
    async fn words(&mut self, persons: usize, server: Option<&Server>) -> f64 {
        let spent = || cpu::of_this_process() + server.map_or(0.0, Server::spent);
        let rounds = 16_usize.min(persons / WORD).max(1);
        let before = spent();
        for round in 0..rounds {
            let word = |n: usize| {
                let n = (round * 7_919 + n * (persons / WORD).max(1)) % persons;
                let verdi = format!("{persons}-{round}-{n}");
                let content = FactContent::Nummer { nummertype: register::fact::Nummertype::Passnummer, verdi };
                (duf(n), vec![fact(&format!("pass/{persons}/{round}"), content)])
            };
            self.commit(Internal::Facts((0..WORD.min(persons)).map(word).collect())).await;
        }
        (spent() - before) * 1e6 / (rounds * WORD.min(persons)) as f64
    }
}

async fn lane(store: &Store, at: DateTime<Utc>) -> Lane {
    let config = LaneConfig {
        node: "size".to_owned(),
        lane: 0,
        master_key: MasterKey::new([7; 32]),
        policy: Arc::new(Policy::embedded(Profile::Sandbox).expect("rules")),
        render: Arc::new(Canned::nothing()),
        checkpoints: Arc::new(Canned::nothing()),
        ids: Box::new(RandomIds),
    };
    Lane::open(store.clone(), config, at).await.expect("a lane")
}

fn duf(n: usize) -> Duf {
    Duf::parse(&format!("9000{:08}", n + 1), true).expect("a DUF number")
}

fn fact(id: &str, content: FactContent) -> NewFact {
    let valid = Period { from: "2021-03-01".parse().expect("a day"), to: None };
    NewFact { source: "UDI".into(), source_id: id.into(), content, valid, annulled: false }
}

/// A grown-up with a permit that opens norsk, and weeks of measures.
fn imported(n: usize, posts: usize, at: DateTime<Utc>) -> Imported {
    let kommune = KOMMUNER[n % KOMMUNER.len()].parse().expect("a kommune");
    let from = "2021-03-01".parse().expect("a day");
    let permit = Oppholdstillatelse {
        soeknadsdato: None,
        vedtaksdato: from,
        oppholdsgrunnlag: "ASYL".into(),
        danner_grunnlag_for_permanent: true,
        fornybar: true,
        foerstegang: true,
        etter_innreisetillatelse: false,
        rettsomraade: Rettsomraade::Utlendingsloven,
        referanseperson: None,
        opphoer: None,
    };
    let facts = vec![
        fact("sted", FactContent::Oppfoelging { kommune, bydel: None }),
        fact("ident", FactContent::Ident { number: format!("{n:011}") }),
        fact(
            "navn",
            FactContent::Personalia {
                fornavn: format!("Modig{n}"),
                etternavn: "Bjørk".into(),
                foedselsdato: "1990-01-01".parse().expect("a day"),
                kjoenn: "KVINNE".into(),
            },
        ),
        fact("opphold", FactContent::Oppholdstillatelse(Box::new(permit))),
    ];
    let measure = |k: usize| {
        let first = oslo_date(at) + TimeDelta::days(7 * k as i64);
        let innhold = Content::Tiltak(Tiltak {
            ordning: Ordning::Intro,
            tiltaksgruppe: "NORSK_SAMF".into(),
            tiltakstype: "NS01".into(),
            fra_dato: first,
            til_dato: first + TimeDelta::days(6),
            timer_per_uke: 20.into(),
            erstattende_tiltak: false,
            gjennomfoering: None,
            vurdert_dato: None,
            mottatt_tilbud: None,
        });
        NewPost { kilde_id: format!("{n}/{k}"), kommune, bydel: None, innhold }
    };
    Imported { duf: duf(n), facts, posts: (0..posts).map(measure).collect() }
}

//! The rule files are data that people edit: every row says where it comes from and when that was last checked, and no two
//! rows say different things of the same day.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use register::codes::Catalogue;
use register::policy::{Policy, Profile};
use toml::{Table, Value};

/// Keys of each table beside `reference` and `checked_on`: those that a row must have, and those that it may. A key that
/// nobody reads would be a rule that nobody obeys.
const KEYS: &[(&str, &str, &str)] = &[
    ("bydel", "kommune antall", ""),
    ("reform", "fra", ""),
    ("landgruppe", "satsklasse land", "fra"),
    ("vindu", "rolle regel maaneder", "fra"),
    ("fremtid_aar", "verdi", "fra"),
    ("timer_per_uke_maks", "verdi", "fra"),
    ("timer_per_uke_varsel", "verdi", "fra"),
    ("inaktiv_maaneder", "verdi", "fra"),
    ("kommunenummer_overgang_maaneder", "verdi", "fra"),
    ("opprettet_maaneder", "verdi", "fra"),
    ("foerste_mottak_dager", "verdi", "fra"),
    ("kampanje_varsel_maaneder", "verdi", "fra"),
    ("frist_varsel_dager", "verdi", "fra"),
    ("alder_opphoer", "verdi", "fra"),
    ("bremse_minutter", "verdi", "fra"),
    ("bremse_personer", "verdi", "fra"),
    ("bremse_promille", "verdi", "fra"),
    ("bremse_minst", "verdi", "fra"),
    ("nasjonal_id_alle_rester", "fra", ""),
    ("grunnlag", "kode gruppe", "krever_fornybar"),
    ("aldersgrense", "regel nedre", "fra oevre"),
    ("gjelder", "regel fra", "til"),
    ("botid", "regel aar", ""),
    ("referanseperson", "regel aar presis_bestaar", ""),
    ("arbeid", "fra timer_per_uke", ""),
    ("rettskrav", "maaneder", ""),
    ("plikttimer", "regel norsk samfunnskunnskap", "fra"),
    ("aapen_etter", "avslutningsaarsak for", ""),
    ("statsborgerskap", "norsk nordisk", ""),
    ("bortfall", "samfunnskunnskap", ""),
    ("kategorivalg", "rettsomraade_foerst kt_uten_permanent_spor ny_tillatelse_teller plikt_for_paabegynte", ""),
    (
        "kampanje",
        "id gyldig_fra gyldig_til beslutningsreferanse",
        "maaneder_bakover tidligste_dato ordninger kommuner lov kanaler registreringstyper overstyrer_laas",
    ),
    ("laas", "aar laast_fra beslutningsreferanse", "aapnet_igjen ordninger kommuner"),
    ("kilde", "kode opplysninger", ""),
    ("lov", "lov fra", ""),
    ("profil", "profil duf_testserie syntetiske_personer", ""),
    ("ordning", "ordning tiltak tiltak_krever_vedtak", "lov uten_tillatelse"),
    (
        "innstillinger",
        "tidligere_kommune_kan_skrive sen_kilde vedtak_med_tidligere_virkning superbruker_etterregistrering \
         lesebruker_ser_alle_med_kategori",
        "",
    ),
    (
        "vedtakstype",
        "ordning vedtakstype",
        "start slutt begrunnelse vedtak_ref foelger_opp krever_aktiv krever_stans tidligere_virkning virkning uten_kategori \
         kan_tilbys lov fritak proeve bortfall utvider utsetter",
    ),
    ("innhold", "posttype kategori", "lov gjelder_fra"),
    ("inntrer_senere", "oppholdsgrunnlag ordninger venter_paa", ""),
    ("fravaertype", "kode ordninger", "kvote egenmelding legeerklaering aarsak etter_omsorgspermisjon"),
    ("egenmelding", "kalenderdager legges_sammen_dager etter_uker", ""),
    ("fravaerkvote", "omsorgsgrunnlag virkedager", ""),
    ("norskfravaer", "prosent timer", ""),
    (
        "permisjonstype",
        "kode ordning",
        "maks_virkedager maks_virkedager_mann maks_maaneder kvote kvote_virkedager omsorg del_av_dag lov",
    ),
    ("omsorgsoppfoelging", "etter_maaneder", ""),
    ("fritak", "grunnlag ordning vedtakstyper bortfall", ""),
    ("norsknivaa", "rekke", ""),
    ("norskminimum", "har_videregaaende skriftlig muntlig", ""),
    ("modul", "kode", "gjelder_fra gjelder_til"),
    ("timer_per_dag", "verdi", ""),
    ("frist", "rad maaneder", ""),
    ("regnes_fra_tilbud", "etter", ""),
    ("kontakter", "tilbud krav", ""),
    ("frist_bortfall", "avslutningsaarsaker vedtakstyper begrunnelser", ""),
    ("permisjon_forlenger", "ordning typer", ""),
    ("intl_norsk", "med_fravaer fravaer videre_maaneder", ""),
    (
        "utvidet",
        "vedtak_fra vedtak_til vindu_maaneder med_videregaaende uten_videregaaende uten_videregaaende_hoeyst",
        "",
    ),
    (
        "varighet",
        "rad lov hoeyst hard",
        "kollektiv videregaaende sluttmaal tilbud_etter tilbud_til mottatt_fra minst forlengelse tak usikker permisjon",
    ),
    ("videregaaende_definert", "fra", ""),
    ("tillegg", "fra terskel alle_dager periode fravaer permisjon usikre timer_per_dag", ""),
    (
        "arbeidsinnhold",
        "rad kollektiv timer maaneder_med maaneder_uten grupper",
        "aar_fra startet_fra startet_til timer_deltid deltid_prosent full_uke",
    ),
    ("avslutningsaarsak", "kode utfall", "hovedaktivitet bare_system"),
];
/// What makes rows of one table different rules; rows with the same key follow each other in time.
const SERIES: &[(&str, &str)] = &[
    ("landgruppe", "satsklasse"),
    ("frist", "rad"),
    ("permisjon_forlenger", "ordning"),
    ("arbeidsinnhold", "rad"),
    ("grunnlag", "kode"),
    ("aldersgrense", "regel"),
    ("gjelder", "regel"),
    ("botid", "regel"),
    ("referanseperson", "regel"),
    ("plikttimer", "regel"),
    ("aapen_etter", "avslutningsaarsak"),
    ("bydel", "kommune"),
    ("vindu", "rolle"),
    ("lov", "lov"),
    ("profil", "profil"),
    ("ordning", "ordning"),
];

struct Row {
    /// `vedtak.toml: vedtakstype 3`
    place: String,
    table: String,
    row: Table,
}

impl Row {
    fn text(&self, key: &str) -> &str {
        self.row.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn day(&self, key: &str) -> NaiveDate {
        self.text(key).parse().unwrap_or_else(|_| panic!("{}: {key} is no date", self.place))
    }
}

fn toml_files(folder: &str) -> Vec<(String, Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = |file: &Path| std::fs::read_to_string(file).unwrap().parse().unwrap();
    files.iter().map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), read(file))).collect()
}

fn rows() -> Vec<Row> {
    let mut all = Vec::new();
    for (file, content) in toml_files("rules") {
        for (table, value) in content {
            let rows = match value {
                Value::Array(rows) => rows,
                one => vec![one],
            };
            for (n, row) in rows.into_iter().enumerate() {
                let place = format!("{file}: {table} {}", n + 1);
                let Value::Table(row) = row else { panic!("{place} is no row") };
                all.push(Row { place, table: table.clone(), row });
            }
        }
    }
    assert!(all.len() > 40);
    all
}

/// `IF §58; domain.md 9.1, 9.3 HD-1a`: parts of one source each; an act with its paragraph, or a file with its places.
fn is_reference(text: &str) -> bool {
    let number = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == '.') && !word.is_empty();
    // §37d is a paragraph, too.
    let paragraph = |word: &str| number(word.strip_suffix(|c: char| c.is_ascii_lowercase()).unwrap_or(word));
    let row_id = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let place = |text: &str| match text.split(' ').collect::<Vec<_>>().as_slice() {
        [section] => number(section),
        [section, row] => number(section) && row_id(row),
        _ => false,
    };
    let part = |part: &str| {
        let (source, places) = part.split_once(' ').unwrap_or((part, ""));
        match source {
            "domain.md" | "contract.md" | "design.md" => places.split(", ").all(place),
            "IF" | "IL" | "INTL" => places.is_empty() || places.strip_prefix('§').is_some_and(paragraph),
            _ => false,
        }
    };
    text.split("; ").all(part)
}

#[test]
fn every_row_says_where_it_comes_from_and_when_that_was_checked() {
    for row in rows() {
        assert!(is_reference(row.text("reference")), "{}: reference = {:?}", row.place, row.text("reference"));
        assert!(row.day("checked_on") >= NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), "{}", row.place);
    }
    for (text, holds) in [
        ("IF §58; domain.md 9.1", true),
        ("domain.md 6.1, 9.3 HD-1a", true),
        ("IL", true),
        ("", false),
        ("domain.md", false),
        ("domain.md nine", false),
        ("the act", false),
        ("IF 58", false),
    ] {
        assert_eq!(is_reference(text), holds, "{text:?}");
    }
}

#[test]
fn every_key_is_one_that_is_read_and_none_is_missing() {
    for row in rows() {
        let (_, must, may) =
            KEYS.iter().find(|(table, ..)| *table == row.table).unwrap_or_else(|| panic!("{}", row.place));
        let must: BTreeSet<&str> = must.split_whitespace().chain(["reference", "checked_on"]).collect();
        let all: BTreeSet<&str> = must.iter().copied().chain(may.split_whitespace()).collect();
        let keys: BTreeSet<&str> = row.row.keys().map(String::as_str).collect();
        assert!(must.is_subset(&keys), "{} lacks {:?}", row.place, must.difference(&keys));
        assert!(keys.is_subset(&all), "{} has {:?}, which nobody reads", row.place, keys.difference(&all));
    }
}

#[test]
fn rows_of_one_rule_follow_each_other_in_time() {
    let mut last: BTreeMap<(String, String), NaiveDate> = BTreeMap::new();
    for row in rows() {
        let key = SERIES.iter().find(|(table, _)| *table == row.table).map_or("", |(_, key)| row.text(key));
        let series = (row.table.clone(), key.to_owned());
        if row.row.contains_key("fra") {
            let from = row.day("fra");
            let before = last.insert(series, from);
            assert!(
                before.is_none_or(|before| before < from),
                "{}: the row before begins on the day or later",
                row.place
            );
        } else if !key.is_empty() {
            // Without a date there is one row.
            assert!(last.insert(series, NaiveDate::MIN).is_none(), "{}: {key} stands twice", row.place);
        }
    }
}

#[test]
fn campaigns_have_an_end_a_reach_and_their_own_id() {
    let mut ids = BTreeSet::new();
    for row in rows().into_iter().filter(|row| row.table == "kampanje") {
        assert!(row.day("gyldig_fra") <= row.day("gyldig_til"), "{}", row.place);
        let reach = ["maaneder_bakover", "tidligste_dato"].map(|key| row.row.contains_key(key));
        assert!(reach[0] != reach[1], "{}: either months back or an earliest date", row.place);
        assert!(ids.insert(row.text("id").to_owned()), "{}: the id stands twice", row.place);
    }
    assert!(ids.contains("K2017"));
}

#[test]
fn every_profile_has_its_row() {
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.table == "profil").collect();
    let named: Vec<&str> = rows.iter().map(|row| row.text("profil")).collect();
    assert_eq!(named, [Profile::Production, Profile::Test, Profile::Sandbox].map(Profile::as_str));
    for profile in [Profile::Production, Profile::Test, Profile::Sandbox] {
        let policy = Policy::embedded(profile).unwrap();
        assert_eq!(policy.test_series(), profile != Profile::Production, "{profile} (domain.md 17.3)");
        assert_eq!(policy.accepts_person(true), profile != Profile::Production, "{profile} (domain.md 3.2)");
        assert_ne!(policy.accepts_person(true), policy.accepts_person(false), "{profile} takes one kind of person");
    }
}

/// domain.md 6.1, 6.2, 6.5: the types of each scheme, and what each asks for.
#[test]
fn decisions_ask_for_what_the_domain_says() {
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.table == "vedtakstype").collect();
    let of = |ordning: &str, key: &str| {
        let rows = rows.iter().filter(|row| row.text("ordning") == ordning);
        rows.filter(|row| key.is_empty() || row.row.contains_key(key))
            .map(|row| row.text("vedtakstype"))
            .collect::<Vec<_>>()
    };
    let all = [
        "INNVILGELSE",
        "AVSLAG",
        "ENDRING_PLAN",
        "FORLENGELSE",
        "PERMISJON",
        "STANS_MIDLERTIDIG",
        "STANS_PERMANENT",
        "GJENOPPTAK",
        "AVSLUTNING",
        "OMGJOERING",
    ];
    assert_eq!(of("INTRO", ""), all);
    let starts = ["INNVILGELSE", "ENDRING_PLAN", "FORLENGELSE", "PERMISJON", "STANS_MIDLERTIDIG", "STANS_PERMANENT"];
    assert_eq!(of("INTRO", "start"), starts);
    for ordning in ["INTRO", "MOTTAK_KVAL"] {
        assert_eq!(of(ordning, "begrunnelse"), ["AVSLAG", "STANS_MIDLERTIDIG", "STANS_PERMANENT"], "{ordning}");
        assert_eq!(of(ordning, "krever_stans"), ["GJENOPPTAK"], "{ordning}");
    }
    assert_eq!(of("INTRO", "vedtak_ref"), ["ENDRING_PLAN", "FORLENGELSE", "OMGJOERING"]);
    assert_eq!(of("INTRO", "foelger_opp"), ["OMGJOERING"], "domain.md 11.3");
    assert_eq!(
        of("INTRO", "tidligere_virkning"),
        ["PERMISJON", "STANS_MIDLERTIDIG", "STANS_PERMANENT", "OMGJOERING"],
        "HD-1a"
    );
    for row in &rows {
        let code = row.text("vedtakstype");
        assert!(
            Catalogue::embedded().lookup("vedtakstype", code).is_some(),
            "{}: {code} is in no code list",
            row.place
        );
    }
}

#[test]
fn bydeler_and_successors_are_kommuner() {
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    for row in rows().into_iter().filter(|row| row.table == "bydel") {
        let kommune = row.text("kommune");
        assert!(policy.kommune_known(kommune.parse().unwrap()), "{kommune}");
        let count = row.row.get("antall").and_then(Value::as_integer).unwrap();
        let known = |n: i64| policy.bydel_known(format!("{kommune}{n:02}").parse().unwrap());
        assert!(known(1) && known(count) && !known(0) && !known(count + 1), "{kommune}");
    }
    let changes = include_str!("../rules/kommune_endringer_2020_2024.csv");
    let present = include_str!("../rules/kommuner_2024.csv");
    let present: BTreeSet<&str> = present.lines().skip(1).filter_map(|line| line.split(';').next()).collect();
    assert_eq!(present.len(), 357, "domain.md 3.5");
    assert_eq!(changes.lines().skip(1).count(), 115, "domain.md 3.5");
    let (before, after) =
        (NaiveDate::from_ymd_opt(2023, 12, 31).unwrap(), NaiveDate::from_ymd_opt(2024, 1, 1).unwrap());
    for line in changes.lines().skip(1) {
        let mut numbers = line.split(';');
        let (from, to) = (numbers.next().unwrap(), numbers.next().unwrap());
        assert!(!present.contains(from) && present.contains(to), "{line}");
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        assert!(policy.successors(from, after).contains(&to) && policy.successors(from, before).is_empty(), "{line}");
        let split = policy.successors(from, after).len() > 1;
        assert_eq!(policy.owns(to, from, after), !split, "{line}");
        assert_eq!(policy.owns(from, to, after), !split, "{line}");
        assert!(!policy.owns(to, from, before), "{line}");
    }
}

#[test]
fn every_code_has_its_source_and_its_days() {
    let mut lists = 0;
    for (file, content) in toml_files("codes") {
        let Some(rows) = content.get("kode").and_then(Value::as_array) else { continue };
        lists += 1;
        assert_eq!(content.get("navn").and_then(Value::as_str), file.strip_suffix(".toml"), "{file}");
        for row in rows {
            let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
            let place = format!("{file}: {}", text("kode"));
            let source = text("kilde");
            let cited = source.strip_suffix("; kodene er FORSLAG").unwrap_or(source);
            assert!(source == "FORSLAG" || is_reference(cited), "{place}: kilde = {source:?}");
            assert!(!text("navn").is_empty() && text("navn") != text("kode"), "{place}: navn");
            let day = |key: &str| text(key).parse::<NaiveDate>();
            let from = day("gyldig_fra").unwrap_or_else(|_| panic!("{place}: gyldig_fra"));
            assert!(
                row.get("gyldig_til").is_none() || day("gyldig_til").is_ok_and(|to| from <= to),
                "{place}: gyldig_til"
            );
        }
    }
    assert_eq!(lists, Catalogue::embedded().lists().count(), "a list is not read");
    let types = Catalogue::embedded().list("tiltakstype").unwrap();
    for row in types.rows() {
        let group = row.gruppe.as_deref().unwrap_or_default();
        assert!(Catalogue::embedded().lookup("tiltaksgruppe", group).is_some(), "{}: gruppe = {group:?}", row.kode);
    }
}

#[test]
fn every_file_of_the_folder_is_read_and_counts_in_the_version() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let there: BTreeSet<String> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let read: BTreeSet<String> = register::policy::RULES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(read, there);
}

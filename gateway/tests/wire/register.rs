//! Commands on the whole register: an import that is begun again, and other rules, looked at and made the register's.

use crate::client::Client;
use crate::messages::{head, hent_endringer, hent_person};
use crate::node::Installation;
use crate::oppslag::{measured, report};
use crate::process::{refused, succeed};

const CATEGORIES: &str = include_str!("../../../core/rules/kategorier.toml");

fn line(n: usize) -> String {
    let from = r#"{"from": "2022-03-01", "to": null}"#;
    let fact = |id: &str, content: &str| {
        format!(r#"{{"kilde": "UDI", "kildeId": "{id}", "innhold": {content}, "gyldig": {from}}}"#)
    };
    let facts = [
        fact("1", r#"{"Oppfoelging": {"kommune": "4204", "bydel": null}}"#),
        // Some are protected.
        fact(
            "3",
            if n.is_multiple_of(100) {
                r#"{"Beskyttelse": {"level": "STRENGT_FORTROLIG"}}"#
            } else {
                r#""EnsligMindreaarig""#
            },
        ),
        fact("2", &format!(r#"{{"Ident": {{"number": "0181901{n:04}"}}}}"#)),
    ];
    let measure = concat!(
        r#"{"Tiltak": {"ordning": "INTRO", "tiltaksgruppe": "NORSK_SAMF", "tiltakstype": "NS01", "fra_dato": "2022-04-01", "#,
        r#""til_dato": "2022-06-30", "timer_per_uke": "20", "erstattende_tiltak": false, "gjennomfoering": null, "#,
        r#""vurdert_dato": null, "mottatt_tilbud": null}}"#
    );
    let post = format!(r#"{{"kildeId": "{n}/1", "kommune": "4204", "innhold": {measure}}}"#);
    format!(r#"{{"duf": "9777{n:08}", "fakta": [{}], "poster": [{post}]}}"#, facts.join(", "))
}

#[test]
fn an_import_is_whole_or_not_at_all_and_can_be_begun_again() {
    let installation = Installation::new(None);
    let write = |name: &str, lines: &[String]| {
        let file = installation.path().join(name);
        std::fs::write(&file, lines.join("\n")).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let good: Vec<String> = (1..=1_203).map(line).collect();
    let bad = write("bad.ndjson", &[line(1), String::new(), "{\"duf\": \"1\"}".into(), "{\"duf\": 7}".into()]);
    let said = refused(&["import", &bad], &installation.config());
    assert!(
        said.contains("bad.ndjson:3: no DUF number") && said.contains("bad.ndjson:4: no line of an import"),
        "{said}"
    );
    assert!(said.contains("2 lines cannot be imported; nothing was."), "{said}");
    let file = write("good.ndjson", &good);
    for _ in 0..2 {
        let said = succeed(&["import", &file], &installation.config());
        assert!(said.contains("1203 persons imported"), "{said}");
        let said = succeed(&["replay", "--check"], &installation.config());
        assert!(said.contains(": 0 differences."), "{said}");
    }
    succeed(&["log", "verify"], &installation.config());
    for _ in 0..2 {
        let said = succeed(&["stream", "protect"], &installation.config());
        let protected: usize = said.split(' ').next().and_then(|count| count.parse().ok()).unwrap();
        assert!(protected >= 12, "beside those of the sandbox: {said}");
        let said = succeed(&["replay", "--check"], &installation.config());
        assert!(said.contains(": 0 differences."), "{said}");
    }
    succeed(&["log", "verify"], &installation.config());
    let said = succeed(&["rebuild-lists"], &installation.config());
    assert!(said.starts_with("0 persons were listed otherwise"), "{said}");
}

#[test]
fn other_rules_are_looked_at_and_made_the_registers() {
    let installation = Installation::new(None);
    let config = installation.config();
    let same = succeed(&["recompute", "--dry-run"], &config);
    assert!(same.contains(": 0 of "), "{same}");
    let rules = installation.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    assert!(CATEGORIES.contains("oevre = 55"));
    std::fs::write(rules.join("kategorier.toml"), CATEGORIES.replace("oevre = 55", "oevre = 25")).unwrap();
    let other = ["recompute", "--dry-run", "--rules", rules.to_str().unwrap()];
    let csv = succeed(&other, &config);
    assert!(csv.contains("duf;hva;kode;foer;etter;grunn_foer;grunn_etter") && csv.contains(";KATEGORI;"), "{csv}");
    let json = succeed(&[&other[..], &["--format", "json"]].concat(), &config);
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert!(first["duf"].is_string() && first["grunn_etter"] != "", "{first}");
    assert!(succeed(&["recompute", "--dry-run"], &config).contains(": 0 of "), "looking changed nothing");
    let active = succeed(&["recompute", "--activate"], &config);
    assert!(active.contains(" are active; 0 persons changed."), "{active}");
    succeed(&["log", "verify"], &config);
    assert!(succeed(&["replay", "--check"], &config).contains(": 0 differences."));
}

/// HD-14: what IMDi decides is known to the kommune's streams, and only the first decision counts.
#[test]
fn imdi_decides_on_reports_of_wrong_records() {
    let installation = Installation::new(None);
    let (config, persons) = (installation.config(), installation.persons());
    let node = installation.serve(&[]);
    let client = Client::new(&node, "vendor");
    let reported = |duf: &str| {
        let post = measured(&client, duf);
        let said = client.accepted(&report(&head(), duf, &post, 1, "FEIL_DATO"));
        assert_eq!(said.text("resultat").as_deref(), Some("MELDT"), "{said}");
        post
    };
    let (struck, kept) = (reported(&persons[0]), reported(&persons[1]));
    let list = succeed(&["report", "list"], &config);
    for post in [&struck, &kept] {
        assert!(list.contains(&format!("{post} TILTAK 4204 FEIL_DATO")), "{list}");
    }
    let decide = |word: &'static str, duf: &str, post: &str| {
        let words = ["report", word, "--duf", duf, "--post", post];
        words.map(str::to_owned)
    };
    let said = |words: &[String; 6]| succeed(&words.each_ref().map(String::as_str), &config);
    assert!(said(&decide("strike", &persons[0], &struck)).contains("The record is struck."));
    assert!(said(&decide("keep", &persons[1], &kept)).contains("The record stands."));
    let again = decide("keep", &persons[0], &struck);
    let again = refused(&again.each_ref().map(String::as_str), &config);
    assert!(again.contains("waits for a decision"), "{again}");
    assert!(!succeed(&["report", "list"], &config).contains("FEIL_DATO"));
    let annulled = |duf: &str| client.accepted(&hent_person(&head(), duf, "")).texts("annullert");
    assert_eq!(annulled(&persons[0]), ["false", "true"]);
    assert_eq!(annulled(&persons[1]), ["false", "false"]);
    let page = client.accepted(&hent_endringer(&head(), "4204-flyktning-1.1", 0, "<antall>1000</antall>"));
    for status in ["MELDT", "STROEKET", "AVSLAATT"] {
        assert!(page.texts("verdi").contains(&status.to_owned()), "{status} in {page}");
    }
    node.stop();
    succeed(&["log", "verify"], &config);
    assert!(succeed(&["replay", "--check"], &config).contains(": 0 differences."));
}

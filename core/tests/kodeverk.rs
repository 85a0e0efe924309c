//! The code lists hold every code that rules and the register's own enumerations name, so that hentKodeverk explains whatever
//! an answer or an error can carry.

use register::codes::Catalogue;
use register::eierskap::Flytting;
use register::feilsak::Saksstatus;
use register::kategori::{Friststatus, Fristtype, Kategorikode, LukketAarsak};
use register::policy::RULES;
use register::post::{Channel, Feilstatus, Ordning};
use register::support::Supportstatus;
use toml::{Table, Value};

fn in_list(list: &str, code: &str, place: &str) {
    assert!(Catalogue::embedded().lookup(list, code).is_some(), "{place}: {code} is not in {list}");
}

#[test]
fn every_code_of_a_rule_is_in_its_list() {
    // (table, key, list)
    let columns = [
        ("avslutningsaarsak", "kode", "avslutningsaarsak"),
        ("fravaertype", "kode", "fravaertype"),
        ("fravaerkvote", "omsorgsgrunnlag", "omsorgsgrunnlag"),
        ("permisjonstype", "kode", "permisjonstype"),
        ("fritak", "grunnlag", "fritaksgrunnlag"),
        ("modul", "kode", "modul"),
        ("norsknivaa", "rekke", "norsknivaa"),
        ("norskminimum", "har_videregaaende", "harVideregaaende"),
        ("vedtakstype", "vedtakstype", "vedtakstype"),
        ("vedtakstype", "ordning", "ordning"),
        ("permisjonstype", "ordning", "ordning"),
    ];
    let mut seen = [0; 11];
    for (file, text) in RULES.iter().filter(|(file, _)| file.ends_with(".toml")) {
        let rules: Table = text.parse().unwrap();
        for (n, (table, key, list)) in columns.iter().enumerate() {
            let rows = rules.get(*table).and_then(Value::as_array).into_iter().flatten();
            for value in rows.filter_map(|row| row.get(*key)) {
                let one = std::slice::from_ref(value);
                for code in value.as_array().map_or(one, Vec::as_slice).iter().filter_map(Value::as_str) {
                    in_list(list, code, &format!("{file}: {table}"));
                    seen[n] += 1;
                }
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "a column is gone: {seen:?}");
}

#[test]
fn every_code_of_an_enumeration_is_in_its_list() {
    for code in [Fristtype::Oppstart, Fristtype::Gjennomfoering, Fristtype::Samfunnskunnskap, Fristtype::Programslutt] {
        in_list("fristtype", code.code(), "Fristtype");
    }
    for code in [Friststatus::Loeper, Friststatus::Oppfylt, Friststatus::Bortfalt, Friststatus::IkkeBeregnet] {
        in_list("friststatus", code.code(), "Friststatus");
    }
    for code in [Ordning::Intro, Ordning::Norsk, Ordning::MottakOppl, Ordning::MottakKval] {
        in_list("ordning", code.code(), "Ordning");
    }
    let channels = [Channel::Fagsystem(String::new()), Channel::Web, Channel::Imdi, Channel::System, Channel::Import];
    for channel in channels {
        in_list("sistEndretAv", channel.code(), "Channel");
    }
    for code in [Flytting::Eierkonflikt, Flytting::Fraflyttet] {
        in_list("flytting", code.code(), "Flytting");
    }
    for code in Kategorikode::ALL {
        in_list("kategori", code.code(), "Kategorikode");
    }
    for code in LukketAarsak::ALL {
        in_list("lukketAarsak", code.code(), "LukketAarsak");
    }
    for code in [Feilstatus::Meldt, Feilstatus::Stroeket, Feilstatus::Avslaatt] {
        in_list("feilstatus", code.code(), "Feilstatus");
    }
    for code in Saksstatus::ALL {
        in_list("saksstatus", code.code(), "Saksstatus");
    }
    for code in Supportstatus::ALL {
        in_list("supportstatus", code.code(), "Supportstatus");
    }
}

#[test]
fn what_an_end_counts_as_is_one_of_five() {
    let reasons = Catalogue::embedded().list("avslutningsaarsak").unwrap().rows();
    let outcomes = ["ARBEID", "UTDANNING", "ARBEID_OG_UTDANNING", "AVBRUTT", "UTENFOR"];
    assert_eq!(reasons.len(), 24, "domain.md 8.3");
    for row in reasons {
        assert!(row.gruppe.as_deref().is_none_or(|group| outcomes.contains(&group)), "{}", row.kode);
    }
}

//! Which source tells what, as a table: `core/tests/kilder/kilder.txt` against the rules.

use register::change::Opphav;
use register::codes::Catalogue;
use register::policy::{Policy, Profile};

#[test]
fn each_source_tells_its_own_kinds_and_no_others() {
    let policy = Policy::embedded(Profile::Sandbox).unwrap();
    let mut lines = include_str!("kilder/kilder.txt").lines().filter(|line| !line.starts_with('#'));
    let sources: Vec<&str> = lines.next().unwrap().split_whitespace().skip(1).collect();
    let catalogue = Catalogue::embedded();
    let codes = |list: &str| -> Vec<&str> {
        catalogue.list(list).unwrap().rows().iter().map(|row| row.kode.as_str()).collect()
    };
    assert_eq!(sources, codes("kilde"));
    let mut kinds = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (kind, cells) = words.split_first().unwrap();
        assert_eq!(cells.len(), sources.len(), "{line}");
        assert!(cells.contains(&"ja"), "{kind}: nobody tells it");
        for (source, cell) in sources.iter().zip(cells) {
            let source = policy.source(source).unwrap();
            assert_eq!(policy.tells(source, kind), *cell == "ja", "{kind} by {}", source.code());
            assert!(["ja", "nei"].contains(cell), "{line}");
        }
        kinds.push(*kind);
    }
    assert_eq!(kinds, codes("opplysningstype"));
    for none in ["", "TID", "WEB", "udi"] {
        assert_eq!(policy.source(none), None);
    }
    assert!(!policy.tells(Opphav::Udi, "UKJENT") && !policy.tells(Opphav::Tid, "PROEVE"));
}

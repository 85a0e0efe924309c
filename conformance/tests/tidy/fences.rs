//! What stands in named files only: unsafe code, C, clocks.

use crate::source::{self, has_word};
use crate::tree::{FILES, none, read, with_ending};

/// The two files with unsafe code, and the shim that each has in C.
const FENCES: [(&str, &str); 2] = [("xsd/src/libxml.rs", "xsd/src/shim.c"), ("wsdl/src/xmlsec.rs", "wsdl/src/shim.c")];

/// Where the wall clock is read: once for the gateway, once for the tools, once for the client of the wire tests.
const CLOCKS: [&str; 3] = ["conformance/src/clock.rs", "gateway/src/clock.rs", "gateway/tests/wire/client.rs"];

#[test]
fn unsafe_code_is_in_two_files() {
    let outside = source::lines()
        .filter(|(file, line)| FENCES.iter().all(|(fence, _)| file.path != *fence) && has_word(&line.code, "unsafe"));
    none("unsafe outside of the fences", outside.map(|(_, line)| line.place));
    let allowed = source::lines().filter(|(file, line)| {
        FENCES.iter().all(|(fence, _)| file.path != *fence) && has_word(&line.code, "unsafe_code")
    });
    none("unsafe_code is let in", allowed.map(|(_, line)| line.place));
    let c = with_ending(&["c", "h", "cc", "cpp"]).filter(|file| FENCES.iter().all(|(_, shim)| file.path != *shim));
    none("C outside of the shims", c.map(|file| file.path.clone()));
    let workspace: toml::Table = toml::from_str(read("Cargo.toml")).unwrap();
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
    for crate_ in ["xsd", "wsdl", "core", "gateway", "conformance"] {
        let manifest: toml::Table = toml::from_str(read(&format!("{crate_}/Cargo.toml"))).unwrap();
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{crate_} has the workspace's lints");
    }
}

#[test]
fn every_unsafe_block_says_why_it_is_safe() {
    for (fence, _) in FENCES {
        let text: Vec<&str> = read(fence).lines().collect();
        let code = source::blanked(read(fence));
        let mut blocks = 0;
        for (n, line) in code.lines().enumerate() {
            // A declaration of foreign functions promises nothing by itself: each call does.
            if !has_word(line, "unsafe") || line.contains("unsafe extern") {
                continue;
            }
            blocks += 1;
            let comment: Vec<&str> =
                text[..n].iter().rev().map(|line| line.trim()).take_while(|line| line.starts_with("//")).collect();
            assert!(
                comment.iter().any(|line| line.starts_with("// SAFETY: ")),
                "{fence}:{}: no SAFETY above it",
                n + 1
            );
        }
        assert!(blocks > 0, "{fence} fences nothing");
    }
}

#[test]
fn clocks_are_read_in_named_files() {
    let reads = ["Utc::now", "Local::now", "SystemTime::now", "OffsetDateTime::now_utc"];
    let found: Vec<(&str, String)> = source::lines()
        .filter(|(_, line)| reads.iter().any(|read| line.code.contains(read)))
        .map(|(file, line)| (file.path.as_str(), line.place))
        .collect();
    none(
        "the wall clock is read",
        found.iter().filter(|(file, _)| !CLOCKS.contains(file)).map(|(_, place)| place.clone()),
    );
    for clock in CLOCKS {
        assert_eq!(found.iter().filter(|(file, _)| *file == clock).count(), 1, "{clock} reads the clock once");
    }
    // A test may read what it was started with; what the products do is only as the clocks do it.
    let let_in = source::lines().filter(|(file, line)| {
        let product = file.path.contains("/src/") && !CLOCKS.contains(&file.path.as_str());
        product && has_word(&line.code, "disallowed_methods")
    });
    none("disallowed methods are let in", let_in.map(|(_, line)| line.place));
}

#[test]
fn the_register_has_no_clock_at_all() {
    let reads = source::lines().filter(|(file, line)| {
        file.path.starts_with("core/src/") && ["Instant", "SystemTime"].iter().any(|word| has_word(&line.code, word))
    });
    none("core reads a clock", reads.map(|(_, line)| line.place));
    // Nor has the SQL that it speaks; that stands in strings.
    let times =
        ["now()", "current_timestamp", "current_date", "datetime('now", "clock_timestamp", "strftime('%s','now"];
    let sql = FILES.iter().filter(|file| file.path.starts_with("core/src/store") || file.is("sql"));
    let found = sql.flat_map(|file| {
        let spoken =
            file.text.lines().zip(1..).filter(|(line, _)| times.iter().any(|time| line.to_lowercase().contains(time)));
        spoken.map(move |(_, n)| format!("{}:{n}", file.path))
    });
    none("SQL reads a clock", found);
}

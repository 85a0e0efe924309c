//! How files look: their size, their names, and words that none of them has.

use std::path::Path;

use crate::source::{self, has_word};
use crate::tree::{FILES, none, with_ending};

/// Longest file.
const MOST_LINES: usize = 800;
/// Nine of ten Rust files are shorter.
const LONG: usize = 400;
/// Half of the Rust files are shorter.
const USUAL: usize = 150;
/// Files that are longer than any should be, and why.
const LONGER: [(&str, &str); 1] =
    [("core/codes/feilkoder.toml", "the one table of error codes: a row each, nothing else")];

#[test]
fn no_file_is_too_long() {
    let too_long = |path: &str| LONGER.iter().any(|(longer, _)| path == *longer);
    let lines = |text: &str| text.lines().count();
    let written = FILES.iter().filter(|file| !generated(&file.path));
    let found = written.filter(|file| lines(&file.text) > MOST_LINES && !too_long(&file.path));
    none("over 800 lines", found.map(|file| format!("{}: {}", file.path, lines(&file.text))));
    let dead = LONGER
        .iter()
        .filter(|(path, _)| FILES.iter().all(|file| file.path != *path || lines(&file.text) <= MOST_LINES));
    none("named as long, and is not", dead.map(|(path, _)| (*path).to_owned()));

    let mut sizes: Vec<usize> = with_ending(&["rs"]).map(|file| lines(&file.text)).collect();
    sizes.sort_unstable();
    assert!(sizes[sizes.len() / 2] < USUAL, "half of the files have {} lines or more", sizes[sizes.len() / 2]);
    assert!(
        sizes[sizes.len() * 9 / 10] < LONG,
        "a tenth of the files has {} lines or more",
        sizes[sizes.len() * 9 / 10]
    );
}

#[test]
fn a_module_with_parts_has_a_file_of_its_name() {
    none("mod.rs", with_ending(&["rs"]).map(|file| file.path.clone()).filter(|path| path.ends_with("/mod.rs")));
    let orphans = with_ending(&["rs"]).filter(|file| {
        let folder = Path::new(&file.path).parent().unwrap().to_str().unwrap();
        // What is below src, of any depth, hangs on the file beside its folder.
        let below_src = folder.contains("/src/");
        below_src && FILES.iter().all(|other| other.path != format!("{folder}.rs"))
    });
    none("no file beside its folder", orphans.map(|file| file.path.clone()));
}

#[test]
fn nothing_is_left_undone_or_let_in() {
    // This file names the words that it looks for, in strings; in code it has none of them.
    let code = ["todo!", "unimplemented!", "dbg!", "#[allow", "#![allow"];
    let found = source::lines().filter(|(_, line)| code.iter().any(|word| line.code.contains(word)));
    none("undone or let in", found.map(|(_, line)| format!("{}: {}", line.place, line.code.trim())));
    let words = ["TODO", "FIXME", "XXX"];
    let others = FILES.iter().filter(|file| file.path != "conformance/tests/tidy/shape.rs" && !generated(&file.path));
    let found = others.flat_map(|file| {
        let marked = file.text.lines().zip(1..).filter(|(line, _)| words.iter().any(|word| has_word(line, word)));
        marked.map(move |(_, n)| format!("{}:{n}", file.path))
    });
    none("left undone", found);
}

#[test]
fn no_test_waits_for_time_to_pass() {
    let tests = source::lines().filter(|(file, _)| file.path.contains("/tests/"));
    none("asleep", tests.filter(|(_, line)| has_word(&line.code, "sleep")).map(|(_, line)| line.place));
}

/// What one machine has is no part of what all can build: paths of it, and where its packages came from.
#[test]
fn nothing_depends_on_one_machine() {
    let folders = ["work", "home", "Users", "opt"].map(|top| format!("/{top}/"));
    let hosts = ["crates.io", "pypi.org", "npmjs.org", "npmjs.com", "pythonhosted.org", "rust-lang.org/static"];
    let others = FILES.iter().filter(|file| file.path != "conformance/tests/tidy/shape.rs" && !generated(&file.path));
    let found = others.flat_map(|file| {
        let named = file.text.lines().zip(1..).filter(|(line, _)| {
            hosts.iter().any(|host| line.contains(host)) || folders.iter().any(|folder| begins_a_path(line, folder))
        });
        named.map(move |(line, n)| format!("{}:{n}: {}", file.path, line.trim()))
    });
    none("a machine's path or a registry's host", found);
}

/// As an absolute path, and not as a part of an XPath or an address.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let name = line[at + folder.len()..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '.');
        name && before.is_none_or(|c| matches!(c, ' ' | '"' | '\'' | '`' | '=' | ':' | '('))
    })
}

fn generated(path: &str) -> bool {
    path.ends_with("Cargo.lock") || path.ends_with("package-lock.json")
}

//! What the documents say is so.

use std::collections::BTreeSet;

use crate::tree::{FILES, File, none, read, root, with_ending};

/// Most lines of a caller's own that a real client may need (the README prints them).
const CALLERS_OWN: usize = 25;

/// The specification's documents, which are not in this repository.
const SPECIFICATION: [&str; 8] =
    ["clients", "contract", "design", "domain", "store", "style", "threats", "xml-security"];

/// What a document names in backquotes and looks like a file of this repository.
fn named_files(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2).flat_map(|part| part.split('`').skip(1).step_by(2));
    let top: BTreeSet<&str> = FILES.iter().filter_map(|file| file.path.split_once('/')).map(|(top, _)| top).collect();
    let alone = ["md", "toml"];
    prose.filter(move |name| match name.split_once('/') {
        Some((first, _)) => top.contains(first) && !name.contains([' ', '<']),
        None => {
            alone.iter().any(|ending| name.ends_with(&format!(".{ending}")))
                && !name.contains([' ', '<'])
                && !specification(name)
        }
    })
}

fn specification(name: &str) -> bool {
    SPECIFICATION.iter().any(|document| name.strip_suffix(".md") == Some(document))
}

/// A file, a folder, or a pattern with `*` or `{a,b}` that matches at least one each.
fn is_there(name: &str) -> bool {
    if let Some((before, rest)) = name.split_once('{') {
        let (choices, after) = rest.split_once('}').unwrap();
        return choices.split(',').all(|choice| is_there(&format!("{before}{choice}{after}")));
    }
    if let Some((before, after)) = name.split_once('*') {
        let fits =
            |path: &str| path.starts_with(before) && path.ends_with(after) && path.len() >= before.len() + after.len();
        return FILES.iter().any(|file| fits(&file.path));
    }
    root().join(name).exists()
}

#[test]
fn the_map_names_only_files_that_exist() {
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let gone: Vec<_> = named_files(read(document)).filter(|name| !is_there(name)).map(str::to_owned).collect();
        none(&format!("{document} names what is not there"), gone);
    }
    assert!(named_files(read("ARCHITECTURE.md")).count() > 20, "ARCHITECTURE.md is no map");
}

/// Rows of domain.md 16.
const NAMED_IN_THE_SOURCES: usize = 89;

#[test]
fn coverage_has_every_row_once_and_names_what_is_there() {
    let text = read("docs/coverage.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .map(|line| line.trim_end_matches(" |").split(" | ").collect())
        .filter(|row: &Vec<&str>| row[0].parse::<usize>().is_ok())
        .collect();
    let numbers: Vec<usize> = rows.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=NAMED_IN_THE_SOURCES).collect::<Vec<_>>());
    for row in &rows {
        let [number, _, state, shown] = row.as_slice() else { panic!("row {} has another shape", row[0]) };
        let part = state.strip_prefix("part ").is_some_and(|n| ["3", "4", "5", "6"].contains(&n));
        assert!(["works", "out of scope"].contains(state) || part, "row {number}: {state}");
        assert!(!shown.is_empty(), "row {number} shows nothing");
    }
    let gone: Vec<_> = named_files(text).filter(|name| !is_there(name)).map(str::to_owned).collect();
    none("docs/coverage.md names what is not there", gone);
}

#[test]
fn every_link_leads_somewhere() {
    for file in with_ending(&["md"]) {
        let folder = root().join(&file.path).parent().unwrap().to_owned();
        let links = file.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let broken = links
            .filter(|link| !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:"))
            .filter(|link| !folder.join(link.split('#').next().unwrap()).exists());
        none(&format!("{} links to what is not there", file.path), broken.map(str::to_owned));
    }
}

#[test]
fn the_readme_prints_the_callers_own_lines() {
    let readme = read("README.md");
    for (client, mark, language) in [("zeep_client.py", '#', "python"), ("node_client.js", '/', "js")] {
        let text = read(&format!("conformance/clients/{client}"));
        let begins = format!("{mark} The caller's own lines begin here.\n");
        let ends = format!("{mark} The caller's own lines end here.\n");
        let own = text.split_once(&begins).unwrap().1.split_once(&ends).unwrap().0.trim_end_matches(mark);
        let lines = own.lines().count();
        assert!(lines <= CALLERS_OWN, "{client} needs {lines} lines");
        assert!(
            readme.contains(&format!("```{language}\n{own}```\n")),
            "the README does not print those of {client}:\n{own}"
        );
    }
}

#[test]
fn the_glossary_holds_every_name_of_a_type() {
    let glossary: BTreeSet<String> = read("docs/glossary.md")
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.split('|').nth(1))
        .flat_map(|cell| cell.split(['/', ' ', ',']))
        .map(str::to_lowercase)
        .collect();
    let types = with_ending(&["xsd"]).flat_map(|file| {
        let named = file.text.split("Type name=\"").skip(1);
        named.map(|rest| rest.split('"').next().unwrap())
    });
    let types: BTreeSet<&str> = types.collect();
    assert!(types.len() > 30, "{types:?}");
    none(
        "not in docs/glossary.md",
        types.into_iter().filter(|name| !glossary.contains(&name.to_lowercase())).map(str::to_owned),
    );
}

/// A citation is `NAME.md 1.2` or a row id such as `TI-7a`; docs/sources.md says in a sentence what each settles.
#[test]
fn every_source_that_is_cited_is_listed() {
    let rows: BTreeSet<&str> =
        read("docs/sources.md").lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    let row_ids = || rows.iter().filter(|row| !row.contains(' ')).filter_map(|row| row.split_once('-'));
    let prefixes: BTreeSet<&str> = row_ids().map(|(prefix, _)| prefix).collect();
    let cited = FILES.iter().filter(|file| file.path != "docs/sources.md").flat_map(|file| citations(file, &prefixes));
    none(
        "cited, and not in docs/sources.md",
        cited.filter(|(_, cited)| !rows.contains(cited.as_str())).map(|(at, cited)| format!("{at}: {cited}")),
    );
}

fn citations(file: &'static File, prefixes: &BTreeSet<&str>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (line, n) in file.text.lines().zip(1..) {
        let mut note = |cited: String| found.push((format!("{}:{n}", file.path), cited));
        for document in SPECIFICATION {
            let name = format!("{document}.md ");
            for (at, _) in line.match_indices(&name) {
                let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '/' | '_');
                let section = section(&line[at + name.len()..]);
                if !section.is_empty() && !line[..at].chars().next_back().is_some_and(word) {
                    note(format!("{name}{section}"));
                }
            }
        }
        for prefix in prefixes {
            for (at, _) in line.match_indices(&format!("{prefix}-")) {
                let id: String = line[at..].chars().take_while(|c| c.is_alphanumeric() || *c == '-').collect();
                let before = line[..at].chars().next_back();
                let numbered = id[prefix.len() + 1..].starts_with(|c: char| c.is_ascii_digit());
                if numbered && !before.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_') {
                    note(id);
                }
            }
        }
    }
    found
}

/// `9.3` of `9.3, and so on`.
fn section(rest: &str) -> &str {
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    rest[..end].trim_end_matches('.')
}

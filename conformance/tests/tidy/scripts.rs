//! One entry for people and CI: the Makefile's targets are scripts, and every script stops at the first thing that fails.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use crate::tree::{FILES, File, none, read, root, with_ending};

/// How a script begins, after its comment.
const STRICT: &str = "set -euo pipefail";

fn scripts() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| file.path.starts_with("scripts/") || file.path.starts_with(".ci/"))
}

fn targets() -> BTreeSet<&'static str> {
    let name = |target: &str| !target.is_empty() && target.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let rules = read("Makefile").lines().filter_map(|line| line.split_once(':'));
    rules.map(|(target, _)| target).filter(|target| name(target)).collect()
}

#[test]
fn every_script_is_executable_and_strict() {
    assert!(scripts().count() > 5);
    for script in scripts() {
        let mode = std::fs::metadata(root().join(&script.path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{} is not executable", script.path);
        let mut lines = script.text.lines();
        assert_eq!(lines.next(), Some("#!/usr/bin/env bash"), "{}", script.path);
        let first = lines.find(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(first, Some(STRICT), "{} does not begin with it", script.path);
    }
}

#[test]
fn the_makefile_is_thin_names_over_scripts() {
    let makefile = read("Makefile");
    let phony = makefile.lines().find_map(|line| line.strip_prefix(".PHONY: ")).unwrap();
    assert_eq!(phony.split(' ').collect::<BTreeSet<_>>(), targets());
    for recipe in makefile.lines().filter_map(|line| line.strip_prefix("\t@")) {
        let command = recipe.split(' ').next().unwrap();
        assert!(matches!(command, "cargo" | "sed") || root().join(command).is_file(), "{recipe}");
    }
    let unused = scripts().filter(|script| {
        script.path.starts_with("scripts/")
            && scripts().all(|other| other.path == script.path || !other.text.contains(&script.path))
            && !makefile.contains(&script.path)
    });
    none("no target and no script runs", unused.map(|script| script.path.clone()));
}

#[test]
fn every_target_that_is_spoken_of_exists() {
    let targets = targets();
    for file in with_ending(&["md"]) {
        let code = file.text.split('`').skip(1).step_by(2).flat_map(str::lines);
        let called =
            code.filter_map(|line| line.trim().strip_prefix("make ")).filter_map(|rest| rest.split_whitespace().next());
        none(
            &format!("{}: no such target", file.path),
            called.filter(|name| !targets.contains(name)).map(str::to_owned),
        );
    }
    assert!(read(".ci/run").lines().any(|line| line == "make test"), ".ci/run runs what people run");
}

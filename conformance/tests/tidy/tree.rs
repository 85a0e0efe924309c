//! The files of this repository.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One file that is text.
pub struct File {
    /// From the top, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl File {
    /// Its ending.
    pub fn is(&self, ending: &str) -> bool {
        self.path.rsplit('.').next() == Some(ending)
    }
}

/// All of them, but for what .gitignore leaves out and what is no text.
pub static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let ignored: Vec<String> =
        std::fs::read_to_string(root().join(".gitignore")).unwrap().lines().map(str::to_owned).collect();
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = relative(&path);
            if name == ".git" || ignored.iter().any(|pattern| matches(pattern, &name)) {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.push(File { path: name, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 100, "these are not all files: {}", files.len());
    files
});

/// The top.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file that must be there.
pub fn read(path: &str) -> &'static str {
    let file = FILES.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("{path} is not there")).text
}

/// Files with one of these endings.
pub fn with_ending(endings: &[&str]) -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| endings.iter().any(|ending| file.is(ending)))
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

/// The few kinds of pattern that .gitignore has here: a folder's name or path, and `*.ending`.
fn matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(ending) => path.ends_with(ending),
        None => {
            let folder = pattern.trim_end_matches('/');
            path == folder || path.ends_with(&format!("/{folder}"))
        }
    }
}

/// Fails with all that was found, one on a line.
pub fn none(what: &str, found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

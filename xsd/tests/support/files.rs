//! The sample files.

/// Where they are.
pub const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");

/// One file.
pub struct Sample {
    /// Without `.xml`.
    pub name: String,
    /// As it stands.
    pub text: String,
}

impl Sample {
    /// `<message>.<reason>` is not.
    pub fn is_valid(&self) -> bool {
        !self.name.contains('.')
    }
}

/// All samples, by name.
pub fn samples() -> Vec<Sample> {
    let mut all: Vec<Sample> = std::fs::read_dir(DIRECTORY)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .map(|path| Sample {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            text: std::fs::read_to_string(&path).unwrap(),
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!all.is_empty());
    all
}

/// Without the line breaks and indentation between elements.
pub fn compact(xml: &str) -> String {
    xml.lines().map(str::trim_start).collect()
}

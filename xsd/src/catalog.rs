//! The schemas, embedded as published.

/// One schema file.
#[derive(Debug, Clone, Copy)]
pub struct SchemaFile {
    /// Its name, as `?xsd=` and the includes write it.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(SchemaFile { name: $name, bytes: include_bytes!(concat!("../schemas/", $name)) }),*]
    };
}

/// All files; the first includes the others.
pub const FILES: &[SchemaFile] = files![
    "nir-melding-v1.xsd",
    "nir-felles-v1.xsd",
    "nir-innhold-v1.xsd",
    "nir-opplaering-v1.xsd",
    "nir-registrering-v1.xsd",
    "nir-endring-v1.xsd",
    "nir-kvittering-v1.xsd",
    "nir-opplysning-v1.xsd",
    "nir-person-v1.xsd",
    "nir-tjeneste-v1.xsd",
    "nir-liste-v1.xsd",
    "nir-oppslag-v1.xsd",
    "nir-avsender-v1.xsd",
    "nir-sak-v1.xsd",
    "nir-mottak-v1.xsd",
    "nir-stroem-v1.xsd",
    "nir-kilde-v1.xsd",
];

/// A file by name.
pub fn file(name: &str) -> Option<&'static SchemaFile> {
    FILES.iter().find(|file| file.name == name)
}

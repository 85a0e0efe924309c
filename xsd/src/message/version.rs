//! `kontraktversjon`: the caller says which contract it was built against, and is never sent anything newer
//! (contract.md 0.2, 4.1).

use std::fmt;

/// A minor version of the contract, `1.n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u16);

impl Version {
    /// The newest version there is.
    pub const LATEST: Version = Version(0);
    /// Every published version, oldest first.
    pub const PUBLISHED: &'static [Version] = &[Version(0)];

    /// The version to write for a caller: one newer than ours, or one we cannot read, gets ours.
    pub fn parse(text: &str) -> Self {
        let minor = text.strip_prefix("1.").and_then(|minor| minor.parse().ok()).map_or(Self::LATEST, Version);
        minor.min(Self::LATEST)
    }

    /// Leaves out of a canonical answer what is newer than this version. Every element is of 1.0 until 1.1 is
    /// published, which the version test compares with `since` in the schemas.
    pub(super) fn filter(&self, answer: Vec<u8>) -> Vec<u8> {
        answer
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

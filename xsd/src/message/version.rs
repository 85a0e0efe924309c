//! `kontraktversjon`: the caller says which contract it was built against, and is never sent anything newer
//! (contract.md 0.2, 4.1).

use std::fmt;

use super::newer;
use crate::outline::Outline;

/// A minor version of the contract, `1.n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u16);

impl Version {
    /// The newest version there is.
    pub const LATEST: Version = Version(1);
    /// Every published version, oldest first.
    pub const PUBLISHED: &'static [Version] = &[Version(0), Version(1)];

    /// The version to write for a caller: one newer than ours, or one we cannot read, gets ours.
    pub fn parse(text: &str) -> Self {
        let minor = text.strip_prefix("1.").and_then(|minor| minor.parse().ok()).map_or(Self::LATEST, Version);
        minor.min(Self::LATEST)
    }

    /// The `n` of `1.n`.
    pub fn minor(self) -> u16 {
        self.0
    }

    /// This version, or that of the root element where that is newer.
    pub(super) fn at_least_of(self, root: &str) -> Self {
        self.max(Version(Outline::published().root(root).map_or(0, |element| element.since)))
    }

    /// Leaves out of a canonical answer what the published schemas say is newer than this version.
    pub(super) fn filter(self, answer: Vec<u8>) -> Vec<u8> {
        self.filter_by(Outline::published(), answer)
    }

    /// Leaves out of a canonical answer what `outline` says is newer than this version: an element goes, and a
    /// branch of a choice becomes `annenHendelse` with its values as key and value.
    pub fn filter_by(self, outline: &Outline, answer: Vec<u8>) -> Vec<u8> {
        if outline.newest() <= self.0 {
            return answer;
        }
        newer::leave_out(outline, self.0, answer)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

//! The rules that tables are judged by: the embedded ones, unless somebody moves a number to see which line notices.

use std::sync::{LazyLock, RwLock};

use register::policy::{Policy, Profile, RuleFiles};

/// What the test that moves numbers writes to; nobody else does.
pub static IN_USE: LazyLock<RwLock<RuleFiles>> = LazyLock::new(|| RwLock::new(RuleFiles::embedded()));

/// The rules in use for this profile.
pub fn policy(profile: Profile) -> Policy {
    Policy::read(profile, &IN_USE.read().unwrap()).unwrap()
}

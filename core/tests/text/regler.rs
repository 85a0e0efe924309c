//! The rules that tables are judged by: the embedded ones, unless somebody moves a number to see which line notices.

use std::sync::{LazyLock, RwLock};

use register::policy::{Policy, Profile, RuleFiles};

/// What the test that moves numbers writes to; nobody else does.
pub static IN_USE: LazyLock<RwLock<RuleFiles>> = LazyLock::new(|| RwLock::new(RuleFiles::embedded()));

/// The rules in use for this profile.
pub fn policy(profile: Profile) -> Policy {
    Policy::read(profile, &IN_USE.read().unwrap()).unwrap()
}

/// The sandbox's rules with a setting of domain.md 17 the other way round.
pub fn with_setting(name: &str, value: &str) -> Option<Policy> {
    let files = IN_USE.read().unwrap().clone();
    let text = files.get("profil.toml").to_owned();
    let other = if value == "true" { "false" } else { "true" };
    let (now, then) = (format!("{name} = {other}"), format!("{name} = {value}"));
    if !text.contains(&now) {
        return None;
    }
    Policy::read(Profile::Sandbox, &files.with("profil.toml", text.replace(&now, &then))?).ok()
}

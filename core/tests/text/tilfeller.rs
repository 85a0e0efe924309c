//! How many cases a property is tried on: 10,000, or as `NIR_PROPTEST_CASES` says (`make properties`).

use proptest::prelude::ProptestConfig;

#[expect(clippy::disallowed_methods, reason = "how long a run is, is no configuration of the register")]
pub fn cases() -> ProptestConfig {
    let told = std::env::var("NIR_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: told.unwrap_or(10_000), failure_persistence: None, ..ProptestConfig::default() }
}

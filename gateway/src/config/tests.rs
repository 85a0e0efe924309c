use super::*;

fn parse(text: &str) -> Result<Config, Problems> {
    Config::parse(text, Path::new("/etc/nir"), None)
}

#[test]
fn the_defaults_alone_parse_and_lack_only_what_has_no_default() {
    let config = parse("").unwrap();
    assert_eq!(config.profile, Profile::Test);
    assert_eq!(config.signing.ecdsa_key, None);
    let problems = config.validate().unwrap_err().0;
    let keys: Vec<_> = problems.iter().map(|problem| problem.split(' ').next().unwrap()).collect();
    let required = [
        "tls.key",
        "tls.certificate",
        "tls.client_anchors",
        "signing.key",
        "signing.certificate",
        "trust.anchors",
        "evidence.master_key_file",
    ];
    assert_eq!(keys, required, "{problems:#?}");
}

#[test]
fn every_table_says_what_is_wrong_with_it() {
    let text = "profile = 'staging'\n[limits]\nqueue = 'many'\n[listeners]\nfagsystem = 'here'\n[tls]\nkye = 'k'\n[colour]\nx = 1";
    let problems = parse(text).unwrap_err().0;
    for begin in ["colour: ", "profile: ", "limits.queue: ", "listeners.fagsystem: ", "tls.kye: "] {
        assert!(problems.iter().any(|problem| problem.starts_with(begin)), "{begin} in {problems:#?}");
    }
    assert_eq!(problems.len(), 5, "{problems:#?}");
}

#[test]
fn a_variable_goes_before_the_file() {
    // Figment reads the process's own variables; the jail keeps other tests out of this one.
    figment::Jail::expect_with(|jail| {
        jail.set_env("NIR_LISTENERS__FAGSYSTEM", "0.0.0.0:443");
        jail.set_env("NIR_TRUST__CRLS", "[\"/a.crl\", \"/b.crl\"]");
        jail.set_env("NIR_PROFILE", "production");
        // An orchestrator sets this by itself.
        jail.set_env("NIR_GATEWAY_PORT", "tcp://10.0.0.1:443");
        let text = "[listeners]\nfagsystem = '127.0.0.1:1'\nmetrics = '127.0.0.1:2'";
        let config = Config::parse(text, Path::new("/etc/nir"), Some(environment())).unwrap();
        assert_eq!(config.listeners.fagsystem.to_string(), "0.0.0.0:443");
        assert_eq!(config.listeners.metrics.to_string(), "127.0.0.1:2");
        assert_eq!((config.trust.crls.len(), config.profile), (2, Profile::Production));
        Ok(())
    });
}

#[test]
fn values_are_checked_all_at_once() {
    let text = "profile = 'production'\n[node]\nname = 'Node 1'\n[listeners]\npublic_url = 'http://nir.example'\n\
        [limits]\nin_flight = 2\nin_flight_per_sender = 3\nrequest_bytes_in_work = 1\nqueue = 0\nbody_seconds = 0\n\
        [database]\nurl = 'mysql://x'\n[trust]\ngrace_hours = 1000\n[signing]\necdsa_key = 'k'";
    let problems = parse(text).unwrap().validate().unwrap_err().to_string();
    for key in [
        "node.name",
        "listeners.public_url",
        "limits.in_flight_per_sender",
        "limits.request_bytes_in_work",
        "limits.queue",
        "limits.body_seconds",
        "database.url",
        "trust.grace_hours",
        "trust.crls",
        "signing.ecdsa_key",
        "environment = \"production\"",
    ] {
        assert!(problems.contains(key), "{key} in {problems}");
    }
}

#[test]
fn paths_are_relative_to_the_folder_of_the_file() {
    let config =
        parse("[tls]\nkey = 'tls.key'\n[trust]\ncrls = ['a.crl', '/b.crl']\n[database]\nurl = 'sqlite:nir.db'")
            .unwrap();
    assert_eq!(config.tls.key, PathBuf::from("/etc/nir/tls.key"));
    assert_eq!(config.trust.crls, [PathBuf::from("/etc/nir/a.crl"), PathBuf::from("/b.crl")]);
    assert_eq!(config.database.url, "sqlite:/etc/nir/nir.db");
}

#[test]
fn a_key_file_is_checked_without_being_quoted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("master"), "00112233-not-a-key").unwrap();
    std::fs::write(folder.path().join("tls.key"), "secret stuff").unwrap();
    let text = "[evidence]\nmaster_key_file = 'master'\n[tls]\nkey = 'tls.key'";
    let config = Config::parse(text, folder.path(), None).unwrap();
    let problems = config.validate().unwrap_err().to_string();
    assert!(
        problems.contains("64 hexadecimal digits") && problems.contains("no unencrypted private key"),
        "{problems}"
    );
    assert!(!problems.contains("00112233") && !problems.contains("secret"), "{problems}");
    std::fs::write(folder.path().join("master"), format!("{}\n", "0f".repeat(32))).unwrap();
    assert_eq!(config.evidence.master_key().unwrap(), [15; 32]);
}

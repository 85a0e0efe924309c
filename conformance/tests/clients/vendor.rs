//! `nir-conformance send`, as a vendor's developer meets it, with the messages of `conformance/examples`.

use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::sandbox::shared;

/// What a run of the tools came to.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `nir-conformance`.
pub fn run(arguments: &[&str]) -> Said {
    let output =
        Command::new(env!("CARGO_BIN_EXE_nir-conformance")).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// `send` to the shared sandbox.
pub fn send(arguments: &[&str]) -> Said {
    run(&[&["send", "--sandbox", shared().folder().to_str().unwrap()], arguments].concat())
}

/// A file of `conformance/examples`.
pub fn example(name: &str) -> String {
    format!("{}/examples/{name}.xml", env!("CARGO_MANIFEST_DIR"))
}

/// What each example comes to, and words of what is said about it.
const EXAMPLES: [(&str, i32, &str); 19] = [
    ("ping", 0, "TEST Leverandør AS"),
    ("sendRegistreringer", 0, "eksempel/tiltak/1"),
    ("sendRegistreringer-avvist", 1, "NIR-V601"),
    ("hentPerson", 0, "900000000108"),
    ("hentEndringer", 0, "4204-flyktning-1.1"),
    ("bekreftEndringer", 0, "bekreftetTil"),
    ("hentKvittering", 0, "IKKE_MOTTATT"),
    ("hentKodeverk", 0, "hendelsestype"),
    ("hentPersonliste", 0, "INTRO_RP"),
    ("forklarVindu", 0, "KOMMUNEETTERREGISTRERER"),
    ("hentBeregningslogg", 0, "IL-1"),
    ("hentDatakonsistens", 0, "VEDTAK_MANGLER"),
    ("hentPostoversikt", 0, "posttype"),
    ("finnPerson", 0, "202400000702"),
    ("hentAvsenderstatus", 0, "4204-flyktning-1"),
    ("ventPaaEndringer", 0, "svar"),
    ("hentOverfoeringsfeil", 0, "NIR-V601"),
    ("meldSupportsak", 0, "supportsakId"),
    ("hentSupportsak", 0, "AVSENDER"),
];

#[test]
fn every_example_does_what_it_says() {
    let mut files: Vec<_> = std::fs::read_dir(format!("{}/examples", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut rows = EXAMPLES.map(|(name, ..)| name);
    rows.sort_unstable();
    assert_eq!(files, rows);
    for soap in ["1.1", "1.2"] {
        for (name, code, words) in EXAMPLES {
            let said = send(&["--new-id", "--soap", soap, &example(name)]);
            assert_eq!(said.code, code, "{name}: {said:?}");
            assert!(said.out.contains(words) && said.err.is_empty(), "{name}: {said:?}");
            let plain = said.out.lines().all(|line| line == line.trim_end() && !line.contains('\u{1b}'));
            assert!(plain, "{name} is no plain text when it is piped: {said:?}");
        }
    }
}

#[test]
fn an_error_is_shown_with_its_place_in_the_file_and_its_cure() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("melding.xml");
    let wrong = std::fs::read_to_string(example("sendRegistreringer-avvist")).unwrap();
    let (before, _) = wrong.split_once("<vedtaksdato>").unwrap();
    let line = before.lines().count();
    std::fs::write(&file, &wrong).unwrap();
    let said = send(&["--new-id", file.to_str().unwrap()]);
    assert_eq!(said.code, 1, "{said:?}");
    for words in [
        "NIR-V601 FEIL",
        "Tidligste dato er ",
        "The earliest date is ",
        "løsning ",
        "rettes av      SAKSBEHANDLER",
        "/sendRegistreringer/melding/person[1]/registrering[1]/innhold/vedtak/vedtaksdato\n",
        &format!("{}, line {line}\n", file.display()),
    ] {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }

    // A structure that the schema refuses is a Fault, and its place is shown the same way.
    std::fs::write(&file, wrong.replace("<sluttDato>{today+240}</sluttDato>", "<sluttDato>30.04.2021</sluttDato>"))
        .unwrap();
    let said = send(&["--new-id", file.to_str().unwrap()]);
    assert_eq!(said.code, 2, "{said:?}");
    let place = format!("{}, line {}\n", file.display(), line + 2);
    assert!(said.out.contains("NIR-X302") && said.out.contains(&place), "{said:?}");
}

#[test]
fn a_file_sent_twice_is_a_repeated_message() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("melding.xml");
    let text = std::fs::read_to_string(example("sendRegistreringer")).unwrap();
    let duf = shared().person(20);
    let text = text.replace("900000000108", &duf).replace("eksempel-1", "vendor-twice").replace("eksempel/", "vendor/");
    std::fs::write(&file, text).unwrap();
    let first = send(&[file.to_str().unwrap()]);
    let second = send(&[file.to_str().unwrap()]);
    assert_eq!((first.code, second.code), (0, 0), "{first:?} {second:?}");
    assert!(!first.out.contains("gjentatt"), "{first:?}");
    assert_eq!(second.out.replace("  gjentatt: the stored answer, nothing was done again", ""), first.out);

    // Some days later the same file, with a new id, moves the dates along.
    let later = chrono::NaiveDate::parse_from_str(&mottatt(&first.out), "%Y-%m-%d").unwrap() + chrono::Days::new(5);
    let third = send(&["--new-id", "--today", &later.to_string(), file.to_str().unwrap()]);
    assert_eq!(third.code, 0, "{third:?}");
    assert!(third.out.contains("KORRIGERT"), "{third:?}");
}

/// The day on which a shown receipt was received.
fn mottatt(shown: &str) -> String {
    let (_, day) = shown.split_once("(window: as of ").unwrap();
    day.split(')').next().unwrap().to_owned()
}

#[test]
fn the_long_way_says_the_same_as_the_short_one() {
    let certs = shared().folder().join("certs");
    let file = |name: &str| certs.join(name).to_str().unwrap().to_owned();
    let endpoint = shared().endpoint();
    let said = run(&[
        "send",
        &example("ping"),
        "--endpoint",
        &endpoint,
        "--ca",
        &file("ca.pem"),
        "--cert",
        &file("vendor2.pem"),
        "--key",
        &file("vendor2.key"),
        "--gateway-cert",
        &file("gateway.pem"),
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    let short = send(&["--cert-name", "vendor2", &example("ping")]);
    let steady =
        |said: &Said| said.out.lines().filter(|line| !line.starts_with("tid ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(steady(&said), steady(&short));
}

#[test]
fn an_answer_by_another_certificate_is_not_believed() {
    let other = shared().folder().join("certs/vendor.pem");
    let said = send(&["--gateway-cert", other.to_str().unwrap(), &example("ping")]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("not to be believed") && said.out.is_empty(), "{said:?}");
}

/// Arguments, and words of what is wrong with them: all end with 4, and nothing is sent.
#[test]
fn wrong_use_is_said_to_be_that() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sandbox = shared().folder().to_str().unwrap();
    let (ping, empty) = (example("ping"), folder.path().to_str().unwrap());
    let envelope = path("e.xml", "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'/>");
    let placeholder = path("p.xml", "<ping>{today+}</ping>");
    let garbled = path("g.xml", "<ping");
    let cases: [(&[&str], &str); 11] = [
        (&[], "Usage"),
        (&["send"], "--sandbox DIR FILE"),
        (&["send", &ping], "--endpoint"),
        (&["send", "--sandbox", empty, &ping], "does the sandbox run"),
        (&["send", "--sandbox", sandbox, "--cert-name", "nobody", &ping], "kommune, mottak, udi, vendor, vendor2"),
        (&["send", "--sandbox", sandbox, "--endpoint", "http://localhost/", &ping], "no https address"),
        (&["send", "--sandbox", sandbox, "--endpoint", "https://localhost:1/", &ping], "no connection to localhost:1"),
        (&["send", "--sandbox", sandbox, &envelope], "child of its Body"),
        (&["send", "--sandbox", sandbox, &placeholder], "{today+30}"),
        (&["send", "--sandbox", sandbox, &garbled], "not well-formed"),
        (&["verify", &ping], "--gateway-cert"),
    ];
    for (arguments, words) in cases {
        let said = run(arguments);
        assert_eq!(said.code, 4, "{arguments:?}: {said:?}");
        assert!(said.err.contains(words), "{arguments:?}: {said:?}");
    }
}

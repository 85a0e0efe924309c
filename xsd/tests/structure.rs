//! The rules between elements: a row for each. A row's lines stand in one person each, so that the n-th line is
//! `person[n]/registrering[1]`.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use nir_xsd::limits::{MAX_PER_PERSON, MAX_PERSONS, MAX_REGISTRERINGER, MAX_VIOLATIONS};
use nir_xsd::message::{Registreringsmelding, Request};
use nir_xsd::structure::{check, check_grunnlag};
use nir_xsd::validate::{Invalid, validate};

const TILTAK: &str = "<innhold><tiltak><ordning>INTRO</ordning><tiltaksgruppe>NORSK_SAMF</tiltaksgruppe><tiltakstype>NS01</tiltakstype><fraDato>2026-11-30</fraDato><tilDato>2027-05-31</tilDato><timerPerUke>20</timerPerUke></tiltak></innhold>";
const POST: &str = "<post><postId>p-1</postId><versjon>3</versjon></post>";
const REF: &str = "<avsendersReferanse>r-1</avsendersReferanse>";
const FRA: &str = "<gjelderFra>2026-12-01</gjelderFra>";

/// A line: `handling`, then its other elements. Its registreringsId is its number.
struct Line(&'static str, String);

fn line(handling: &'static str, rest: &[&str]) -> Line {
    Line(handling, rest.concat())
}

fn post(inner: &str) -> String {
    format!("<post>{inner}</post>")
}

/// A vedtak with a reference in it.
fn vedtak(reference: &str) -> String {
    format!(
        "<innhold><vedtak><ordning>INTRO</ordning><vedtakstype>OMGJOERING</vedtakstype><vedtaksdato>2026-11-16</vedtaksdato>{reference}</vedtak></innhold>"
    )
}

/// Content of another kind with a reference in it.
fn innhold(kind: &str, reference: &str) -> String {
    let (before, after) = match kind {
        "klage" => ("<ordning>INTRO</ordning>", "<klageDato>2026-11-16</klageDato>"),
        "permisjon" => (
            "<ordning>INTRO</ordning><permisjonstype>PE01</permisjonstype><fraDato>2026-11-16</fraDato><tilDato>2026-11-17</tilDato>",
            "",
        ),
        "deltakerbevis" => ("<utstedtDato>2026-11-16</utstedtDato>", ""),
        other => panic!("{other}: teach this helper"),
    };
    format!("<innhold><{kind}>{before}<vedtakRef>{reference}</vedtakRef>{after}</{kind}></innhold>")
}

fn xml(persons: &[Vec<String>]) -> String {
    let mut xml = String::from(
        "<sendRegistreringer xmlns=\"urn:no:nir:melding:v1\"><melding><meldingshode><meldingsId>m-1</meldingsId><kontraktversjon>1.0</kontraktversjon><avsendersystem>s</avsendersystem><kommunenummer>4204</kommunenummer><overfoeringsbruker>b</overfoeringsbruker><fagsystem><navn>n</navn><versjon>1</versjon></fagsystem><opprettet>2026-11-23T13:02:11Z</opprettet></meldingshode>",
    );
    for lines in persons {
        xml += "<person><dufNummer>202400000702</dufNummer>";
        for line in lines {
            xml += &format!("<registrering>{line}</registrering>");
        }
        xml += "</person>";
    }
    xml + "</melding></sendRegistreringer>"
}

fn melding(persons: &[Vec<String>]) -> Registreringsmelding {
    let xml = xml(persons);
    assert_eq!(validate(xml.as_bytes()), Ok(()), "what the schema can say is no row of this table");
    match Request::parse(xml.as_bytes()).unwrap() {
        Request::SendRegistreringer(wrapper) => wrapper.melding,
        other => panic!("{}", other.root()),
    }
}

fn numbered(lines: &[Line]) -> Registreringsmelding {
    let persons: Vec<Vec<String>> = lines
        .iter()
        .enumerate()
        .map(|(n, Line(handling, rest))| {
            vec![format!("<registreringsId>{}</registreringsId><handling>{handling}</handling>{rest}", n + 1)]
        })
        .collect();
    melding(&persons)
}

/// Lines, and what is wrong: `person[n]/registrering[1]/` is left out of the path.
type Row = (&'static str, Vec<Line>, &'static [(usize, &'static str, &'static str)]);

fn table() -> Vec<Row> {
    let earlier = || line("REGISTRER", &[REF, TILTAK]);
    let by_line = |n: &str| post(&format!("<registreringsId>{n}</registreringsId>"));
    let by_ref = post("<avsendersReferanse>r-9</avsendersReferanse>");
    vec![
        // Each handling as it should be.
        ("register", vec![line("REGISTRER", &[TILTAK])], &[]),
        ("register with a reference", vec![line("REGISTRER", &[REF, TILTAK])], &[]),
        ("change", vec![line("ENDRE", &[POST, FRA, TILTAK])], &[]),
        ("change with a new reference", vec![line("ENDRE", &[REF, POST, FRA, TILTAK])], &[]),
        ("correct", vec![line("KORRIGER", &[POST, TILTAK])], &[]),
        ("correct by reference, without versjon", vec![line("KORRIGER", &[&by_ref, TILTAK])], &[]),
        ("annul", vec![line("ANNULLER", &[POST])], &[]),
        ("set", vec![line("SETT", &[REF, TILTAK])], &[]),
        ("set over a known version", vec![line("SETT", &[REF, POST, TILTAK])], &[]),
        ("set over a post without versjon", vec![line("SETT", &[REF, &post("<postId>p-1</postId>"), TILTAK])], &[]),
        ("attach", vec![line("KNYTT", &[REF, &post("<postId>p-1</postId>")])], &[]),
        // What each handling needs.
        (
            "REGISTRER without content",
            vec![line("REGISTRER", &[REF])],
            &[(1, "innhold", "REGISTRER requires innhold.")],
        ),
        (
            "ENDRE without anything",
            vec![line("ENDRE", &[])],
            &[
                (1, "post", "ENDRE requires post."),
                (1, "gjelderFra", "ENDRE requires gjelderFra."),
                (1, "innhold", "ENDRE requires innhold."),
            ],
        ),
        (
            "KORRIGER without anything",
            vec![line("KORRIGER", &[])],
            &[(1, "post", "KORRIGER requires post."), (1, "innhold", "KORRIGER requires innhold.")],
        ),
        ("ANNULLER without anything", vec![line("ANNULLER", &[])], &[(1, "post", "ANNULLER requires post.")]),
        (
            "SETT without anything",
            vec![line("SETT", &[])],
            &[(1, "avsendersReferanse", "SETT requires avsendersReferanse."), (1, "innhold", "SETT requires innhold.")],
        ),
        (
            "KNYTT without anything",
            vec![line("KNYTT", &[])],
            &[(1, "avsendersReferanse", "KNYTT requires avsendersReferanse."), (1, "post", "KNYTT requires post.")],
        ),
        // What each handling may not have.
        (
            "REGISTRER with a post",
            vec![line("REGISTRER", &[POST, TILTAK])],
            &[(1, "post", "REGISTRER may not have post.")],
        ),
        (
            "ANNULLER with content",
            vec![line("ANNULLER", &[POST, TILTAK])],
            &[(1, "innhold", "ANNULLER may not have innhold.")],
        ),
        (
            "KNYTT with content",
            vec![line("KNYTT", &[REF, POST, TILTAK])],
            &[(1, "innhold", "KNYTT may not have innhold.")],
        ),
        (
            "gjelderFra with REGISTRER",
            vec![line("REGISTRER", &[FRA, TILTAK])],
            &[(1, "gjelderFra", "REGISTRER may not have gjelderFra.")],
        ),
        (
            "gjelderFra with KORRIGER",
            vec![line("KORRIGER", &[POST, FRA, TILTAK])],
            &[(1, "gjelderFra", "KORRIGER may not have gjelderFra.")],
        ),
        (
            "gjelderFra with ANNULLER",
            vec![line("ANNULLER", &[POST, FRA])],
            &[(1, "gjelderFra", "ANNULLER may not have gjelderFra.")],
        ),
        (
            "gjelderFra with SETT",
            vec![line("SETT", &[REF, FRA, TILTAK])],
            &[(1, "gjelderFra", "SETT may not have gjelderFra.")],
        ),
        (
            "gjelderFra with KNYTT",
            vec![line("KNYTT", &[REF, POST, FRA])],
            &[(1, "gjelderFra", "KNYTT may not have gjelderFra.")],
        ),
        // versjon goes with postId.
        (
            "ENDRE by postId alone",
            vec![line("ENDRE", &[&post("<postId>p</postId>"), FRA, TILTAK])],
            &[(1, "post/versjon", "ENDRE requires versjon with postId.")],
        ),
        (
            "KORRIGER by postId alone",
            vec![line("KORRIGER", &[&post("<postId>p</postId>"), TILTAK])],
            &[(1, "post/versjon", "KORRIGER requires versjon with postId.")],
        ),
        (
            "ANNULLER by postId alone",
            vec![line("ANNULLER", &[&post("<postId>p</postId>")])],
            &[(1, "post/versjon", "ANNULLER requires versjon with postId.")],
        ),
        // A handling that the contract does not know is judged later, its references now.
        ("unknown handling", vec![line("SLETT", &[]), line("SLETT", &[POST, FRA, TILTAK])], &[]),
        (
            "unknown handling with a bad reference",
            vec![line("SLETT", &[&post("")])],
            &[(1, "post", "post points at no post.")],
        ),
        // A reference points in exactly one way.
        ("an empty reference", vec![line("ANNULLER", &[&post("")])], &[(1, "post", "post points at no post.")]),
        (
            "versjon alone",
            vec![line("ANNULLER", &[&post("<versjon>1</versjon>")])],
            &[(1, "post", "post points at no post.")],
        ),
        (
            "two ways",
            vec![line(
                "ANNULLER",
                &[&post("<postId>p</postId><versjon>1</versjon><avsendersReferanse>r</avsendersReferanse>")],
            )],
            &[(1, "post", "post points at a post in several ways.")],
        ),
        (
            "three ways",
            vec![
                earlier(),
                line(
                    "ANNULLER",
                    &[&post(
                        "<postId>p</postId><versjon>1</versjon><avsendersReferanse>r</avsendersReferanse><registreringsId>1</registreringsId>",
                    )],
                ),
            ],
            &[(2, "post", "post points at a post in several ways.")],
        ),
        (
            "vedtakRef, empty",
            vec![line("REGISTRER", &[&vedtak("<vedtakRef></vedtakRef>")])],
            &[(1, "innhold/vedtak/vedtakRef", "vedtakRef points at no post.")],
        ),
        (
            "klageRef, two ways",
            vec![line(
                "REGISTRER",
                &[&vedtak("<klageRef><postId>p</postId><avsendersReferanse>r</avsendersReferanse></klageRef>")],
            )],
            &[(1, "innhold/vedtak/klageRef", "klageRef points at a post in several ways.")],
        ),
        (
            "vedtakRef needs no versjon",
            vec![line("REGISTRER", &[&vedtak("<vedtakRef><postId>p</postId></vedtakRef>")])],
            &[],
        ),
        // Every kind that names a decision.
        (
            "vedtakRef of a klage, a permisjon and a deltakerbevis",
            vec![
                earlier(),
                line("REGISTRER", &[&innhold("klage", "<postId>p</postId>")]),
                line("REGISTRER", &[&innhold("permisjon", "<registreringsId>1</registreringsId>")]),
                line("REGISTRER", &[&innhold("deltakerbevis", "<avsendersReferanse>r</avsendersReferanse>")]),
            ],
            &[],
        ),
        (
            "vedtakRef of a klage, empty",
            vec![line("REGISTRER", &[&innhold("klage", "")])],
            &[(1, "innhold/klage/vedtakRef", "vedtakRef points at no post.")],
        ),
        (
            "vedtakRef of a permisjon, two ways",
            vec![line(
                "REGISTRER",
                &[&innhold("permisjon", "<postId>p</postId><avsendersReferanse>r</avsendersReferanse>")],
            )],
            &[(1, "innhold/permisjon/vedtakRef", "vedtakRef points at a post in several ways.")],
        ),
        (
            "vedtakRef of a deltakerbevis, a line that is not there",
            vec![line("REGISTRER", &[&innhold("deltakerbevis", "<registreringsId>9</registreringsId>")])],
            &[(
                1,
                "innhold/deltakerbevis/vedtakRef/registreringsId",
                "registreringsId points at a line that is not in the message.",
            )],
        ),
        // registreringsId is of an earlier line.
        ("an earlier line", vec![earlier(), line("KORRIGER", &[&by_line("1"), TILTAK])], &[]),
        (
            "an earlier line, from vedtakRef",
            vec![
                earlier(),
                line("REGISTRER", &[&vedtak("<vedtakRef><registreringsId>1</registreringsId></vedtakRef>")]),
            ],
            &[],
        ),
        (
            "itself",
            vec![line("KORRIGER", &[&by_line("1"), TILTAK])],
            &[(1, "post/registreringsId", "registreringsId points at a line that does not come before this one.")],
        ),
        (
            "a later line",
            vec![line("KORRIGER", &[&by_line("2"), TILTAK]), earlier()],
            &[(1, "post/registreringsId", "registreringsId points at a line that does not come before this one.")],
        ),
        (
            "no line",
            vec![line("KORRIGER", &[&by_line("9"), TILTAK])],
            &[(1, "post/registreringsId", "registreringsId points at a line that is not in the message.")],
        ),
        (
            "a later line, from vedtakRef",
            vec![
                line("REGISTRER", &[&vedtak("<vedtakRef><registreringsId>2</registreringsId></vedtakRef>")]),
                earlier(),
            ],
            &[(
                1,
                "innhold/vedtak/vedtakRef/registreringsId",
                "registreringsId points at a line that does not come before this one.",
            )],
        ),
        // All at once, in document order.
        (
            "several lines",
            vec![line("REGISTRER", &[POST]), earlier(), line("KNYTT", &[&post("")])],
            &[
                (1, "post", "REGISTRER may not have post."),
                (1, "innhold", "REGISTRER requires innhold."),
                (3, "avsendersReferanse", "KNYTT requires avsendersReferanse."),
                (3, "post", "post points at no post."),
            ],
        ),
    ]
}

#[test]
fn every_rule_is_told_at_its_place() {
    for (name, lines, expected) in table() {
        let told = check(&numbered(&lines)).err().unwrap_or_default();
        let told: Vec<(String, String)> = told.violations.into_iter().map(|v| (v.path, v.en)).collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(n, below, en)| {
                (format!("/sendRegistreringer/melding/person[{n}]/registrering[1]/{below}"), (*en).to_owned())
            })
            .collect();
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn every_violation_has_both_languages_and_says_what_to_do() {
    for (name, lines, _) in table() {
        for v in check(&numbered(&lines)).err().unwrap_or_default().violations {
            assert_eq!(v.element, v.path.rsplit('/').next().unwrap(), "{name}");
            for text in [&v.nb, &v.en, v.hint_nb.as_ref().unwrap(), v.hint_en.as_ref().unwrap()] {
                assert!(text.ends_with('.') && text.len() > 10, "{name}: {text}");
            }
            assert_ne!(v.nb, v.en);
        }
    }
}

/// So many lines, spread over persons; all with the id that `id` gives.
fn many(count: usize, id: impl Fn(usize) -> usize) -> Registreringsmelding {
    let lines: Vec<String> = (0..count)
        .map(|n| format!("<registreringsId>{}</registreringsId><handling>REGISTRER</handling>{TILTAK}", id(n)))
        .collect();
    melding(&lines.chunks(MAX_PER_PERSON).map(<[String]>::to_vec).collect::<Vec<_>>())
}

#[test]
fn at_most_a_thousand_registrations() {
    assert_eq!(check(&many(MAX_REGISTRERINGER, |n| n)), Ok(()));
    let Invalid { total, violations } = check(&many(MAX_REGISTRERINGER + 1, |n| n)).unwrap_err();
    assert_eq!(total, 1);
    assert_eq!(violations[0].path, "/sendRegistreringer/melding");
    assert_eq!(violations[0].nb, "Meldingen har 1001 registreringer. Høyst 1000 er tillatt.");
    assert_eq!(violations[0].en, "The message has 1001 registrations. At most 1000 are allowed.");
}

#[test]
fn a_registrerings_id_is_used_once() {
    let Invalid { total, violations } = check(&many(5, |n| n % 3)).unwrap_err();
    let paths: Vec<&str> = violations.iter().map(|v| v.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/sendRegistreringer/melding/person[1]/registrering[4]/registreringsId",
            "/sendRegistreringer/melding/person[1]/registrering[5]/registreringsId",
        ]
    );
    assert_eq!(total, 2);
    assert_eq!(violations[0].nb, "registreringsId er brukt på en tidligere linje i meldingen.");
}

#[test]
fn an_id_is_unique_over_all_persons() {
    let Invalid { violations, .. } = check(&many(MAX_PER_PERSON + 1, |n| n % MAX_PER_PERSON)).unwrap_err();
    assert_eq!(violations[0].path, "/sendRegistreringer/melding/person[2]/registrering[1]/registreringsId");
}

#[test]
fn all_are_counted_and_the_first_are_told() {
    let Invalid { total, violations } = check(&many(1 + 3 * MAX_VIOLATIONS, |_| 1)).unwrap_err();
    assert_eq!((total, violations.len()), (3 * MAX_VIOLATIONS, MAX_VIOLATIONS));
}

/// The limits that the schema holds are told as limits, too.
#[test]
fn too_many_persons_and_too_many_lines() {
    let line = |n: usize| format!("<registreringsId>{n}</registreringsId><handling>ANNULLER</handling>{POST}");
    let persons = |count: usize, lines: usize| xml(&vec![(0..lines).map(line).collect(); count]);
    assert_eq!(validate(persons(MAX_PERSONS, 1).as_bytes()), Ok(()));
    let person = validate(persons(MAX_PERSONS + 1, 1).as_bytes()).unwrap_err().violations.remove(0);
    assert_eq!(person.path, "/sendRegistreringer/melding/person[501]");
    assert_eq!(person.nb, "person står for mange ganger i melding: høyst 500.");
    assert_eq!(validate(persons(1, MAX_PER_PERSON).as_bytes()), Ok(()));
    let line = validate(persons(1, MAX_PER_PERSON + 1).as_bytes()).unwrap_err().violations.remove(0);
    assert_eq!(line.path, "/sendRegistreringer/melding/person[1]/registrering[201]");
    assert_eq!(line.en, "registrering stands too often in person: at most 200.");
    assert!(line.hint_nb.is_some() && line.hint_en.is_some());
}

/// What a source's lines need: each row is the person's lines, and what is told.
#[test]
fn what_a_source_may_say_of_a_fact() {
    const SAMPLE: &str = include_str!("../samples/sendPersongrunnlag.xml");
    let (head, tail) = (SAMPLE.split_once("<opplysning>").unwrap().0, SAMPLE.split_once("</opplysning>").unwrap().1);
    let told = |lines: &str| {
        let xml = format!("{head}{lines}{tail}");
        let Ok(Request::SendPersongrunnlag(wrapper)) = Request::parse(xml.as_bytes()) else { panic!("{xml}") };
        let invalid = check_grunnlag(&wrapper.melding).err().unwrap_or_default();
        let places = invalid.violations.iter().map(|v| v.path.rsplit('/').next().unwrap().to_owned());
        assert!(invalid.violations.iter().all(|v| v.hint_nb.is_some() && v.hint_en.is_some()), "{invalid:?}");
        places.collect::<Vec<_>>()
    };
    let line = |id: &str, handling: &str, rest: &str| {
        format!("<opplysning><kildeId>{id}</kildeId><handling>{handling}</handling>{rest}</opplysning>")
    };
    let (from, to) = ("<fraDato>2026-01-01</fraDato>", "<tilDato>2026-12-31</tilDato>");
    let says = "<innhold><ankomst><dato>2026-01-01</dato></ankomst></innhold>";
    for (lines, places) in [
        (line("a", "SETT", &[from, says].concat()), vec![]),
        (line("a", "SETT", &[from, to, says].concat()), vec![]),
        (line("a", "SETT", says), vec!["fraDato"]),
        (line("a", "SETT", ""), vec!["fraDato", "innhold"]),
        (line("a", "ANNULLER", ""), vec![]),
        (line("a", "ANNULLER", &[from, to, says].concat()), vec!["fraDato", "tilDato", "innhold"]),
        // A handling that the contract does not know is an error of its line.
        (line("a", "KNYTT", ""), vec![]),
        (line("a", "ANNULLER", "") + &line("a", "ANNULLER", ""), vec!["kildeId"]),
        (line("a", "ANNULLER", "") + &line("b", "ANNULLER", ""), vec![]),
    ] {
        assert_eq!(told(&lines), places, "{lines}");
    }
    let many: String = (0..=MAX_REGISTRERINGER).map(|n| line(&n.to_string(), "ANNULLER", "")).collect();
    assert_eq!(told(&many), ["melding"]);
}

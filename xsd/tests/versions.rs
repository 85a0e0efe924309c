//! `kontraktversjon` (contract.md 0.2, 4.1): every answer, written for every published minor version, validates
//! against that version's schema and holds nothing newer. A contract of tomorrow, made of today's files and two
//! additions, shows that the writer obeys `since`.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::BTreeSet;

use nir_xsd::catalog::{FILES, SchemaFile};
use nir_xsd::libxml::{self, Verdict};
use nir_xsd::message::{Answer, NirFeil, Push, Version};
use nir_xsd::outline::Outline;
use nir_xsd::validate::validate;

#[path = "support/schema.rs"]
mod schema;
use schema::{Build, Schema, instance, is_xs};

/// Every root that the gateway sends.
fn answers() -> impl Iterator<Item = &'static str> {
    Answer::ROOTS.iter().chain(Push::ROOTS).copied().chain(["nirFeil"])
}

fn written(root: &str, xml: &str, version: &Version) -> Vec<u8> {
    match root {
        "mottaEndringer" => Push::parse(xml.as_bytes()).unwrap().to_canonical(version),
        "nirFeil" => NirFeil::parse(xml).unwrap().to_canonical(version),
        _ => Answer::parse(xml.as_bytes()).unwrap().to_canonical(version),
    }
}

/// The schema files, changed, as the catalog holds them.
fn files(texts: impl Iterator<Item = (&'static str, String)>) -> Vec<SchemaFile> {
    texts.map(|(name, text)| SchemaFile { name, bytes: Box::leak(text.into_boxed_str()).as_bytes() }).collect()
}

fn text(file: &SchemaFile) -> &'static str {
    std::str::from_utf8(file.bytes).unwrap()
}

/// The schema of a published version: today's files without what came later.
fn schema_of(version: Version) -> libxml::Schema {
    let cut = files(FILES.iter().map(|file| (file.name, without_newer(text(file), version.minor()))));
    libxml::Schema::compile(&cut, 0).unwrap()
}

fn without_newer(text: &str, minor: u16) -> String {
    let document = roxmltree::Document::parse(text).unwrap();
    let mut newer: Vec<_> = document
        .descendants()
        .filter(|node| is_xs(*node, "element"))
        .filter(|node| {
            // What stands in a newer element goes with it.
            !node.ancestors().skip(1).any(|outer| is_xs(outer, "element") && is_newer(outer, minor))
        })
        .filter(|node| is_newer(*node, minor))
        .map(|node| node.range())
        .collect();
    newer.reverse();
    let mut text = text.to_owned();
    for range in newer {
        text.replace_range(range, "");
    }
    text
}

fn is_newer(node: roxmltree::Node<'_, '_>, minor: u16) -> bool {
    let since = node.descendants().find(|n| n.tag_name().name() == "since").and_then(|n| n.text()).unwrap();
    since.strip_prefix("1.").unwrap().parse::<u16>().unwrap() > minor
}

#[test]
fn the_latest_version_is_the_newest_that_the_schemas_name() {
    assert_eq!(Outline::published().newest(), Version::LATEST.minor());
    let published: Vec<u16> = Version::PUBLISHED.iter().map(|version| version.minor()).collect();
    assert_eq!(published, (0..=Version::LATEST.minor()).collect::<Vec<_>>());
    for version in Version::PUBLISHED {
        assert_eq!(Version::parse(&version.to_string()), *version);
    }
}

#[test]
fn a_caller_gets_the_version_it_names_or_ours() {
    for (named, written) in
        [("1.0", "1.0"), ("1.1", "1.1"), ("1.999", "1.1"), ("2.0", "1.1"), ("0.9", "1.1"), ("", "1.1"), ("1.x", "1.1")]
    {
        assert_eq!(Version::parse(named).to_string(), written, "{named}");
    }
}

#[test]
fn every_answer_is_valid_in_every_published_version() {
    let newest = Schema::published();
    for version in Version::PUBLISHED {
        let schema = schema_of(*version);
        let known = elements_of(&newest, *version);
        let old_enough = |root: &&str| Outline::published().root(root).unwrap().since <= version.minor();
        for root in answers().filter(old_enough) {
            for build in Build::all() {
                let xml = written(root, &instance(&newest, root, build), version);
                assert_eq!(schema.validate(&xml), Verdict::Valid, "{version} {root} {build:?}");
                for name in elements_in(&xml) {
                    assert!(known.contains(&name), "{name} is newer than {version}");
                }
            }
        }
    }
}

/// Names of the elements that a version has.
fn elements_of(schema: &Schema, version: Version) -> BTreeSet<String> {
    let particles = schema.types.values().chain(schema.roots.values()).flatten();
    let elements = particles.flat_map(schema::Particle::elements).filter(|element| element.since <= version.minor());
    elements.map(|element| &element.name).chain(schema.roots.keys()).cloned().collect()
}

fn elements_in(xml: &[u8]) -> Vec<String> {
    let document = roxmltree::Document::parse(std::str::from_utf8(xml).unwrap()).unwrap();
    document.descendants().filter(|n| n.is_element()).map(|n| n.tag_name().name().to_owned()).collect()
}

/// An element as the files declare them.
fn declare(name: &str, type_name: &str, attributes: &str, since: &str) -> String {
    format!(
        "<xs:element name=\"{name}\" type=\"{type_name}\"{attributes}><xs:annotation><xs:appinfo>\
         <nir:since>{since}</nir:since></xs:appinfo></xs:annotation></xs:element>"
    )
}

/// Today's files with additions of the next version, each put before a declaration that is there: one value at the end of
/// `Bevis`, one repeated structure in the middle of `Feil`, and one branch of the choice of `Endring`.
fn tomorrow(optional: &str) -> Vec<SchemaFile> {
    let next = format!("1.{}", Version::LATEST.minor() + 1);
    let next = next.as_str();
    let additions = [
        ("nir-kvittering-v1.xsd", r#"<xs:element name="forrigeHash""#, declare("algoritme", "Kode", optional, next)),
        (
            "nir-felles-v1.xsd",
            r#"<xs:element name="tillegg""#,
            declare("lenke", "Lenke", " minOccurs=\"0\" maxOccurs=\"unbounded\"", next),
        ),
        ("nir-endring-v1.xsd", r#"<xs:element name="annenHendelse""#, declare("lenket", "Lenke", "", next)),
    ];
    let lenke = format!(
        "<xs:complexType name=\"Lenke\"><xs:sequence>{}{}</xs:sequence></xs:complexType><xs:element name=\"nirFeil\">",
        declare("adresse", "xs:string", "", next),
        declare("gjelder", "PostSvar", " minOccurs=\"0\"", next),
    );
    files(FILES.iter().map(|file| {
        let mut text = text(file).to_owned();
        for (_, before, addition) in additions.iter().filter(|(name, ..)| *name == file.name) {
            assert!(text.contains(before), "{before}");
            text = text.replacen(before, &format!("{addition}{before}"), 1);
        }
        (file.name, text.replacen(r#"<xs:element name="nirFeil">"#, &lenke, 1))
    }))
}

#[test]
fn what_is_newer_than_the_caller_is_left_out() {
    let files = tomorrow(" minOccurs=\"0\"");
    let outline = Outline::read(files.iter().map(|file| file.bytes));
    assert_eq!(outline.newest(), Version::LATEST.minor() + 1);
    assert_eq!(objections(&outline), [""; 0]);
    let schema = Schema::read(files.iter().map(text));
    let compiled = libxml::Schema::compile(&files, 0).unwrap();
    let version = Version::LATEST;
    let mut newer = 0;
    for root in answers() {
        for build in Build::all() {
            let xml = instance(&schema, root, build);
            assert_eq!(compiled.validate(xml.as_bytes()), Verdict::Valid, "{root} {build:?}\n{xml}");
            let filtered = version.filter_by(&outline, xml.clone().into_bytes());
            assert_eq!(validate(&filtered), Ok(()), "{root} {build:?}\n{xml}\n{}", String::from_utf8_lossy(&filtered));
            if validate(xml.as_bytes()).is_ok() {
                assert_eq!(String::from_utf8(filtered).unwrap(), xml, "what is not newer stays as it is");
            } else {
                newer += 1;
                assert_eq!(version.filter_by(&outline, filtered.clone()), filtered);
            }
        }
    }
    assert!(newer > 10, "{newer}: the contract of tomorrow adds nothing that is written");
}

#[test]
fn a_newer_change_is_told_as_key_and_value() {
    let files = tomorrow(" minOccurs=\"0\"");
    let outline = Outline::read(files.iter().map(|file| file.bytes));
    let change = |inner: &str| {
        format!(
            "<hentEndringerSvar xmlns=\"urn:no:nir:melding:v1\"><side><endring><opphav>WEB</opphav>{inner}</endring>\
             <endring><opphav>UDI</opphav></endring></side></hentEndringerSvar>"
        )
    };
    let newer =
        change("<lenket><adresse>a &amp; b</adresse><gjelder><postId>p</postId><versjon></versjon></gjelder></lenket>");
    let known = change(
        "<annenHendelse><tillegg><noekkel>adresse</noekkel><verdi>a &amp; b</verdi></tillegg>\
         <tillegg><noekkel>gjelder.postId</noekkel><verdi>p</verdi></tillegg>\
         <tillegg><noekkel>gjelder.versjon</noekkel><verdi></verdi></tillegg></annenHendelse>",
    );
    let filtered = Version::LATEST.filter_by(&outline, newer.into_bytes());
    assert_eq!(String::from_utf8(filtered).unwrap(), known);
}

#[test]
fn a_picture_of_a_person_is_told_to_1_0_as_key_and_value() {
    let sample = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/hentEndringerSvar-oeyeblikksbilde.xml"));
    let answer = Answer::parse(&sample.unwrap()).unwrap();
    let told = String::from_utf8(answer.to_canonical(&Version::parse("1.0"))).unwrap();
    assert!(!told.contains("personOeyeblikksbilde"), "{told}");
    for (key, value) in [("posisjon", "40230"), ("siste", "true"), ("person.post.innhold.tiltak.tiltakstype", "NS01")] {
        let pair = format!("<noekkel>{key}</noekkel><verdi>{value}</verdi>");
        assert!(told.contains(&pair), "{pair}\n{told}");
    }
}

/// Additions that no older caller could be spared: one that must be there, or a branch of a choice that does not end
/// with `annenHendelse`. A type that came with a version as a whole stands in newer elements alone.
fn objections(outline: &Outline) -> Vec<String> {
    let types = Schema::published().types.into_keys().map(|name| (name.clone(), outline.elements(&name)));
    types
        .filter(|(_, elements)| elements.iter().any(|element| element.since == 0))
        .flat_map(|(name, elements)| {
            let ends_open = elements.last().is_some_and(|element| element.name == "annenHendelse");
            let newer = elements.iter().filter(|element| element.since > 0);
            newer
                .filter(move |element| element.required || (element.branch && !ends_open))
                .map(move |element| format!("{name}/{}", element.name))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_addition_can_be_left_out() {
    assert_eq!(objections(Outline::published()), [""; 0]);
    let required = tomorrow("");
    assert_eq!(objections(&Outline::read(required.iter().map(|file| file.bytes))), ["Bevis/algoritme"]);
}

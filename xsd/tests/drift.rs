//! Schema and types cannot part (design.md 2): the smallest and the largest instance of every message, built from the
//! published files, is read and written without loss, and each type has the fields that its schema type has elements.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what it needs by failing")]

use std::collections::BTreeSet;

use nir_xsd::message::{Answer, NirFeil, Push, PushAnswer, Request, Version};
use nir_xsd::outline::Outline;
use nir_xsd::validate::validate;

#[path = "support/fields.rs"]
mod fields;
#[path = "support/schema.rs"]
mod schema;
use fields::{Fields, fields};
use schema::{Build, Particle, Schema, instance};

/// What was read of an instance.
struct Read {
    written: Vec<u8>,
    fields: Fields,
}

macro_rules! read {
    ($xml:expr, $message:ident) => {{
        let message = $message::parse($xml.as_bytes()).unwrap();
        let again = $message::parse(&message.to_xml()).unwrap();
        assert_eq!(message, again);
        let fields = match &message {
            $message::Ping(wrapper) => fields(wrapper),
            $message::SendRegistreringer(wrapper) => fields(wrapper),
            $message::HentKvittering(wrapper) => fields(wrapper),
            $message::HentPerson(wrapper) => fields(wrapper),
            $message::HentKodeverk(wrapper) => fields(wrapper),
            $message::HentEndringer(wrapper) => fields(wrapper),
            $message::BekreftEndringer(wrapper) => fields(wrapper),
            $message::FinnPerson(wrapper) => fields(wrapper),
            $message::HentPersonliste(wrapper) => fields(wrapper),
            $message::HentPostoversikt(wrapper) => fields(wrapper),
            $message::HentBeregningslogg(wrapper) => fields(wrapper),
            $message::HentDatakonsistens(wrapper) => fields(wrapper),
            $message::ForklarVindu(wrapper) => fields(wrapper),
            $message::HentAvsenderstatus(wrapper) => fields(wrapper),
            $message::MeldSertifikat(wrapper) => fields(wrapper),
            $message::MeldFeilregistrert(wrapper) => fields(wrapper),
            $message::VentPaaEndringer(wrapper) => fields(wrapper),
            $message::BestillOeyeblikksbilde(wrapper) => fields(wrapper),
            $message::HentOverfoeringsfeil(wrapper) => fields(wrapper),
            $message::MeldSupportsak(wrapper) => fields(wrapper),
            $message::HentSupportsak(wrapper) => fields(wrapper),
            $message::SendPersongrunnlag(wrapper) => fields(wrapper),
        };
        Read { written: message.to_xml(), fields }
    }};
}

fn read(root: &str, xml: &str) -> Read {
    if Request::ROOTS.contains(&root) {
        return read!(xml, Request);
    }
    if Answer::ROOTS.contains(&root) {
        return read!(xml, Answer);
    }
    if Push::ROOTS.contains(&root) {
        let message = Push::parse(xml.as_bytes()).unwrap();
        assert_eq!(message, Push::parse(&message.to_xml()).unwrap());
        let Push::MottaEndringer(wrapper) = &message;
        return Read { written: message.to_xml(), fields: fields(wrapper) };
    }
    if PushAnswer::ROOTS.contains(&root) {
        let message = PushAnswer::parse(xml.as_bytes()).unwrap();
        assert_eq!(message, PushAnswer::parse(&message.to_xml()).unwrap());
        let fields = match &message {
            PushAnswer::MottaEndringer(wrapper) => fields(wrapper),
            PushAnswer::Ping(wrapper) => fields(wrapper),
        };
        return Read { written: message.to_xml(), fields };
    }
    assert_eq!(root, "nirFeil", "a root element that no message is");
    let detail = NirFeil::parse(xml).unwrap();
    Read { written: detail.to_canonical(&Version::LATEST), fields: fields(&detail) }
}

#[test]
fn every_instance_is_read_and_written_without_loss() {
    let schema = Schema::published();
    for root in schema.roots.keys() {
        for build in Build::all() {
            let xml = instance(&schema, root, build);
            assert_eq!(validate(xml.as_bytes()), Ok(()), "{root} {build:?}\n{xml}");
            let read = read(root, &xml);
            assert_eq!(String::from_utf8(read.written).unwrap(), xml, "{root} {build:?}");
        }
    }
}

#[test]
fn every_type_has_the_fields_of_its_schema_type_in_the_same_order() {
    let schema = Schema::published();
    let mut seen = BTreeSet::new();
    for root in schema.roots.keys() {
        for build in Build::all().filter(|build| build.maximal) {
            for (path, fields) in read(root, &instance(&schema, root, build)).fields {
                let (name, particles) = at(&schema, root, &path);
                let elements: Vec<&str> =
                    particles.iter().flat_map(Particle::elements).map(|e| e.name.as_str()).collect();
                assert_eq!(fields, elements, "{name}, at {root}/{}", path.join("/"));
                seen.insert(name);
            }
        }
    }
    let types: BTreeSet<String> = schema.types.keys().chain(schema.roots.keys()).cloned().collect();
    assert_eq!(seen, types, "types that no message reaches");
}

/// The type at a path below a root, with its name.
fn at<'s>(schema: &'s Schema, root: &str, path: &[String]) -> (String, &'s [Particle]) {
    let mut name = root.to_owned();
    let mut particles = schema.roots[root].as_slice();
    for step in path {
        let element = particles.iter().flat_map(Particle::elements).find(|element| element.name == *step).unwrap();
        name.clone_from(&element.type_name);
        particles = &schema.types[&name];
    }
    (name, particles)
}

#[test]
fn the_roots_are_the_messages() {
    let schema = Schema::published();
    let pushed = Push::ROOTS.iter().chain(PushAnswer::ROOTS);
    let messages = Request::ROOTS.iter().chain(Answer::ROOTS).chain(pushed).copied();
    let messages: BTreeSet<&str> = messages.chain(["nirFeil"]).collect();
    assert_eq!(messages, schema.roots.keys().map(String::as_str).collect());
}

#[test]
fn the_outline_says_what_the_files_say() {
    let schema = Schema::published();
    let outline = Outline::published();
    assert_eq!(outline.roots().collect::<BTreeSet<_>>(), schema.roots.keys().map(String::as_str).collect());
    let roots = schema.roots.iter().map(|(name, particles)| (outline.root(name).unwrap().type_name.clone(), particles));
    let types = schema.types.iter().map(|(name, particles)| (name.clone(), particles));
    for (name, particles) in roots.chain(types) {
        let outlined: Vec<_> = outline
            .elements(&name)
            .iter()
            .map(|e| (e.name.as_str(), e.type_name.as_str(), e.required, e.repeats, e.branch, e.since))
            .collect();
        let expected: Vec<_> = particles
            .iter()
            .flat_map(|particle| {
                let branch = matches!(particle, Particle::Choice(_));
                particle.elements().iter().map(move |e| {
                    (e.name.as_str(), e.type_name.as_str(), !e.optional && !branch, e.repeats, branch, e.since)
                })
            })
            .collect();
        assert_eq!(outlined, expected, "{name}");
    }
}

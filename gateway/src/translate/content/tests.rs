//! Every kind of content by its sample: both ways without loss, and no code field that is not checked.

use nir_xsd::message::{self as wire, Request};
use nir_xsd::outline::Outline;
use register::codes::Catalogue;
use register::post::Content;
use register::receipt::Field;

use super::{content, innhold};
use crate::translate::codes::codes;

/// The samples that hold each kind, the fullest first: (element of the choice, message).
fn samples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../xsd/samples");
    let text = |name: &str| std::fs::read_to_string(format!("{folder}/{name}.xml")).unwrap();
    let kinds = Outline::published().elements("Innhold");
    assert_eq!(kinds.len(), 22, "contract.md 6.1");
    let other = text("sendRegistreringer-kontakt");
    let (before, rest) = other.split_once("<innhold>").unwrap();
    let (_, after) = rest.split_once("</innhold>").unwrap();
    let sample = |kind: &str| match FULL.iter().find(|(name, _)| *name == kind) {
        Some((_, inner)) => format!("{before}<innhold><{kind}>{inner}</{kind}></innhold>{after}"),
        None => text(&format!("sendRegistreringer-{kind}")),
    };
    kinds.iter().map(|kind| (kind.name.clone(), sample(&kind.name))).collect()
}

/// Those whose samples do not have every field.
const FULL: &[(&str, &str)] = &[
    (
        "vedtak",
        "<ordning>NORSK</ordning><vedtakstype>FRITAK_OPPL_NORSK</vedtakstype><vedtaksdato>2026-11-16</vedtaksdato><startDato>2026-11-30</startDato><sluttDato>2027-11-29</sluttDato><begrunnelse>HAR_KUNNSKAPER</begrunnelse><fritaksgrunnlag>SAMISK</fritaksgrunnlag><vedtakRef><postId>7f0c2a4e-55b1-4a60-9d0c-0a6f5f1b9c11</postId></vedtakRef><klageRef><postId>7f0c2a4e-55b1-4a60-9d0c-0a6f5f1b9c12</postId></klageRef><saksreferanse>2026/4471-3</saksreferanse>",
    ),
    (
        "tiltak",
        "<ordning>INTRO</ordning><tiltaksgruppe>LIVSM_FORELDRE</tiltaksgruppe><tiltakstype>LF01</tiltakstype><fraDato>2026-10-01</fraDato><tilDato>2026-10-31</tilDato><timerPerUke>4.5</timerPerUke><erstattendeTiltak>true</erstattendeTiltak><gjennomfoering>GJENNOMFOERT</gjennomfoering><vurdertDato>2026-11-02</vurdertDato><mottattTilbud>false</mottattTilbud>",
    ),
    (
        "fravaer",
        "<ordning>INTRO</ordning><fravaertype>FR03</fravaertype><fraDato>2026-11-09</fraDato><tilDato>2026-11-11</tilDato><dager>2.5</dager><timer>7.5</timer><aarsak>ANNET</aarsak><dokumentert>true</dokumentert><omsorgsgrunnlag>KRONISK</omsorgsgrunnlag>",
    ),
];

fn read(xml: &str) -> wire::Innhold {
    match Request::parse(xml.as_bytes()).unwrap() {
        Request::SendRegistreringer(wrapper) => wrapper.melding.person[0].registrering[0].innhold.clone().unwrap(),
        other => panic!("{}", other.root()),
    }
}

/// What only `decide` knows, and what is the same as nothing.
fn without_references(mut innhold: wire::Innhold) -> wire::Innhold {
    if let Some(v) = &mut innhold.vedtak {
        (v.vedtak_ref, v.klage_ref) = (None, None);
    }
    if let Some(k) = &mut innhold.klage {
        k.vedtak_ref = wire::Postreferanse::default();
    }
    if let Some(p) = &mut innhold.permisjon {
        p.vedtak_ref = None;
    }
    if let Some(d) = &mut innhold.deltakerbevis {
        d.vedtak_ref = None;
    }
    if let Some(a) = &mut innhold.arbeidsforhold {
        a.tilbud = a.tilbud.filter(|yes| *yes);
    }
    innhold
}

#[test]
fn every_kind_is_read_and_written_without_loss() {
    for (kind, xml) in samples() {
        let sent = read(&xml);
        let read = content(&sent).unwrap().unwrap();
        assert_eq!(innhold(&read), without_references(sent), "{kind}");
        let posttype = read.posttype();
        assert_eq!(crate::translate::receipt::element(posttype), kind, "contract.md 6.1");
        assert!(Catalogue::embedded().lookup("posttype", posttype).is_some(), "{posttype}");
    }
}

#[test]
fn resolved_references_are_written() {
    let id = "7f0c2a4e-55b1-4a60-9d0c-0a6f5f1b9c11";
    let with = |kind: &str| {
        let (_, xml) = samples().into_iter().find(|(name, _)| name == kind).unwrap();
        let mut read = content(&read(&xml)).unwrap().unwrap();
        let reference = match &mut read {
            Content::Vedtak(v) => &mut v.vedtak_ref,
            Content::Klage(k) => &mut k.vedtak_ref,
            Content::Permisjon(p) => &mut p.vedtak_ref,
            Content::Deltakerbevis(d) => &mut d.vedtak_ref,
            other => panic!("{}", other.posttype()),
        };
        *reference = Some(id.parse().unwrap());
        innhold(&read)
    };
    for kind in ["vedtak", "klage", "permisjon", "deltakerbevis"] {
        let written = with(kind);
        assert_eq!(written.vedtak_ref().unwrap().post_id.as_deref(), Some(id), "{kind}");
    }
}

#[test]
fn every_code_of_every_kind_is_checked() {
    let mut checked = 0;
    for (kind, xml) in samples() {
        let outline = Outline::published();
        let of_kind = outline.elements("Innhold").iter().find(|element| element.name == kind).unwrap();
        let mut errors = Vec::new();
        codes(&read(&xml), Catalogue::embedded(), &mut errors);
        assert!(errors.is_empty(), "{kind}: {errors:?}");
        let mut paths = Vec::new();
        for element in outline.elements(&of_kind.type_name) {
            match element.type_name.as_str() {
                "Kode" => paths.push((element.name.clone(), format!("innhold/{kind}/{}", element.name))),
                "Modultimer" => paths.push(("modul".into(), format!("innhold/{kind}/{}[1]/modul", element.name))),
                _ => {}
            }
        }
        for (name, path) in paths {
            let (before, rest) = xml.split_once("<innhold>").unwrap();
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            // The last of the name, where the kind itself has it: `sluttmaal` holds a `sluttmaal`.
            let at = rest.match_indices(&open).map(|(at, _)| at).nth(usize::from(name == kind)).unwrap();
            let end = at + rest[at..].find(&close).unwrap();
            let strange = format!("{before}<innhold>{}{open}TULL{}", &rest[..at], &rest[end..]);
            let strange = read(&strange);
            let mut errors = Vec::new();
            codes(&strange, Catalogue::embedded(), &mut errors);
            errors.extend(content(&strange).err());
            let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
            assert!(matches!(fields.as_slice(), [Field::Line(at)] if *at == path), "{path}: {fields:?}");
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

//! Trains a dictionary for the payloads of the evidence (design.md 7), only ever on generated messages in real envelopes:
//! one trained on stored messages would keep the numbers of persons.
//!
//! ```text
//! cargo run -p nir-gateway --example train_dictionary -- core/dictionaries/N.zdict
//! ```
//!
//! Writes the dictionary, and beside it `N.example.xml`: one message more of the same making, for the test that says
//! what the dictionary gains. A file that is there is never written over: dictionaries are kept for ever.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use nir_wsdl::envelope::SoapVersion;
use nir_wsdl::seal::{Signer, seal};
use nir_xsd::message::{Answer, Request};
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, KeyUsagePurpose, RsaKeySize};
use register::codes::{Catalogue, Texts};

/// What zstd is given to keep (store.md, Size per message).
const DICTIONARY_BYTES: usize = 32 * 1024;
/// Requests and answers to learn from.
const REQUESTS: usize = 1_600;
const ANSWERS: usize = 800;
/// Senders and their authorities: many, so that what is learned of a certificate is its form and nobody's key.
const SENDERS: usize = 48;
const AUTHORITIES: usize = 6;
/// A run of digits of this length could be somebody's number, and is blanked in the finished dictionary.
const LONGEST_NUMBER: usize = 6;
/// The level of the store.
const LEVEL: i32 = 3;

fn main() -> anyhow::Result<()> {
    let path = PathBuf::from(std::env::args().nth(1).context("which file? core/dictionaries/N.zdict")?);
    let example_path = path.with_extension("example.xml");
    anyhow::ensure!(
        !path.exists() && !example_path.exists(),
        "{} is there: dictionaries are kept for ever",
        path.display()
    );
    let mut chance = Chance(0x6e69_7220_6461_7461);
    let senders = senders(&mut chance)?;
    let (samples, templates) = (Samples::read()?, templates()?);
    let mut all: Vec<Vec<u8>> = Vec::with_capacity(REQUESTS + ANSWERS);
    for _ in 0..REQUESTS {
        all.push(request(&samples, &templates, &senders, &mut chance));
    }
    for _ in 0..ANSWERS {
        let sample = chance.one_of(&samples.answers).clone();
        all.push(vary(&sample, &mut chance).into_bytes());
    }
    println!("{} samples, {} bytes", all.len(), all.iter().map(Vec::len).sum::<usize>());
    let mut dictionary = zstd::dict::from_samples(&all, DICTIONARY_BYTES).context("training")?;
    blank_numbers(&mut dictionary);
    // Of a sender that none of the samples had.
    let newcomer = sender(SENDERS, &authority(AUTHORITIES, &mut chance)?, &mut chance)?;
    let body = vary(&samples.registering, &mut chance);
    let created = chance.time();
    let example = seal(SoapVersion::V11, body.as_bytes(), Some(&newcomer), created, None, None).bytes;
    let with = zstd::bulk::Compressor::with_dictionary(LEVEL, &dictionary)?.compress(&example)?;
    let without = zstd::bulk::compress(&example, LEVEL)?;
    let back = zstd::bulk::Decompressor::with_dictionary(&dictionary)?.decompress(&with, example.len())?;
    anyhow::ensure!(back == example, "what is packed with it does not come back");
    println!("a message of {} bytes: {} without a dictionary, {} with it", example.len(), without.len(), with.len());
    fs::write(&path, &dictionary)?;
    fs::write(&example_path, &example)?;
    Ok(())
}

/// A generator that gives the same each time: what is learned from depends on nothing but this file and new keys.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| u8::try_from(self.below(256)).unwrap_or(0)).collect()
    }

    fn day(&mut self) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default() + Days::new(self.below(365 * 8) as u64)
    }

    fn time(&mut self) -> DateTime<Utc> {
        self.day().and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::milliseconds(self.below(86_400_000) as i64)
    }
}

/// Body children of the published samples: the root's name says which way they go.
struct Samples {
    requests: Vec<String>,
    answers: Vec<String>,
    /// The ordinary message, which is most of what comes.
    registering: String,
}

impl Samples {
    fn read() -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xsd/samples");
        let (mut requests, mut answers, mut registering) = (Vec::new(), Vec::new(), None);
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<Result<_, std::io::Error>>()?;
        files.sort();
        for file in files {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            // `message.reason.xml` is one that must be refused.
            let Some(stem) = name.strip_suffix(".xml").filter(|stem| !stem.contains('.')) else { continue };
            let pretty = fs::read_to_string(&file)?;
            let pretty = pretty.trim();
            // Registrations and their receipts are most of what comes and goes.
            let many = stem.starts_with("sendRegistreringer");
            if let Ok(answer) = Answer::parse(pretty.as_bytes()) {
                let compact = String::from_utf8(answer.to_xml())?;
                answers.extend(std::iter::repeat_n(compact, if many { 12 } else { 1 }));
            } else if let Ok(request) = Request::parse(pretty.as_bytes()) {
                let compact = String::from_utf8(request.to_xml())?;
                if stem == "sendRegistreringer-registrer" {
                    registering = Some(compact.clone());
                }
                let both = [compact, pretty.to_owned()];
                requests.extend(std::iter::repeat_n(both, if many { 6 } else { 1 }).flatten());
            }
        }
        Ok(Samples { requests, answers, registering: registering.context("sendRegistreringer-registrer.xml")? })
    }
}

/// Envelopes as other stacks write them, with their own names and order.
fn templates() -> anyhow::Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wsdl/vectors");
    ["wss4j-soap11-rsa-bst", "wss4j-soap12-rsa-bst", "zeep-soap11-no-timestamp", "node-soap-soap11-wsu-id"]
        .iter()
        .map(|name| fs::read_to_string(folder.join(name).with_extension("xml")).with_context(|| (*name).to_owned()))
        .collect()
}

fn request(samples: &Samples, templates: &[String], senders: &[Signer], chance: &mut Chance) -> Vec<u8> {
    let sample = if chance.below(2) == 0 { &samples.registering } else { chance.one_of(&samples.requests) };
    let payload = vary(sample, chance);
    let sender = chance.one_of(senders);
    if chance.below(2) == 0 {
        let created = chance.time();
        return seal(SoapVersion::V11, payload.as_bytes(), Some(sender), created, None, None).bytes;
    }
    let template = chance.one_of(templates);
    let envelope = vary(template, chance);
    with_token(&with_payload(&envelope, &payload), &BASE64.encode(sender.certificate())).into_bytes()
}

/// The envelope with another Body child.
fn with_payload(envelope: &str, payload: &str) -> String {
    let body = envelope.find(":Body").and_then(|at| envelope[at..].find('>').map(|end| at + end + 1));
    match (body, envelope.rfind("</").and_then(|end| envelope[..end].rfind("</"))) {
        (Some(start), Some(end)) if start <= end => format!("{}{payload}{}", &envelope[..start], &envelope[end..]),
        _ => envelope.to_owned(),
    }
}

/// The envelope with another certificate.
fn with_token(envelope: &str, token: &str) -> String {
    let start = envelope.find("BinarySecurityToken").and_then(|at| envelope[at..].find('>').map(|end| at + end + 1));
    match start.and_then(|start| envelope[start..].find('<').map(|end| (start, start + end))) {
        Some((start, end)) => format!("{}{token}{}", &envelope[..start], &envelope[end..]),
        None => envelope.to_owned(),
    }
}

/// The same document with other values: ids, dates, numbers, codes, texts of errors, signatures.
fn vary(xml: &str, chance: &mut Chance) -> String {
    let mut out = String::with_capacity(xml.len() + 64);
    let mut error: Option<(String, String, Texts)> = None;
    let mut rest = xml;
    let mut element = "";
    while let Some((text, after)) = rest.split_once('<') {
        out.push_str(&value(element, text, &mut error, chance));
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        element = tag.split([' ', '/']).next().unwrap_or_default();
        out.push('<');
        // Values of attributes: `wsu:Id="id-5F…"`.
        for (n, part) in tag.split('"').enumerate() {
            if n > 0 {
                out.push('"');
            }
            // Namespaces and algorithms are names, and stay; ids are long.
            let id = n % 2 == 1 && !part.contains(':') && part.bytes().filter(u8::is_ascii_digit).count() >= 4;
            out.push_str(&if id { random_like(part, chance) } else { part.to_owned() });
        }
        out.push('>');
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Another value of an element.
fn value(element: &str, text: &str, error: &mut Option<(String, String, Texts)>, chance: &mut Chance) -> String {
    if text.trim().is_empty() || ["kontraktversjon", "versjon", "navn"].contains(&element) {
        return text.to_owned();
    }
    if element == "dufNummer" {
        // Of the synthetic years.
        return format!("9{}", random_like(&text[1..], chance));
    }
    let catalogue = Catalogue::embedded();
    if element == "kode" && text.starts_with("NIR-") {
        let mut codes: Vec<&str> = catalogue.error_codes().collect();
        codes.sort_unstable();
        let row = catalogue.error(chance.one_of::<&str>(&codes));
        *error = Some((row.kode.clone(), row.rettes_av.clone(), row.render(&[])));
    }
    match (element, &*error) {
        ("kode", Some((kode, ..))) if text.starts_with("NIR-") => return kode.clone(),
        ("rettesAv", Some((_, rettes_av, _))) => return rettes_av.clone(),
        ("melding", Some((.., texts))) => return texts.nb.clone(),
        ("meldingEn", Some((.., texts))) => return texts.en.clone(),
        ("loesning", Some((.., texts))) => return texts.loesning.clone(),
        _ => {}
    }
    if let Some(list) = catalogue.list(element) {
        return chance.one_of(list.rows()).kode.clone();
    }
    if text.len() >= 10 && text.get(..10).is_some_and(|day| day.parse::<NaiveDate>().is_ok()) {
        let (day, time) = (chance.day(), chance.time().time());
        return match text.get(10..19).filter(|time| time.starts_with('T')) {
            // The zone stays.
            Some(_) => match text[19..].find(['+', '-', 'Z']) {
                Some(zone) => format!(
                    "{day}T{}{}{}",
                    time.format("%H:%M:%S"),
                    random_like(&text[19..19 + zone], chance),
                    &text[19 + zone..]
                ),
                None => format!("{day}T{}", time.format("%H:%M:%S")),
            },
            None => day.to_string(),
        };
    }
    random_like(text, chance)
}

/// Random where the text is: base64 and hex of some length, and digits where there are digits.
fn random_like(text: &str, chance: &mut Chance) -> String {
    let bare: String = text.split_whitespace().collect();
    if bare.len() > 40 && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)) {
        return match hex::decode(&bare) {
            Ok(bytes) => hex::encode(chance.bytes(bytes.len())),
            Err(_) => BASE64.encode(chance.bytes(BASE64.decode(&bare).map_or(bare.len() * 3 / 4, |bytes| bytes.len()))),
        };
    }
    let letters = bare.bytes().filter(u8::is_ascii_alphabetic).count();
    let hex_only = letters > 0 && bare.len() >= 16 && text.bytes().filter(u8::is_ascii_digit).count() >= 6;
    let other = |c: char, chance: &mut Chance| match c {
        '0'..='9' => char::from(b'0' + u8::try_from(chance.below(10)).unwrap_or(0)),
        'a'..='f' if hex_only => char::from(b'a' + u8::try_from(chance.below(6)).unwrap_or(0)),
        'A'..='F' if hex_only => char::from(b'A' + u8::try_from(chance.below(6)).unwrap_or(0)),
        other => other,
    };
    text.chars().map(|c| other(c, chance)).collect()
}

fn senders(chance: &mut Chance) -> anyhow::Result<Vec<Signer>> {
    let authorities = (0..AUTHORITIES).map(|n| authority(n, chance)).collect::<Result<Vec<_>, _>>()?;
    (0..SENDERS).map(|n| sender(n, &authorities[n % AUTHORITIES], chance)).collect()
}

fn rsa_key() -> anyhow::Result<KeyPair> {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).context("an RSA key")
}

fn params(names: &[(DnType, String)], chance: &mut Chance) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = DistinguishedName::new();
    for (kind, name) in names {
        params.distinguished_name.push(kind.clone(), name.as_str());
    }
    params.serial_number = Some(rcgen::SerialNumber::from(chance.bytes(16)));
    params.not_before = rcgen::date_time_ymd(2024 + i32::try_from(chance.below(4))?, 1, 1);
    params.not_after = rcgen::date_time_ymd(2028 + i32::try_from(chance.below(4))?, 12, 31);
    Ok(params)
}

fn authority(n: usize, chance: &mut Chance) -> anyhow::Result<Issuer<'static, KeyPair>> {
    let names = [
        (DnType::CountryName, "NO".to_owned()),
        (DnType::OrganizationName, format!("TEST Utsteder {n} AS")),
        (DnType::CommonName, format!("TEST Utsteder {n} virksomhet CA G{}", 1 + n % 3)),
    ];
    Ok(Issuer::new(params(&names, chance)?, rsa_key()?))
}

/// A sender with a SEID-shaped certificate (domain.md 14).
fn sender(n: usize, authority: &Issuer<'_, KeyPair>, chance: &mut Chance) -> anyhow::Result<Signer> {
    let orgnr = format!("31{:07}", chance.below(10_000_000));
    let number = match n % 3 {
        // SEID v1 carries the number as serialNumber, v2 as organizationIdentifier.
        0 => (DnType::from_oid(&[2, 5, 4, 5]), orgnr),
        _ => (DnType::from_oid(&[2, 5, 4, 97]), format!("NTRNO-{orgnr}")),
    };
    let names = [
        (DnType::CountryName, "NO".to_owned()),
        (DnType::OrganizationName, format!("TEST KOMMUNE {n}")),
        number,
        (DnType::CommonName, format!("TEST KOMMUNE {n}")),
    ];
    let mut params = params(&names, chance)?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = rsa_key()?;
    let certificate = params.signed_by(&key, authority)?;
    Ok(Signer::from_pem(&key.serialize_pem(), &certificate.pem())?)
}

/// Makes zeros of what could be somebody's number. They are content, which any bytes may be; the tables before it hold no
/// such run, and the example proves that what is packed comes back.
fn blank_numbers(dictionary: &mut [u8]) {
    let mut start = 0;
    for at in 0..=dictionary.len() {
        if at < dictionary.len() && dictionary[at].is_ascii_digit() {
            continue;
        }
        if at - start > LONGEST_NUMBER {
            dictionary[start..at].fill(b'0');
        }
        start = at + 1;
    }
}

//! Arbitrary bytes and damaged samples: nothing panics, what is valid is decoded, and no text quotes a value.

#![expect(clippy::unwrap_used, reason = "a test says what it needs by failing")]

use nir_xsd::message::{Answer, NirFeil, Push, PushAnswer, Request};
use nir_xsd::outline::Outline;
use nir_xsd::structure;
use nir_xsd::validate::validate;
use proptest::prelude::*;

#[path = "support/files.rs"]
mod files;

/// Everything that takes bytes. Returns every text that came out of it.
fn take(bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let valid = validate(bytes);
    let request = Request::parse(bytes);
    let answer = Answer::parse(bytes);
    let detail = std::str::from_utf8(bytes).ok().and_then(NirFeil::parse);
    let pushed = Push::parse(bytes).is_ok() || PushAnswer::parse(bytes).is_ok();
    match &valid {
        // The decoder reads canonical form, and what is not canonical may be valid without being decoded.
        Ok(()) if is_plain(bytes) => {
            let decoded = request.is_ok() || answer.is_ok() || detail.is_some() || pushed;
            assert!(decoded, "{}", String::from_utf8_lossy(bytes));
        }
        Ok(()) => {}
        Err(invalid) => texts.push(format!("{invalid:?}")),
    }
    if let (Ok(()), Ok(request)) = (&valid, &request) {
        let written = request.to_xml();
        assert_eq!(validate(&written), Ok(()), "{}", String::from_utf8_lossy(&written));
        assert_eq!(&Request::parse(&written).unwrap(), request);
        if let Request::SendRegistreringer(wrapper) = request
            && let Err(invalid) = structure::check(&wrapper.melding)
        {
            texts.push(format!("{invalid:?}"));
        }
    }
    texts.extend(request.err().map(|error| format!("{error} {error:?}")));
    texts.extend(answer.err().map(|error| format!("{error} {error:?}")));
    let _ = Outline::read([bytes]);
    texts
}

/// Holds nothing that canonical form has not: comments, CDATA, processing instructions, a document type.
fn is_plain(bytes: &[u8]) -> bool {
    !bytes.windows(2).any(|pair| matches!(pair, b"<!" | b"<?"))
}

/// A sample with some of its bytes replaced, removed, doubled, or taken from elsewhere.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = files::samples()
        .into_iter()
        .flat_map(|sample| [sample.text.trim_end().to_owned(), files::compact(&sample.text)])
        .map(String::into_bytes)
        .collect();
    let cut = (any::<prop::sample::Index>(), 0_usize..40, any::<prop::sample::Index>(), 0_usize..40, 0_u8..4);
    (prop::sample::select(all), prop::collection::vec(cut, 1..4), any::<u8>()).prop_map(|(mut bytes, cuts, byte)| {
        for (at, length, from, other, what) in cuts {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            let from = from.index(bytes.len());
            let copy = bytes[from..(from + other).min(bytes.len())].to_vec();
            match what {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..end)),
                2 => drop(bytes.splice(at..at, copy)),
                _ => drop(bytes.splice(at..end, copy)),
            }
        }
        bytes
    })
}

/// Text made of what XML is made of.
fn xmlish() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<",
        ">",
        "</",
        "/>",
        "<ping",
        "</ping>",
        "<sendRegistreringer xmlns=\"urn:no:nir:melding:v1\">",
        "<melding>",
        "<p:ping xmlns:p=\"urn:no:nir:melding:v1\">",
        "<forespoersel>",
        " ",
        "\n",
        "&",
        "&#xD;",
        "&amp;",
        "=",
        "\"",
        "xsi:type",
        "http://www.w3.org/2001/XMLSchema-instance",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "æ",
        "\u{0}",
        "kontraktversjon",
        "1.0",
        "<xs:element name=\"a\"",
        "<xs:complexType name=\"b\">",
        "</xs:element>",
        "<nir:since>",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        take(&bytes);
    }

    #[test]
    fn text_made_of_xml(text in xmlish()) {
        take(text.as_bytes());
    }

    #[test]
    fn damaged_samples(bytes in damaged()) {
        take(&bytes);
    }
}

/// What no text may repeat, in shapes that the words for values look at.
const SECRETS: &[&str] = &[
    "HEMMELIG",
    "12345,HEMMELIG",
    "2026-11-23THEMMELIG",
    "2026-11-23HEMMELIG",
    "Expected is ( HEMMELIG )",
    "Missing child element HEMMELIG",
    "XMLSchema-instance HEMMELIG",
    "http://www.w3.org/2001/XMLSchema-instance HEMMELIG",
    "'HEMMELIG' is not a valid value of the atomic type 'xs:date'",
    "<HEMMELIG></HEMMELIG>x",
    "",
];

#[test]
fn no_text_quotes_a_value() {
    let mut told = 0;
    for sample in files::samples().into_iter().filter(files::Sample::is_valid) {
        let text = sample.text.trim_end();
        let values = text.match_indices('>').map(|(at, _)| at + 1).filter_map(|at| {
            let end = at + text[at..].find('<')?;
            (!text[at..end].trim().is_empty()).then_some(at..end)
        });
        for range in values {
            for secret in SECRETS {
                let mut damaged = text.to_owned();
                damaged.replace_range(range.clone(), secret);
                for words in take(damaged.as_bytes()) {
                    told += 1;
                    assert!(!words.replace("/HEMMELIG", "").contains("HEMMELIG"), "{secret}: {words}");
                }
            }
        }
    }
    assert!(told > 1_000, "{told}");
}

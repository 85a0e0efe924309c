//! Two readers of the same bytes held against each other, for tests and fuzz targets: what one takes and the other
//! refuses, or reads differently, is what attackers look for (threats.md, class 4). No message takes this road.

use roxmltree::{Document, Node};

use crate::c14n::canonicalize;
use crate::envelope::open;
use crate::key::VerifyKey;
use crate::prefilter::prefilter;
use crate::refusal::Refusal;
use crate::verify::{SecondOpinion, Verified};
use crate::xmlsec::canonical_by_libxml2;

/// Largest input that is worth trying.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What two canonicalizers made of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forms {
    /// Nobody parses it, or it has no such element.
    Refused,
    /// The same bytes.
    Same(Vec<u8>),
    /// Other bytes, or only one of them takes it.
    Different {
        /// Ours, over roxmltree.
        strict: Option<Vec<u8>>,
        /// libxml2's.
        libxml2: Option<Vec<u8>>,
    },
}

/// The exclusive canonical form of the n-th element in document order by both, of bytes that the prefilter lets by.
pub fn canonical_forms(bytes: &[u8], n: usize, prefix_list: &[&str]) -> Forms {
    let Ok(filtered) = prefilter(bytes, MAX_BYTES) else { return Forms::Refused };
    let strict = Document::parse(filtered.text()).ok().and_then(|document| {
        let apex = document.descendants().filter(Node::is_element).nth(n)?;
        let mut out = Vec::new();
        canonicalize(apex, prefix_list, &mut out);
        Some(out)
    });
    match (strict, canonical_by_libxml2(filtered, n, prefix_list)) {
        (None, None) => Forms::Refused,
        (Some(strict), Some(libxml2)) if strict == libxml2 => Forms::Same(strict),
        (strict, libxml2) => Forms::Different { strict, libxml2 },
    }
}

/// Everything from bytes to a verified message, with both verifiers and a key that is known beforehand. A refusal that
/// is a [`disagreement`](Refusal::disagreement) is what a fuzz target looks for.
pub fn open_and_verify(bytes: &[u8], key: &VerifyKey) -> Result<Verified, Refusal> {
    open(prefilter(bytes, MAX_BYTES)?)?.verify(key, SecondOpinion::On)
}

//! A DER structure as a tree that can be bent, and is written again with lengths that fit.

use crate::choices::Choices;

/// Most steps of one input.
const MAX_STEPS: usize = 12;
/// Deepest nesting that is taken apart.
const MAX_DEPTH: usize = 24;
/// Largest tree.
const MAX_NODES: usize = 600;

/// One value with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Der {
    /// Of one byte.
    pub tag: u8,
    /// What stands in it.
    pub content: Content,
}

/// What stands in a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Values.
    Parts(Vec<Der>),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Der {
    /// Reads one value that fills the bytes; tags of one byte, lengths of up to two.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (der, rest) = Self::first(bytes, 0)?;
        rest.is_empty().then_some(der)
    }

    fn first(bytes: &[u8], depth: usize) -> Option<(Self, &[u8])> {
        let (&[tag, length], rest) = bytes.split_first_chunk::<2>()?;
        let (length, rest) = match length {
            0..=0x7f => (usize::from(length), rest),
            0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
            0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), rest.get(2..)?),
            _ => return None,
        };
        let (inside, rest) = rest.split_at_checked(length)?;
        // An OCTET STRING often holds DER again: every extension does.
        let parts = (tag & 0x20 != 0 || tag == 0x04).then(|| Self::all(inside, depth + 1)).flatten();
        let content = parts.map_or_else(|| Content::Bytes(inside.to_vec()), Content::Parts);
        Some((Der { tag, content }, rest))
    }

    fn all(mut bytes: &[u8], depth: usize) -> Option<Vec<Der>> {
        let mut parts = Vec::new();
        while !bytes.is_empty() && depth < MAX_DEPTH {
            let (part, rest) = Self::first(bytes, depth)?;
            parts.push(part);
            bytes = rest;
        }
        bytes.is_empty().then_some(parts)
    }

    /// Writes it.
    pub fn write(&self) -> Vec<u8> {
        let content = match &self.content {
            Content::Parts(parts) => parts.iter().flat_map(Der::write).collect(),
            Content::Bytes(bytes) => bytes.clone(),
        };
        let mut out = vec![self.tag];
        let [.., c, b, a] = content.len().to_be_bytes();
        match content.len() {
            0..=0x7f => out.push(a),
            0x80..=0xff => out.extend([0x81, a]),
            0x100..=0xffff => out.extend([0x82, b, a]),
            _ => out.extend([0x83, c, b, a]),
        }
        out.extend(content);
        out
    }

    /// The values in it.
    pub fn parts(&self) -> &[Der] {
        match &self.content {
            Content::Parts(parts) => parts,
            Content::Bytes(_) => &[],
        }
    }

    fn count(&self) -> usize {
        1 + self.parts().iter().map(Der::count).sum::<usize>()
    }

    fn nth(&mut self, n: usize) -> Option<&mut Der> {
        let Some(mut left) = n.checked_sub(1) else { return Some(self) };
        let Content::Parts(parts) = &mut self.content else { return None };
        for part in parts {
            let count = part.count();
            if left < count {
                return part.nth(left);
            }
            left -= count;
        }
        None
    }

    /// Bends it by the steps of the input.
    pub fn bend(&mut self, input: &mut Choices<'_>) {
        for _ in 0..MAX_STEPS {
            let count = self.count();
            if input.is_done() || count > MAX_NODES {
                return;
            }
            let (what, at) = (input.byte() % 10, input.below(count));
            let other = self.nth(input.below(count)).cloned();
            let (Some(node), Some(other)) = (self.nth(at), other) else { return };
            node.step(what, other, input);
        }
    }

    fn step(&mut self, what: u8, other: Der, input: &mut Choices<'_>) {
        match (what, &mut self.content) {
            (0, _) => *self = other,
            (1, Content::Parts(parts)) => {
                let place = input.below(parts.len() + 1);
                parts.insert(place, other);
            }
            (2, Content::Parts(parts)) if !parts.is_empty() => {
                parts.remove(input.below(parts.len()));
            }
            (3, Content::Parts(parts)) if !parts.is_empty() => {
                let place = input.below(parts.len());
                let part = parts[place].clone();
                let times = 1 + input.below(60);
                parts.extend(std::iter::repeat_n(part, times));
            }
            (4, Content::Parts(parts)) => parts.reverse(),
            (5, _) => self.tag = input.byte(),
            (6, Content::Bytes(bytes)) if !bytes.is_empty() => {
                let place = input.below(bytes.len());
                bytes[place] = input.byte();
            }
            (7, Content::Bytes(bytes)) => {
                let place = input.below(bytes.len() + 1);
                bytes.splice(place..place, input.some(64).iter().copied());
            }
            (8, Content::Bytes(bytes)) => bytes.truncate(input.below(bytes.len() + 1)),
            _ => self.content = Content::Bytes(input.some(200).to_vec()),
        }
    }
}

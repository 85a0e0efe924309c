//! Places in the message as it was sent, for error answers only: libxml2 stops counting lines at 65,535, and what
//! it sees is not what the sender wrote.

use roxmltree::{Document, Node};

/// Line and column of each path of the Body's child (`/sendRegistreringer/melding/person[2]/…`); where an element is
/// missing, of the nearest one that is there.
pub fn locate(envelope: &str, paths: &[&str]) -> Vec<Option<(u32, u32)>> {
    let none = || vec![None; paths.len()];
    let Ok(document) = Document::parse(envelope) else { return none() };
    let body = document.root_element().children().filter(Node::is_element).find(|n| n.tag_name().name() == "Body");
    let Some(body) = body else { return none() };
    paths
        .iter()
        .map(|path| {
            let mut at = body;
            for step in path.split('/').filter(|step| !step.is_empty()) {
                match child(at, step) {
                    Some(next) => at = next,
                    None => break,
                }
            }
            if at == body {
                return None;
            }
            let place = document.text_pos_at(at.range().start);
            Some((place.row, place.col))
        })
        .collect()
}

fn child<'a, 'i>(parent: Node<'a, 'i>, step: &str) -> Option<Node<'a, 'i>> {
    let (name, index) = match step.split_once('[') {
        Some((name, rest)) => (name, rest.trim_end_matches(']').parse::<usize>().ok()?),
        None => (step, 1),
    };
    let mut same = parent.children().filter(|n| n.is_element() && n.tag_name().name() == name);
    same.nth(index.checked_sub(1)?)
}

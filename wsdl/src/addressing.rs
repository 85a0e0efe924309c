//! WS-Addressing headers: optional, without authority; where present they must agree with the Body (design.md 5).

use roxmltree::Node;

use crate::names::{WSA_2004, WSA_2005};
use crate::refusal::{FaultCode, Refusal};
use crate::tree::SPACE;

/// Answers on the connection that the request came by, as both versions name it.
pub(crate) const ANONYMOUS: &[&str] = &[
    "http://www.w3.org/2005/08/addressing/anonymous",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous",
];
/// No answer wanted.
const NONE: &str = "http://www.w3.org/2005/08/addressing/none";

/// Longest of the values that are compared or echoed.
const MAX_VALUE: usize = 512;

/// What the headers say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressing {
    /// wsa:Action
    pub action: Option<String>,
    /// wsa:To
    pub to: Option<String>,
    /// wsa:MessageID
    pub message_id: Option<String>,
}

/// Whether the header is one of WS-Addressing.
pub(crate) fn is_addressing(node: Node<'_, '_>) -> bool {
    matches!(node.tag_name().namespace(), Some(WSA_2005 | WSA_2004))
}

/// Reads the headers; doubled ones, and answers wanted elsewhere than on this connection, are refused.
pub(crate) fn read(header: Node<'_, '_>) -> Result<Addressing, Refusal> {
    let mut all = Addressing::default();
    let refuse = |log: &str| Refusal::new("NIR-T105", FaultCode::Sender, log);
    let mut reply_seen = [false; 2];
    for node in header.children().filter(|n| n.is_element() && is_addressing(*n)) {
        let slot = match node.tag_name().name() {
            "Action" => &mut all.action,
            "To" => &mut all.to,
            "MessageID" => &mut all.message_id,
            name @ ("ReplyTo" | "FaultTo") => {
                if std::mem::replace(&mut reply_seen[usize::from(name == "FaultTo")], true) {
                    return Err(refuse("a doubled wsa header"));
                }
                // No address of a message is ever called (threats.md, class 13).
                let mut addresses = node.children().filter(|n| n.tag_name().name() == "Address").map(text_of);
                let one = addresses.next().filter(|_| addresses.next().is_none());
                if !one.is_some_and(|address| ANONYMOUS.contains(&address.as_str()) || address == NONE) {
                    return Err(refuse("wsa:ReplyTo or FaultTo is neither anonymous nor none"));
                }
                continue;
            }
            _ => continue,
        };
        let value = text_of(node);
        if value.len() > MAX_VALUE {
            return Err(refuse("a wsa header of more than 512 bytes"));
        }
        if slot.replace(value).is_some() {
            return Err(refuse("a doubled wsa header"));
        }
    }
    Ok(all)
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants()
        .filter(|n| n.is_text())
        .filter_map(|n| n.text())
        .collect::<String>()
        .trim_matches(SPACE)
        .to_owned()
}

//! WS-Addressing headers: optional, without authority; where present they must agree with the Body (design.md 5).

use roxmltree::Node;

use crate::names::{WSA_2004, WSA_2005};
use crate::refusal::{FaultCode, Refusal};

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
        let text = || text_of(node);
        let slot = match node.tag_name().name() {
            "Action" => &mut all.action,
            "To" => &mut all.to,
            "MessageID" => &mut all.message_id,
            name @ ("ReplyTo" | "FaultTo") => {
                if std::mem::replace(&mut reply_seen[usize::from(name == "FaultTo")], true) {
                    return Err(refuse("a doubled wsa header"));
                }
                // No address of a message is ever called (threats.md, class 13).
                let address = node.children().find(|n| n.tag_name().name() == "Address").map(text_of).unwrap_or_default();
                if !(address.ends_with("/addressing/anonymous")
                    || address.ends_with("/addressing/role/anonymous")
                    || address.ends_with("/addressing/none"))
                {
                    return Err(refuse("wsa:ReplyTo or FaultTo is neither anonymous nor none"));
                }
                continue;
            }
            _ => continue,
        };
        if slot.replace(text()).is_some() {
            return Err(refuse("a doubled wsa header"));
        }
    }
    if all.message_id.as_ref().is_some_and(|id| id.len() > 512) {
        return Err(refuse("a wsa:MessageID of more than 512 bytes"));
    }
    Ok(all)
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants().filter(|n| n.is_text()).filter_map(|n| n.text()).collect::<String>().trim().to_owned()
}

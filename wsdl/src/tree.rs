//! Small readings of the parsed tree.

use roxmltree::Node;

/// White space of XML (XML 1.0 §2.3). Rust's `trim` takes more: what Unicode calls space is text to other readers.
pub(crate) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The child elements.
pub(crate) fn elements<'a, 'i: 'a>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// Whether the element has this local name in this namespace.
pub(crate) fn is(node: Node<'_, '_>, name: &str, namespace: &str) -> bool {
    node.tag_name().name() == name && node.tag_name().namespace() == Some(namespace)
}

/// The attribute of that name in no namespace. The tree's own `attribute(name)` takes the first of any namespace,
/// which is how a signature is made to say one thing to one reader and another to the next.
pub(crate) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.namespace().is_none() && a.name() == name).map(|a| a.value())
}

/// The text directly inside, trimmed; comments cut nothing off.
pub(crate) fn text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|n| n.text()).collect::<String>().trim_matches(SPACE).to_owned()
}

//! A message as a tree whose elements can be moved, doubled and renamed, and which is written again as it was where
//! nothing was touched: the signature of an untouched message holds.

/// One element. Names, values and text stand as they were written, prefixes and escapes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// With its prefix.
    pub name: String,
    /// Names and values, declarations of namespaces among them.
    pub attributes: Vec<(String, String)>,
    /// What stands in it.
    pub children: Vec<Child>,
}

/// What stands in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Child {
    /// An element.
    Element(Element),
    /// Text, comments and CDATA.
    Raw(String),
}

impl Element {
    /// An element without attributes.
    pub fn new(name: &str, children: Vec<Child>) -> Self {
        Element { name: name.to_owned(), attributes: Vec::new(), children }
    }

    /// Reads a document that is known to be well-formed.
    pub fn read(text: &str) -> Self {
        let mut root = Element::new("", Vec::new());
        let mut open: Vec<Element> = Vec::new();
        let mut rest = text;
        let mut raw = String::new();
        while let Some(at) = rest.find('<') {
            raw.push_str(&rest[..at]);
            let tag = &rest[at..];
            if let Some(end) = ["<!--", "<![CDATA[", "<?"].iter().zip(["-->", "]]>", "?>"]).find_map(|(begin, end)| {
                tag.starts_with(begin).then(|| tag.find(end).map_or(tag.len(), |at| at + end.len()))
            }) {
                // A declaration belongs to no element.
                if !tag.starts_with("<?") {
                    raw.push_str(&tag[..end]);
                }
                rest = &tag[end..];
                continue;
            }
            let parent = open.last_mut().unwrap_or(&mut root);
            if !raw.is_empty() {
                parent.children.push(Child::Raw(std::mem::take(&mut raw)));
            }
            if tag.starts_with("</") {
                rest = tag.split_once('>').map_or("", |(_, rest)| rest);
                if let Some(element) = open.pop() {
                    open.last_mut().unwrap_or(&mut root).children.push(Child::Element(element));
                }
            } else {
                let (element, is_empty, after) = start_tag(tag);
                rest = after;
                if is_empty {
                    parent.children.push(Child::Element(element));
                } else {
                    open.push(element);
                }
            }
        }
        let mut elements = root.children.into_iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Raw(_) => None,
        });
        elements.next_back().expect("a document has a root")
    }

    /// Writes it.
    pub fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.extend([" ", name, "=\"", value, "\""]);
        }
        out.push('>');
        for child in &self.children {
            match child {
                Child::Element(element) => element.write(out),
                Child::Raw(raw) => out.push_str(raw),
            }
        }
        out.extend(["</", &self.name, ">"]);
    }

    /// As a text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Itself and the elements in it.
    pub fn count(&self) -> usize {
        1 + self.elements().map(Element::count).sum::<usize>()
    }

    fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Raw(_) => None,
        })
    }

    /// The n-th element in document order, itself being the first.
    pub fn nth(&mut self, n: usize) -> Option<&mut Element> {
        if n == 0 {
            return Some(self);
        }
        let mut left = n - 1;
        for child in &mut self.children {
            let Child::Element(element) = child else { continue };
            let count = element.count();
            if left < count {
                return element.nth(left);
            }
            left -= count;
        }
        None
    }

    /// Takes the n-th element out; never the root.
    pub fn take(&mut self, n: usize) -> Option<Element> {
        let mut left = n.checked_sub(1)?;
        for at in 0..self.children.len() {
            let Child::Element(element) = &mut self.children[at] else { continue };
            let count = element.count();
            if left == 0 {
                let Child::Element(element) = self.children.remove(at) else { return None };
                return Some(element);
            }
            if left < count {
                return element.take(left);
            }
            left -= count;
        }
        None
    }

    /// A copy of the n-th element that declares every prefix that it had where it stood.
    pub fn copy(&self, n: usize) -> Option<Element> {
        let mut scope = Vec::new();
        self.find(n, &mut scope).map(|element| {
            let mut copy = element.clone();
            for (name, value) in scope.into_iter().rev() {
                if !copy.attributes.iter().any(|(declared, _)| *declared == name) {
                    copy.attributes.push((name, value));
                }
            }
            copy
        })
    }

    /// The n-th element, and the declarations around it, outermost first.
    fn find(&self, n: usize, scope: &mut Vec<(String, String)>) -> Option<&Element> {
        let Some(mut left) = n.checked_sub(1) else { return Some(self) };
        scope.extend(self.attributes.iter().filter(|(name, _)| is_declaration(name)).cloned());
        for element in self.elements() {
            let count = element.count();
            if left < count {
                return element.find(left, scope);
            }
            left -= count;
        }
        None
    }
}

/// Whether the attribute declares a namespace.
pub fn is_declaration(name: &str) -> bool {
    name == "xmlns" || name.starts_with("xmlns:")
}

fn start_tag(tag: &str) -> (Element, bool, &str) {
    let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(tag.len());
    let mut element = Element::new(&tag[1..end], Vec::new());
    let mut rest = tag[end..].trim_start();
    loop {
        if let Some(after) = rest.strip_prefix("/>") {
            return (element, true, after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (element, false, after);
        }
        let (name, value) = rest.split_once('=').expect("an attribute has a value");
        let value = value.trim_start();
        let quote = value.chars().next().expect("a value has quotes");
        let (value, after) = value[1..].split_once(quote).expect("a value ends");
        element.attributes.push((name.trim().to_owned(), value.replace('"', "&quot;")));
        rest = after.trim_start();
    }
}

//! The small XML documents of object storages, read under bounds.
//!
//! Only what is needed is looked for: elements with a name, and the text in them. Namespaces are ignored, and so is
//! everything that is not known. There are no entities but XML's own five and character references.

use super::bucket::BucketError;
use quick_xml::Reader;
use quick_xml::events::Event;

/// More elements than this no answer has: a page of a thousand keys has about ten thousand.
const ELEMENTS: usize = 200_000;
/// Deeper than this no answer is.
const DEPTH: usize = 16;

/// An element: its name without a prefix, its text, and what is in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Self>,
}

impl Element {
    /// Reads a document, and gives its root.
    pub(super) fn parse(document: &[u8]) -> Result<Self, BucketError> {
        let broken = || BucketError::Answer("a document is not XML");
        let text = std::str::from_utf8(document).map_err(|_| broken())?;
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        let mut seen = 0;
        loop {
            match reader.read_event().map_err(|_| broken())? {
                Event::Start(start) => {
                    seen += 1;
                    if open.len() > DEPTH || seen > ELEMENTS {
                        return Err(BucketError::Answer("a document is too large"));
                    }
                    open.push(Self::named(start.local_name().as_ref()));
                }
                Event::Empty(start) => {
                    let element = Self::named(start.local_name().as_ref());
                    open.last_mut().ok_or_else(broken)?.children.push(element);
                }
                Event::End(_) => {
                    let element = open.pop().ok_or_else(broken)?;
                    open.last_mut().ok_or_else(broken)?.children.push(element);
                }
                Event::Text(text) => {
                    open.last_mut().ok_or_else(broken)?.text.push_str(&text);
                }
                Event::GeneralRef(entity) => {
                    let letter = match entity.resolve_char_ref().map_err(|_| broken())? {
                        Some(letter) => letter.to_string(),
                        None => quick_xml::escape::resolve_xml_entity(&entity).ok_or_else(broken)?.to_owned(),
                    };
                    open.last_mut().ok_or_else(broken)?.text.push_str(&letter);
                }
                Event::CData(text) => {
                    open.last_mut().ok_or_else(broken)?.text.push_str(&text);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some(outside), true) => outside.children.into_iter().next().ok_or_else(broken),
            _ => Err(broken()),
        }
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The children with a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at a path of names below this one.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.children.iter().find(|child| child.name == *name))
    }

    /// The text of the first element at a path, empty if there is none.
    pub(super) fn text_at(&self, path: &[&str]) -> &str {
        self.at(path).map_or("", |element| element.text.trim())
    }
}

/// Code and message of an error document; empty where it is none.
pub(super) fn error(document: &[u8]) -> (String, String) {
    match Element::parse(document) {
        Ok(root) if root.name == "Error" => {
            (root.text_at(&["Code"]).to_owned(), root.text_at(&["Message"]).to_owned())
        }
        Ok(_) | Err(_) => (String::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_path() {
        let document = br#"<?xml version="1.0"?><s:List xmlns:s="x"><Item><Key>a &amp; b&#x2f;c</Key></Item>
            <Item><Key><![CDATA[<d>]]></Key></Item><Empty/></s:List>"#;
        let root = Element::parse(document).unwrap();
        assert_eq!(root.name, "List");
        let keys: Vec<&str> = root.all("Item").map(|item| item.text_at(&["Key"])).collect();
        assert_eq!(keys, ["a & b/c", "<d>"]);
        assert!(root.at(&["Empty"]).is_some());
        assert_eq!(root.text_at(&["Item", "Nothing"]), "");
    }

    #[test]
    fn what_is_not_xml_or_too_deep_is_refused() {
        for document in ["", "text", "<a><b></a>", "<a>&unknown;</a>", "<a>", &"<a>".repeat(100)] {
            assert!(Element::parse(document.as_bytes()).is_err(), "{document}");
        }
    }

    #[test]
    fn an_error_tells_its_code() {
        let (code, message) = error(b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>");
        assert_eq!((code.as_str(), message.as_str()), ("NoSuchKey", "gone"));
        assert_eq!(error(b"<html></html>"), (String::new(), String::new()));
    }
}

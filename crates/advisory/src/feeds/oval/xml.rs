//! The XML of OVAL, read in one pass with bounds: depth, attributes, the length of one text.

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::collections::{BTreeSet, HashMap};

/// The deepest nesting that is read. Oracle's criteria are nested by six.
const DEPTH: usize = 64;
/// The most attributes of one element.
const ATTRIBUTES: usize = 64;
/// The longest text of one element, in bytes.
const TEXT_BYTES: usize = 1 << 20;

/// All that a document says.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) definitions: Vec<Definition>,
    tests: HashMap<String, Test>,
    objects: HashMap<String, String>,
    states: HashMap<String, State>,
}

/// One definition.
#[derive(Debug, Default)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) severity: String,
    pub(super) date: String,
    pub(super) platforms: Vec<String>,
    pub(super) erratum: Option<String>,
    pub(super) cves: Vec<String>,
    pub(super) urls: Vec<String>,
    pub(super) tests: Vec<String>,
    /// The module streams that comments name.
    modules: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Test {
    object: String,
    states: Vec<String>,
}

/// A version and how to compare with it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) version: String,
    pub(super) operation: String,
}

/// What is being read.
#[derive(Default)]
struct Place {
    /// The local names of the open elements.
    open: Vec<String>,
    /// The identifier of the open test, object or state.
    id: String,
    operation: String,
    text: String,
}

impl Definitions {
    /// Reads a document.
    pub(super) fn read(document: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::from_reader(document);
        let (mut read, mut place, mut buffer) = (Self::default(), Place::default(), Vec::new());
        loop {
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(|error| error.to_string())?;
            match event {
                Event::Start(element) => {
                    if place.open.len() >= DEPTH {
                        return Err(format!("it is nested deeper than the {DEPTH} levels that are read"));
                    }
                    place.text.clear();
                    read.open(&mut place, &element)?;
                    place.open.push(local_name(&element));
                }
                Event::Empty(element) => {
                    place.text.clear();
                    read.open(&mut place, &element)?;
                }
                Event::End(_) => {
                    let name = place.open.pop().unwrap_or_default();
                    read.close(&mut place, &name);
                    place.text.clear();
                }
                Event::Text(text) => place.add(&text)?,
                Event::CData(text) => place.add(&text)?,
                Event::GeneralRef(name) => place.add(&entity(&name)?)?,
                Event::DocType(_) => return Err("it has a document type, which is not read".to_owned()),
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
        if place.open.is_empty() { Ok(read) } else { Err("it is cut off".to_owned()) }
    }

    /// The package and the version of a test that compares one.
    pub(super) fn comparison(&self, test: &str) -> Option<(&str, &State)> {
        let test = self.tests.get(test)?;
        let state = test.states.iter().find_map(|state| self.states.get(state))?;
        Some((self.objects.get(&test.object)?, state))
    }

    fn open(&mut self, place: &mut Place, element: &BytesStart<'_>) -> Result<(), String> {
        let attributes = attributes(element)?;
        let attribute =
            |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let value = |name: &str| attribute(name).unwrap_or_default();
        match &*local_name(element) {
            "definition" => {
                self.definitions.push(Definition { id: value("id"), ..Definition::default() });
            }
            "rpminfo_test" => {
                place.id = value("id");
                self.tests.insert(place.id.clone(), Test::default());
            }
            "rpminfo_object" | "rpminfo_state" => place.id = value("id"),
            "evr" => place.operation = value("operation"),
            "object" => {
                if let (Some(test), Some(object)) = (self.tests.get_mut(&place.id), attribute("object_ref")) {
                    test.object = object;
                }
            }
            "state" => {
                if let (Some(test), Some(state)) = (self.tests.get_mut(&place.id), attribute("state_ref")) {
                    test.states.push(state);
                }
            }
            "reference" | "criterion" | "issued" => {
                if let Some(definition) = self.definitions.last_mut() {
                    definition.open(&local_name(element), &value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, place: &mut Place, name: &str) {
        let text = std::mem::take(&mut place.text);
        let parent = place.open.last().map(String::as_str);
        match (name, parent) {
            ("name", Some("rpminfo_object")) => {
                self.objects.insert(place.id.clone(), text.trim().to_owned());
            }
            ("evr", Some("rpminfo_state")) => {
                let operation = std::mem::take(&mut place.operation);
                self.states.insert(place.id.clone(), State { version: text.trim().to_owned(), operation });
            }
            _ => {
                if let Some(definition) = self.definitions.last_mut() {
                    definition.close(name, text);
                }
            }
        }
    }
}

impl Definition {
    /// The module stream that all of it is about; none if there is no or more than one.
    pub(super) fn module(&self) -> Option<&String> {
        self.modules.first().filter(|_| self.modules.len() == 1)
    }

    fn open(&mut self, element: &str, value: &dyn Fn(&str) -> String) {
        match element {
            "reference" if value("source").eq_ignore_ascii_case("cve") => self.cves.push(value("ref_id")),
            "reference" => {
                self.erratum =
                    self.erratum.take().or_else(|| Some(value("ref_id")).filter(|id| !id.is_empty()));
                self.urls.push(value("ref_url"));
            }
            "criterion" => {
                self.tests.push(value("test_ref"));
                let comment = value("comment");
                let named = comment.strip_prefix("Module ").and_then(|rest| rest.strip_suffix(" is enabled"));
                self.modules.extend(named.map(str::to_owned));
            }
            "issued" => self.date = value("date"),
            _ => {}
        }
    }

    fn close(&mut self, element: &str, text: String) {
        match element {
            "title" => self.title = text,
            "description" => self.description = text,
            "severity" => self.severity = text,
            "platform" => self.platforms.push(text),
            "advisory_date" => self.date = text,
            _ => {}
        }
    }
}

impl Place {
    fn add(&mut self, text: &str) -> Result<(), String> {
        if self.text.len().saturating_add(text.len()) > TEXT_BYTES {
            return Err(format!("a text in it is longer than the {TEXT_BYTES} bytes that are read"));
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// The name of an element without its namespace.
pub(in crate::feeds) fn local_name(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

/// The attributes of an element, with their bound.
pub(in crate::feeds) fn attributes(element: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut read = Vec::new();
    // Without the check for doubles, which is quadratic.
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if read.len() >= ATTRIBUTES {
            return Err(format!("an element has more than the {ATTRIBUTES} attributes that are read"));
        }
        let key = attribute.key.local_name().as_ref().to_owned();
        read.push((key, unescaped(&attribute.value)?));
    }
    Ok(read)
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').ok_or("an entity does not end")?;
        out.push_str(&entity(name)?);
        out.push_str(rest);
    }
    Ok(out)
}

/// The entities of the specification, and characters by their number.
pub(in crate::feeds) fn entity(name: &str) -> Result<String, String> {
    let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    });
    let sign = match (name, number) {
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("amp", _) => Some('&'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        (_, Some(Ok(number))) => char::from_u32(number),
        (_, Some(Err(_)) | None) => None,
    };
    sign.map(String::from).ok_or_else(|| format!("it has the entity {name:?}, which is not expanded"))
}

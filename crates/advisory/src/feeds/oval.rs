//! OVAL definitions of Azure Linux and Oracle Linux: <https://oval.mitre.org/language/version5.11/>,
//! <https://github.com/microsoft/AzureLinuxVulnerabilityData>, <https://linux.oracle.com/security/oval/>.
//!
//! XML in four parts that refer to one another: definitions name tests, a test names an object (a package) and a state
//! (a version and how to compare). Read are comparisons of package versions; tests of signatures, architectures and
//! releases have no say, because an image has one release and its packages are signed by it.
//!
//! Surprises: Azure's definitions name no release, which is read from the versions (`.azl3`, `.cm2`); an unfixed
//! vulnerability compares with "less than or equal" to the newest version; Oracle's definitions have one test for a
//! package and many criteria that name it, one for each architecture, and say of modules only in a comment.
//!
//! The reader of the XML expands no entities but those of the specification and refuses document types.

pub(super) mod xml;

use super::{Emit, Feed, FeedError, Record, Skip};
use crate::advisory::instant;
use crate::identifier::is_cve;
use crate::{Advisory, AdvisoryId, AffectedPackage, End, Extent, Range, Rating, Reference};
use inventory::{Ecosystem, version::scheme_of};
use std::collections::BTreeMap;
use xml::{Definition, Definitions, State};

/// OVAL definitions.
pub(super) const FEED: Feed = Feed { name: "oval", recognise, parse };

fn recognise(_name: &str, head: &[u8]) -> bool {
    memchr::memmem::find(head, b"<oval_definitions").is_some()
}

fn parse(document: &[u8], emit: Emit<'_>) -> Result<(), FeedError> {
    let read = Definitions::read(document).map_err(|why| FeedError { feed: FEED.name, why })?;
    for definition in &read.definitions {
        let record = advisory(&read, definition).map(|read| Record::Advisory(Box::new(read)));
        let place = definition.id.chars().take(100).collect();
        emit(record.map_err(|why| Skip { place, why }));
    }
    Ok(())
}

fn advisory(all: &Definitions, definition: &Definition) -> Result<Advisory, String> {
    let cves: Vec<&String> = definition.cves.iter().filter(|name| is_cve(name)).collect();
    let affected = affected(all, definition)?;
    let vendor = vendor(affected.first().map(|first| &first.ecosystem));
    let id = match (&definition.erratum, cves.first()) {
        (Some(erratum), _) => erratum.clone(),
        (None, Some(cve)) => format!("{}-{cve}", vendor.to_ascii_uppercase().replace(' ', "")),
        (None, None) => return Err("it names neither an erratum nor a vulnerability".to_owned()),
    };
    let mut advisory = Advisory::new(AdvisoryId::new(id).map_err(|error| error.to_string())?);
    advisory.upstream = cves.into_iter().cloned().collect();
    advisory.summary = definition.title.trim().to_owned();
    advisory.details = definition.description.trim().to_owned();
    (advisory.published, advisory.modified) = (instant(&definition.date), instant(&definition.date));
    advisory.ratings.extend(Rating::from_word(&definition.severity, vendor));
    let reference = |url: &String| Reference { kind: "ADVISORY".to_owned(), url: url.clone() };
    advisory.references = definition.urls.iter().map(reference).collect();
    advisory.affected = affected;
    Ok(advisory)
}

/// Who publishes for an ecosystem, as the source of ratings.
fn vendor(ecosystem: Option<&Ecosystem>) -> &'static str {
    match ecosystem.map(Ecosystem::base) {
        Some("Oracle Linux") => "Oracle Linux",
        _ => "Azure Linux",
    }
}

fn affected(all: &Definitions, definition: &Definition) -> Result<Vec<AffectedPackage>, String> {
    let mut ends: BTreeMap<(Ecosystem, &str), Vec<End>> = BTreeMap::new();
    for test in &definition.tests {
        let Some((package, state)) = all.comparison(test) else { continue };
        let ecosystem = release(definition, state)?;
        ends.entry((ecosystem, package)).or_default().push(end(state)?);
    }
    if ends.is_empty() {
        return Err("it compares no version of any package".to_owned());
    }
    let of = |((ecosystem, package), ends): ((Ecosystem, &str), Vec<End>)| {
        let extent = extent(&ecosystem, ends);
        let module = definition.module().cloned();
        AffectedPackage { module, ..AffectedPackage::new(ecosystem, package, extent) }
    };
    Ok(ends.into_iter().map(of).collect())
}

fn release(definition: &Definition, state: &State) -> Result<Ecosystem, String> {
    let oracle =
        definition.platforms.iter().find_map(|platform| platform.trim().strip_prefix("Oracle Linux "));
    if let Some(number) = oracle {
        return Ok(Ecosystem::new(format!("Oracle Linux:{number}")));
    }
    let marks = [(".azl", "Azure Linux:"), (".cm", "Azure Linux:")];
    let found = marks.iter().find_map(|(mark, base)| {
        let number: String =
            state.version.rsplit_once(mark)?.1.chars().take_while(char::is_ascii_digit).collect();
        (!number.is_empty()).then(|| Ecosystem::new(format!("{base}{number}")))
    });
    found.ok_or_else(|| format!("nothing says which release {:?} is of", state.version))
}

fn end(state: &State) -> Result<End, String> {
    match &*state.operation {
        "less than" => Ok(End::Fixed(state.version.clone())),
        "less than or equal" => Ok(End::LastAffected(state.version.clone())),
        other => Err(format!("it compares a version by {other:?}")),
    }
}

/// One range to the latest end. An unfixed vulnerability ends at the newest version that the vendor has: later ones
/// would be affected too, and the range stays open.
fn extent(ecosystem: &Ecosystem, ends: Vec<End>) -> Extent {
    let is_unfixed = ends.iter().any(|end| matches!(end, End::LastAffected(_)));
    if is_unfixed {
        return Extent::every_version();
    }
    let key = |end: &End| match end {
        End::Fixed(version) => scheme_of(ecosystem).and_then(|scheme| (scheme.key)(version).ok()),
        End::Open | End::LastAffected(_) | End::Limit(_) => None,
    };
    match ends.into_iter().max_by_key(key) {
        Some(end) => Extent::Versions { ranges: vec![Range { introduced: None, end }], versions: Vec::new() },
        None => Extent::every_version(),
    }
}

#[cfg(test)]
mod tests;

//! Java archives: jar, war, ear and the like, with the archives inside them; and those inside of zip archives.
//!
//! A `pom.properties` that Maven put into an archive names its library; a shaded archive has many. Without one, the
//! manifest and the file's name have to do. Names are `GROUP:ARTIFACT`, as feeds write them, or the artifact alone.
//! An archive that says nothing of itself is a program's own code, and is not a library that a feed would know.

mod groups;

use super::{Action, Extractor, File, PackageList, Reading, lines};
use crate::Limits;
use crate::body::{Body, Workspace};
use crate::zip::{Archive, Budget, Member, ZipError};
use inventory::{PackageKind, SkipReason};

const ENDINGS: &[&str] = &[".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".lpkg"];

/// The line in the table.
pub(super) const EXTRACTOR: Extractor = Extractor {
    name: "Java archive",
    watched: &[],
    claims: |file| is_archive(file.path.as_bytes()) || is_wrapping(file.path),
    magic: &[],
    action: Action::Browse { limit: |limits| limits.binary_bytes, browse },
};

fn is_archive(path: &[u8]) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending.as_bytes()))
}

/// Whether a file is an archive of no kind of its own, in which Java archives may lie, as builders of programs deliver them.
fn is_wrapping(path: &str) -> bool {
    path.ends_with(".zip")
}

fn browse(
    file: &File<'_>,
    body: Body<'_>,
    limits: &Limits,
    workspace: &Workspace,
) -> Result<Reading, SkipReason> {
    let mut search = Search {
        workspace,
        list: PackageList::new(PackageKind::Maven, limits),
        budget: Budget { bytes: limits.inflated_bytes, members: limits.archive_members },
        depth: limits.archive_depth,
    };
    match search.archive(file.name().as_bytes(), body, 0) {
        // Tests and examples have broken ones, and nothing says that an archive of this name has to do with Java.
        Err(SkipReason::Malformed(_)) if is_wrapping(file.path) => {}
        result => result?,
    }
    let reading = search.list.finish();
    let is_silent = matches!(&reading, Reading::Packages { packages, faults, .. } if packages.is_empty() && faults.is_empty());
    Ok(if is_silent { Reading::Nothing } else { reading })
}

struct Search<'w> {
    workspace: &'w Workspace,
    list: PackageList,
    budget: Budget,
    depth: u32,
}

impl Search<'_> {
    /// Reads one archive; the recursion ends at the limit of depth.
    fn archive(&mut self, name: &[u8], body: Body<'_>, depth: u32) -> Result<(), SkipReason> {
        if depth >= self.depth {
            return Err(SkipReason::Limit(format!("Java archives nested deeper than {}", self.depth)));
        }
        let archive = match Archive::open(body) {
            // Other files have such names too, and Java could not read them either.
            Err(ZipError::NoArchive) => return Ok(()),
            other => other.map_err(refused)?,
        };
        let mut manifest: Option<Member> = None;
        let mut libraries: Vec<(String, String)> = Vec::new();
        let mut members = archive.members();
        while let Some(next) = members.next() {
            let (name, member) = next.map_err(refused)?;
            self.budget.spend_member().map_err(refused)?;
            if name == b"META-INF/MANIFEST.MF" {
                manifest = Some(member);
            } else if name.starts_with(b"META-INF/maven/") && name.ends_with(b"/pom.properties") {
                let text = archive.text(member, &mut self.budget).map_err(refused)?;
                libraries.extend(self.properties(name, &text)?);
            } else if is_archive(name) {
                self.nested(&archive, name, member, depth.saturating_add(1))?;
            }
        }
        let text = match manifest {
            Some(member) => archive.text(member, &mut self.budget).map_err(refused)?,
            None => std::borrow::Cow::Borrowed(&[][..]),
        };
        self.manifest(name, &text, &libraries)
    }

    /// Reads an archive inside an archive. A broken one does not hide its neighbours.
    fn nested(
        &mut self,
        outer: &Archive<'_>,
        name: &[u8],
        member: Member,
        depth: u32,
    ) -> Result<(), SkipReason> {
        let inner = outer.inner(member, &mut self.budget, self.workspace).map_err(refused)?;
        match self.archive(name, inner.body(), depth) {
            Ok(()) => Ok(()),
            Err(SkipReason::Malformed(why)) => {
                self.list.fault(&why);
                Ok(())
            }
            Err(limit @ (SkipReason::Limit(_) | SkipReason::Unsupported(_))) => Err(limit),
        }
    }

    /// The artifact and the version of the library that the properties name. They lie in
    /// `META-INF/maven/GROUP/ARTIFACT/`, which tells what some builders leave out of them.
    fn properties(&mut self, path: &[u8], text: &[u8]) -> Result<Option<(String, String)>, SkipReason> {
        let folder = |number| path.split(|byte| *byte == b'/').nth(number).filter(|part| !part.is_empty());
        let value = |key: &[u8]| {
            lines(text)
                .find_map(|line| line.strip_prefix(key)?.trim_ascii_start().strip_prefix(b"="))
                .map(<[u8]>::trim_ascii)
        };
        let (Some(group), Some(artifact), Some(version)) = (
            value(b"groupId").or_else(|| folder(2)),
            value(b"artifactId").or_else(|| folder(3)),
            value(b"version"),
        ) else {
            self.list.fault("a pom.properties without a version");
            return Ok(None);
        };
        let word = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
        let library = (word(artifact), word(version));
        Ok(self.list.push(&[group, b":", artifact].concat(), version)?.is_some().then_some(library))
    }

    /// Names a library by the file's name and the manifest, unless one of the libraries that Maven put into the archive
    /// is the archive itself: a shaded archive of another builder has only those of others.
    fn manifest(
        &mut self,
        name: &[u8],
        text: &[u8],
        libraries: &[(String, String)],
    ) -> Result<(), SkipReason> {
        let headers = main_section(text);
        let header = |key: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
        };
        let name = String::from_utf8_lossy(name);
        if is_wrapping(&name) {
            return Ok(());
        }
        let (artifact, file_version) = split_file_name(name.rsplit('/').next().unwrap_or_default());
        let version = file_version
            .or_else(|| header("Implementation-Version"))
            .or_else(|| header("Bundle-Version"))
            .or_else(|| header("Specification-Version"));
        let Some(version) = version else { return Ok(()) };
        // An archive is often renamed, but it keeps its version; and a name may hold what looks like one.
        let whole =
            name.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or("", |(stem, _)| stem);
        let is_whole = |known: &str| known.replace('_', "-") == whole.replace('_', "-");
        // `log4j-1.2-api` in a file of that name and its version, and perhaps a word behind it.
        let is_named_by = |known: &str, its: &str| {
            let behind = whole.strip_prefix(known).and_then(|rest| rest.strip_prefix('-')?.strip_prefix(its));
            behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
        };
        let is_its_own = |(known, its): &(String, String)| {
            known == artifact || is_same(its, version) || is_whole(known) || is_named_by(known, its)
        };
        if libraries.iter().any(is_its_own) {
            return Ok(());
        }
        let group = groups::group(artifact, version)
            .or_else(|| header("Implementation-Vendor-Id").filter(|group| is_group(group)))
            .or_else(|| {
                // `org.example.artifact` as a bundle is the artifact of the group before it.
                let bundle = header("Bundle-SymbolicName")?.split(';').next()?.trim();
                bundle.strip_suffix(artifact)?.strip_suffix('.').filter(|group| is_group(group))
            });
        let full = group.map_or_else(|| artifact.to_owned(), |group| format!("{group}:{artifact}"));
        self.list.push(full.as_bytes(), version.as_bytes())?;
        Ok(())
    }
}

/// Whether two versions are one: bundles always have three numbers, `1.18.0` for `1.18`.
fn is_same(one: &str, other: &str) -> bool {
    let longer = |short: &str, long: &str| long.strip_prefix(short) == Some(".0");
    one == other || longer(one, other) || longer(other, one)
}

fn is_group(text: &str) -> bool {
    text.contains('.')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'))
}

fn refused(error: ZipError) -> SkipReason {
    match error {
        ZipError::Malformed(_) | ZipError::NoArchive => {
            SkipReason::Malformed(format!("a Java archive: {error}"))
        }
        ZipError::Unsupported => SkipReason::Unsupported(format!("a Java archive: {error}")),
        ZipError::TooLarge | ZipError::TooMany | ZipError::Scratch => {
            SkipReason::Limit(format!("a Java archive: {error}"))
        }
    }
}

/// The headers of a manifest up to its first empty line; a line that begins with a blank continues the one before.
fn main_section(text: &[u8]) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines(text).take_while(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        if let Some(rest) = line.strip_prefix(' ') {
            if let Some((_, value)) = headers.last_mut() {
                value.push_str(rest);
            }
        } else if let Some((key, value)) = line.split_once(':') {
            headers.push((key.to_owned(), value.trim().to_owned()));
        }
    }
    headers
}

/// `log4j-core-2.14.1.jar`: the version begins at the first digit after a hyphen.
fn split_file_name(name: &str) -> (&str, Option<&str>) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    for (hyphen, _) in stem.match_indices('-') {
        if let Some((artifact, rest)) = stem.split_at_checked(hyphen) {
            let version = rest.trim_start_matches('-');
            if version.starts_with(|first: char| first.is_ascii_digit()) {
                return (artifact, Some(version));
            }
        }
    }
    (stem, None)
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::browsed;
    use super::*;
    use expect_test::expect;
    use std::io::{Cursor, Write};
    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    fn archive(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn stored(members: &[(&str, &[u8])]) -> Vec<u8> {
        archive(members, CompressionMethod::Stored)
    }

    fn deflated(members: &[(&str, &[u8])]) -> Vec<u8> {
        archive(members, CompressionMethod::Deflated)
    }

    fn read_as(path: &str, content: &[u8], limits: &Limits) -> String {
        // In memory, and on scratch: the answer is the same.
        let file = File { path, size: content.len() as u64, mode: 0 };
        browsed(browse, &file, content, limits)
    }

    const POM: (&str, &[u8]) =
        ("META-INF/maven/g/a/pom.properties", b"#Generated\nversion=1.2\ngroupId=org.g\nartifactId=a\n");

    #[test]
    fn nested_archives_and_several_libraries_in_one() {
        let shaded = deflated(&[
            POM,
            ("META-INF/maven/h/b/pom.properties", b"groupId = h.h\nartifactId=b\nversion=2"),
        ]);
        let manifest =
            b"Manifest-Version: 1.0\r\nImplementation-Vendor-Id: org.exam\r\n ple\r\n\r\nName: x\r\n";
        let inner = stored(&[("META-INF/MANIFEST.MF", manifest)]);
        let mut outer = b"#!/bin/sh\nexec java -jar $0\n".to_vec();
        let members: [(&str, &[u8]); 2] =
            [("BOOT-INF/lib/shaded.jar", &shaded), ("BOOT-INF/lib/own-name-3.0-SNAPSHOT.jar", &inner)];
        outer.extend(deflated(&members));
        expect![[r#"
            maven org.g:a 1.2
            maven h.h:b 2
            maven org.example:own-name 3.0-SNAPSHOT
        "#]]
        .assert_eq(&read_as("opt/app.war", &outer, &Limits::default()));
    }

    #[test]
    fn a_shaded_archive_is_named_beside_what_is_in_it() {
        let manifest = b"Implementation-Version: 4.2.3\n";
        let shaded = deflated(&[POM, ("META-INF/MANIFEST.MF", manifest)]);
        expect![[r#"
            maven org.g:a 1.2
            maven com.google.inject:guice 4.2.3
        "#]]
        .assert_eq(&read_as("usr/share/java/guice.jar", &shaded, &Limits::default()));
        // Renamed, but the same library.
        let own = deflated(&[POM, ("META-INF/MANIFEST.MF", b"Implementation-Version: 1.2\n")]);
        expect![[r#"
            maven org.g:a 1.2
        "#]]
        .assert_eq(&read_as("opt/renamed.jar", &own, &Limits::default()));
        expect![[r#"
            maven org.g:a 1.2
        "#]]
        .assert_eq(&read_as("opt/a-9.jar", &own, &Limits::default()));
        let spec: (&str, &[u8]) =
            ("META-INF/maven/g/a/pom.properties", b"version=1.3\ngroupId=g\nartifactId=a_1.3_spec\n");
        expect![[r#"
            maven g:a_1.3_spec 1.3
        "#]]
        .assert_eq(&read_as("opt/a-1.3-spec.jar", &deflated(&[spec]), &Limits::default()));
    }

    #[test]
    fn a_number_in_the_name_of_an_artifact_is_no_version() {
        let pom = b"version=2.20.0\ngroupId=org.g\nartifactId=log4j-1.2-api\n";
        let jar = deflated(&[("META-INF/maven/g/a/pom.properties", pom)]);
        let expected = "maven org.g:log4j-1.2-api 2.20.0\n";
        assert_eq!(read_as("lib/log4j-1.2-api-2.20.0.jar", &jar, &Limits::default()), expected);
        assert_eq!(read_as("lib/log4j-1.2-api-2.20.0-shaded.jar", &jar, &Limits::default()), expected);
    }

    #[test]
    fn what_properties_leave_out_their_place_tells() {
        let pom = ("META-INF/maven/com.github.jnr/jnr-x86asm/pom.properties", &b"version=1.0.2\n"[..]);
        let bundle = ("META-INF/MANIFEST.MF", &b"Bundle-Version: 1.0.0\n"[..]);
        assert_eq!(
            read_as("lib/jnr-x86asm.jar", &deflated(&[pom, bundle]), &Limits::default()),
            "maven com.github.jnr:jnr-x86asm 1.0.2\n"
        );
        let none = ("META-INF/maven/g/a/pom.properties", &b"groupId=g\n"[..]);
        assert!(read_as("lib/a.jar", &deflated(&[none]), &Limits::default()).contains("malformed"));
        // A bundle has three numbers always.
        let bundle = ("META-INF/MANIFEST.MF", &b"Bundle-Version: 1.2.0\n"[..]);
        let renamed = deflated(&[POM, bundle]);
        assert_eq!(read_as("lib/a1.jar", &renamed, &Limits::default()), "maven org.g:a 1.2\n");
    }

    #[test]
    fn a_bundle_names_its_group() {
        let manifest = b"Bundle-SymbolicName: org.example.thing;singleton:=true\nBundle-Version: 4.5.6\n";
        let jar = deflated(&[("META-INF/MANIFEST.MF", manifest)]);
        assert_eq!(read_as("lib/thing.jar", &jar, &Limits::default()), "maven org.example:thing 4.5.6\n");
    }

    #[test]
    fn what_is_no_archive_is_nothing() {
        assert_eq!(read_as("a.jar", b"", &Limits::default()), "nothing\n");
        assert_eq!(read_as("a.nar", b"nix-archive-1", &Limits::default()), "nothing\n");
        assert_eq!(read_as("a.jar", &stored(&[("Main.class", b"x")]), &Limits::default()), "nothing\n");
    }

    #[test]
    fn depth_and_inflation_are_limited() {
        let mut jar = deflated(&[POM]);
        for _ in 0..3 {
            jar = deflated(&[("inner.jar", &jar)]);
        }
        assert_eq!(read_as("a.jar", &jar, &Limits::default()), "maven org.g:a 1.2\n");
        let deeper = stored(&[("inner.jar", &jar)]);
        assert_eq!(
            read_as("a.jar", &deeper, &Limits::default()),
            "limit: Java archives nested deeper than 4\n"
        );
        let bomb = deflated(&[("inner.jar", &vec![0; 1 << 20])]);
        let limits = Limits { inflated_bytes: 1000, ..Limits::default() };
        assert_eq!(
            read_as("a.jar", &bomb, &limits),
            "limit: a Java archive: more is to be inflated than allowed\n"
        );
    }

    #[test]
    fn members_that_share_their_bytes_are_counted() {
        // Each archive names the one inside it a hundred times: a million ways to the innermost.
        let mut jar = stored(&[POM]);
        for _ in 0..3 {
            let inner = jar;
            let once = stored(&[("i.jar", &inner)]);
            let end = memchr::memmem::rfind(&once, b"PK\x05\x06").unwrap();
            let start = memchr::memmem::rfind(&once, b"PK\x01\x02").unwrap();
            let (members, directory) = (once.get(..start).unwrap(), once.get(start..end).unwrap());
            let directory = directory.repeat(100);
            jar = [members, &directory, once.get(end..).unwrap()].concat();
            let at = members.len().checked_add(directory.len()).unwrap().checked_add(12).unwrap();
            let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
            jar.iter_mut().skip(at).zip(size).for_each(|(place, byte)| *place = byte);
        }
        let limits = Limits { archive_members: 10_000, ..Limits::default() };
        assert_eq!(
            read_as("a.jar", &jar, &limits),
            "limit: a Java archive: there are more members than allowed\n"
        );
    }

    #[test]
    fn a_directory_that_lies_is_malformed() {
        let jar = stored(&[POM]);
        let at = |signature: &[u8]| memchr::memmem::rfind(&jar, signature).unwrap();
        let with = |offset: usize, bytes: &[u8]| {
            let mut jar = jar.clone();
            for (place, byte) in jar.iter_mut().skip(offset).zip(bytes) {
                *place = *byte;
            }
            read_as("a.jar", &jar, &Limits::default())
        };
        let end = at(b"PK\x05\x06");
        let entry = at(b"PK\x01\x02");
        assert!(with(end.saturating_add(12), &[0xff; 3]).starts_with("malformed"));
        assert!(with(entry, b"XX").starts_with("malformed"));
        assert!(with(entry.saturating_add(42), &[0xff; 3]).starts_with("malformed"));
        assert!(with(entry.saturating_add(20), &[0xff; 3]).starts_with("malformed"));
        assert!(with(entry.saturating_add(8), &[1]).starts_with("unsupported"));
        assert!(with(entry.saturating_add(10), &[12]).starts_with("unsupported"));
    }
}

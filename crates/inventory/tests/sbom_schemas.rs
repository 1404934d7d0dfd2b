//! Our bills of materials against the official validators: the schema of CycloneDX 1.6, and the rules of SPDX 2.3.
//!
//! The validators are Python packages, which `cargo xtask clients` installs. Where they are missing the test says so and
//! proves nothing; `LAZARETTO_PYTHON` names another Python that has them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use inventory::sbom::{FORMATS, Subject};
use inventory::{
    Distribution, Ecosystem, ImageInventory, InstalledPackage, LayerPath, Obstacle, OwnedBy, Package,
    PackageKind, Presence, SourcePackage,
};
use std::path::Path;
use std::process::Command;

const CYCLONEDX: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(0 if error is None else str(error))
";

const SPDX: &str = "
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
messages = validate_full_spdx_document(parse_file(sys.argv[1]))
sys.exit('\\n'.join(message.validation_message for message in messages) or 0)
";

fn inventory(obstacles: Vec<Obstacle>) -> ImageInventory {
    let installed = |kind: PackageKind, name: &str, version: &str, owner: Option<&str>| InstalledPackage {
        package: Package {
            kind,
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: kind.is_os().then(|| "x86_64".to_owned()),
            source: kind
                .is_os()
                .then(|| SourcePackage { name: "source".to_owned(), version: "2".to_owned() }),
            module: None,
        },
        path: LayerPath::from_bytes(b"lib/apk/db/installed").unwrap(),
        layer: 1,
        presence: if kind == PackageKind::Cargo { Presence::Locked } else { Presence::Installed },
        owned_by: owner.map(|name| OwnedBy { kind: PackageKind::Apk, name: name.to_owned() }),
    };
    ImageInventory {
        distribution: Some(Distribution {
            id: "alpine".to_owned(),
            version: "3.18.9".to_owned(),
            pretty_name: "Alpine Linux v3.18".to_owned(),
            ecosystem: Some(Ecosystem::new("Alpine:v3.18")),
        }),
        packages: vec![
            installed(PackageKind::Apk, "busybox", "1.36.1-r7", None),
            installed(PackageKind::Npm, "@babel/core", "7.1.0", Some("nodejs")),
            installed(PackageKind::Cargo, "regex", "1.5.4", None),
            installed(PackageKind::Binary, "openssl", "1.1.1w+quic", None),
            installed(PackageKind::Golang, "example.com/app", "(devel)", None),
            installed(PackageKind::Swift, "github.com/apple/swift-nio", "2.40.0", None),
        ],
        obstacles,
        skipped: Vec::new(),
        content_sets: Vec::new(),
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn validate(form: &str, module: &str, script: &str) {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-clients/python/bin/python3");
    let python = match std::env::var("LAZARETTO_PYTHON") {
        Ok(python) => python,
        Err(_) if installed.is_file() => installed.display().to_string(),
        Err(_) => "python3".to_owned(),
    };
    let has = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {form} was not validated, because {python} has no module {module}");
        return;
    }
    let format = FORMATS.iter().find(|format| format.name == form).unwrap();
    for (number, obstacles) in [Vec::new(), vec![Obstacle::DistributionUnknown]].into_iter().enumerate() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let subject = Subject {
            name: "registry.example.com/app:1.0",
            digest: &digest,
            timestamp: "2026-11-24T08:30:00Z",
            serial: "3e671687-395b-41f5-a30f-a58921a69b79",
            tool_version: "0.1.0",
        };
        let path = format!("{}/{number}.{form}.json", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&path, (format.write)(&inventory(obstacles), &subject)).unwrap();
        let output = Command::new(&python).args(["-c", script, &path]).output().unwrap();
        assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn cyclonedx_is_valid_by_its_schema() {
    validate("cyclonedx", "cyclonedx.validation.json", CYCLONEDX);
}

#[test]
fn spdx_is_valid_by_its_rules() {
    validate("spdx", "spdx_tools.spdx.parser.parse_anything", SPDX);
}

//! The SDKs, each driven by a script beside this file that prints one JSON object; what it holds is compared here.

use crate::support::server::PASSWORD;
use crate::world::{World, clients, has};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// The SDKs, what is called, and what is compared, for the document.
pub(crate) const CALLS: &[(&str, &str, &str)] = &[
    (
        "`azure-identity` 1.27.0",
        "`ClientSecretCredential`, `CertificateCredential`, `DeviceCodeCredential`",
        "a program with a secret and with a certificate signs in, a person by the code of a device",
    ),
    (
        "`azure-mgmt-resource` 26.0.0",
        "`resource_groups.create_or_update`, `.update`, `.get`, `.check_existence`, `.list`, `.begin_delete`, `resources.list`, `.get_by_id`, `tags.begin_create_or_update_at_scope`, `.get_at_scope`, `.list`, `providers.get`, `.register`",
        "groups, tags and the registry that were made",
    ),
    (
        "`azure-mgmt-containerregistry` 15.0.0",
        "`registries.check_name_availability`, `.begin_create`, `.get`, `.list`, `.begin_update`, `.list_credentials`, `.regenerate_credential`, `.list_usages`, `.begin_import_image`, `.begin_generate_credentials`, `.begin_delete`, `webhooks.*`, `scope_maps.*`, `tokens.*`, `replications.list`",
        "what was set is what is read",
    ),
    (
        "`azure-mgmt-authorization` 4.0.0",
        "`role_definitions.list`, `.create_or_update`, `.delete`, `role_assignments.create`, `.get_by_id`, `.list_for_scope`, `.list_for_subscription`, `.delete_by_id`",
        "the assignment is listed and gone",
    ),
    (
        "`azure-mgmt-security` 7.0.0",
        "`pricings.list`, `.get`, `.update`, `.delete`, `assessments.list`, `.get`, `assessments_metadata.list_by_subscription`, `sub_assessments.list_all`, `.list`, `.get`, `secure_scores.list`, `automations.create_or_update`, `.list`, `.delete`, `alerts.list`, `locations.list`",
        "the finding of the pushed image, by digest",
    ),
    ("`azure-mgmt-resourcegraph` 8.0.1", "`resources`", "the same finding, by a query"),
    (
        "`azure-containerregistry` 1.2.0",
        "`list_repository_names`, `get_repository_properties`, `get_manifest_properties`, `list_manifest_properties`, `get_manifest`, `set_manifest`, `list_tag_properties`, `update_tag_properties`, `delete_tag`, `upload_blob`, `download_blob`, `delete_repository`",
        "digests and bytes; a locked tag stays",
    ),
    ("`@azure/identity` 4.14.1", "`ClientSecretCredential`, `DeviceCodeCredential`", "the same"),
    (
        "`@azure/arm-security` 5.0.0",
        "`pricings.list`, `assessments.get`, `subAssessments.listAll`, `.list`, `.get`, `secureScores.list`, `alerts.list`",
        "the same findings as the Python SDK",
    ),
    (
        "`@azure/container-registry` 1.1.2",
        "`listRepositoryNames`, `getProperties`, `getManifestProperties`, `listTagProperties`, `getTagProperties`",
        "the same digests",
    ),
];

fn run(world: &World, program: &Path, script: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure_clients").join(script);
    let output = Command::new(program)
        .arg(&script)
        .current_dir(clients().join("javascript").canonicalize().unwrap_or_else(|_| ".".into()))
        .envs(world.environment())
        // The scripts lie in the source tree, and leave nothing there.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LAZARETTO_URL", &world.server.url)
        .env("LAZARETTO_SUBSCRIPTION", world.name("subscription"))
        .env("LAZARETTO_TENANT", world.name("tenant"))
        .env("LAZARETTO_PASSWORD", PASSWORD)
        .env("LAZARETTO_FOLDER", world.name("folder"))
        .env("LAZARETTO_CLIENTS", clients().canonicalize().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {out}\n{error}", script.display());
    serde_json::from_str(out.lines().last().unwrap_or_default())
        .unwrap_or_else(|_| panic!("{}: {out}\n{error}", script.display()))
}

#[track_caller]
fn is_what_was_pushed(world: &World, answer: &Value) {
    assert_eq!(
        answer["findings"],
        serde_json::json!([["CVE-2099-0001", "ill", world.name("digest")]]),
        "{answer:#}"
    );
    assert_eq!(answer["digest"], world.name("digest"), "{answer:#}");
    assert!(answer["repositories"].as_array().unwrap().contains(&"ill".into()), "{answer:#}");
    assert_eq!(
        answer["tiers"],
        serde_json::json!({"ContainerRegistry": "Standard", "Containers": "Standard"})
    );
}

/// The Python SDKs. `false` if they are not there.
pub(crate) fn python(world: &World) -> bool {
    if !has("python") {
        return false;
    }
    let answer = run(world, &clients().join("python/bin/python").canonicalize_parent(), "sdk.py");
    is_what_was_pushed(world, &answer);
    assert_eq!(answer["queried"], answer["findings"], "{answer:#}");
    true
}

/// The JavaScript SDKs. `false` if they are not there.
pub(crate) fn javascript(world: &World) -> bool {
    if !has("javascript") {
        return false;
    }
    is_what_was_pushed(world, &run(world, Path::new("node"), "sdk.mjs"));
    true
}

/// A path that stays one of the virtual environment: its `python` is a link, by which it knows where it is.
trait CanonicalParent {
    fn canonicalize_parent(&self) -> std::path::PathBuf;
}

impl CanonicalParent for std::path::PathBuf {
    fn canonicalize_parent(&self) -> std::path::PathBuf {
        let (parent, name) = (self.parent().unwrap(), self.file_name().unwrap());
        parent.canonicalize().unwrap().join(name)
    }
}

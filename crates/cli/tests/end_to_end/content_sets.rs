//! Images of Red Hat are judged by the products whose repositories they were built from.

use crate::support::image::{Image, layer};
use crate::support::push::push;
use crate::support::server::{Server, binary};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// One flaw, mended in one version in the release and in another in extended update support.
fn advisory(id: &str, product: &str, fixed: &str) -> Value {
    json!({
        "schema_version": "1.7.0", "id": id, "upstream": ["CVE-2099-0001"],
        "published": "2021-01-01T00:00:00Z", "modified": "2021-01-01T00:00:00Z", "summary": "for a test",
        "affected": [{
            "package": {"ecosystem": format!("Red Hat:{product}"), "name": "openssl-libs"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
    })
}

fn import(data: &Path) {
    let folder = tempfile::tempdir().unwrap();
    for (id, product, fixed) in [
        ("RHSA-2099:0001", "enterprise_linux:9::baseos", "1:3.0.7-25.el9_3"),
        ("RHSA-2099:0002", "rhel_eus:9.2::baseos", "1:3.0.7-16.el9_2.4"),
    ] {
        let file = folder.path().join(format!("{}.json", id.replace(':', "-")));
        std::fs::write(file, advisory(id, product, fixed).to_string()).unwrap();
    }
    let output = Command::new(binary())
        .args(["advisories", "import", "--data"])
        .arg(data)
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Red Hat Enterprise Linux 9.2 with one package, built from this repository.
fn image(release: &str, content_set: &str) -> Image {
    let package = format!(
        "openssl-libs\t3.0.7-{release}\t1676\t1675\tRed Hat, Inc.\t1\t5\tx86_64\t1\topenssl-3.0.7-{release}.src.rpm\n"
    );
    let content = json!({"metadata": {"icm_version": 1}, "content_sets": [content_set]}).to_string();
    Image::of(vec![layer(&[
        ("etc/os-release", "ID=\"rhel\"\nVERSION_ID=\"9.2\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.2\"\n"),
        ("var/lib/rpmmanifest/container-manifest-2", &package),
        ("root/buildinfo/content_manifests/app-1.json", &content),
    ])])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repositories_of_an_image_decide_which_advisories_speak() {
    const RELEASE: &str = "rhel-9-for-x86_64-baseos-rpms";
    const EXTENDED: &str = "rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2";
    let folder = tempfile::tempdir().unwrap();
    import(folder.path());
    let server = Server::start(folder.path(), &[]);
    for (tag, release, content_set, expected) in [
        ("mended-in-its-stream", "16.el9_2.4", EXTENDED, "Healthy"),
        ("old-in-its-stream", "16.el9_2.3", EXTENDED, "Unhealthy"),
        ("old-in-the-release", "16.el9_2.4", RELEASE, "Unhealthy"),
        ("mended-in-the-release", "25.el9_3", RELEASE, "Healthy"),
    ] {
        push(&reqwest::Client::new(), &server.url, "rhel", tag, &image(release, content_set)).await.unwrap();
        let verdict = server.verdict(&format!("rhel:{tag}"));
        assert_eq!(verdict["state"], expected, "{tag}: {verdict:#}");
    }
}

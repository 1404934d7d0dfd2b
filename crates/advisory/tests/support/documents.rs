//! Small whole documents of every feed: the feed, and what it says.

/// A small whole document of each feed.
pub(crate) const DOCUMENTS: &[(&str, &str)] = &[
    (
        "osv",
        r#"{"id":"X-1","published":"2023-01-01","aliases":["CVE-2022-0001"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"PyPI","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0"}]}]}]}"#,
    ),
    (
        "secdb",
        r#"{"apkurl":"x","distroversion":"v3.18","packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2022-0001 XSA-1"],"0":["é"]}}}]}"#,
    ),
    (
        "known_exploited",
        r#"{"catalogVersion":"1","vulnerabilities":[{"cveID":"CVE-2022-0001","dateAdded":"2022-01-01"}]}"#,
    ),
    (
        "csaf_vex",
        r#"{"document":{"category":"csaf_vex","publisher":{"namespace":"https://www.redhat.com"},"tracking":{"id":"CVE-2022-0001"}},"product_tree":{"branches":[{"branches":[{"product":{"product_id":"r","name":"R","product_identification_helper":{"cpe":"cpe:/o:redhat:enterprise_linux:9"}}}]}],"relationships":[{"full_product_name":{"product_id":"r:a"},"product_reference":"a","relates_to_product_reference":"r"}]},"vulnerabilities":[{"cve":"CVE-2022-0001","product_status":{"known_affected":["r:a"]}}]}"#,
    ),
    (
        "oval",
        r#"<oval_definitions><definitions><definition id="d"><reference source="CVE" ref_id="CVE-2022-0001"/><criterion test_ref="t"/></definition></definitions><rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/></rpminfo_test><rpminfo_object id="o"><name>a</name></rpminfo_object><rpminfo_state id="s"><evr operation="less than">1-1.azl3</evr></rpminfo_state></oval_definitions>"#,
    ),
    (
        "updateinfo",
        r#"<updates><update type="security"><id>ALAS-1</id><references><reference id="CVE-2022-0001"/></references><pkglist><collection><package name="a" version="1" release="1.amzn2" epoch="0" arch="x86_64"/></collection></pkglist></update></updates>"#,
    ),
    (
        "ubuntu_vex",
        r#"{"metadata":{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x/CVE-2022-0001","author":"Canonical Ltd."},"statements":[{"vulnerability":{},"status":"fixed","products":[{"@id":"pkg:deb/ubuntu/a@1?arch=source&distro=jammy"}]}]}"#,
    ),
    (
        "photon",
        r#"[{"cve_id":"CVE-2022-0001","pkg":"a","cve_score":7.5,"res_ver":"1-1.ph4","status":"Fixed"}]"#,
    ),
    (
        "arch_security",
        r#"[{"name":"AVG-1","packages":["a"],"status":"Fixed","severity":"High","fixed":"1-1","issues":["CVE-2022-0001"]}]"#,
    ),
    (
        "debian_lists",
        "[29 Mar 2023] DSA-5380-1 a - security update\n\t{CVE-2022-0001}\n\t[bullseye] - a 1-1\n",
    ),
    (
        "vulnrichment",
        r#"{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2022-0001"},"containers":{"adp":[{"metrics":[{"other":{"type":"ssvc","content":{"options":[{"Exploitation":"poc"},{"Automatable":"no"},{"Technical Impact":"total"}]}}}]}]}}"#,
    ),
    ("epss", "cve,epss,percentile\nCVE-2022-0001,0.5,0.9\n"),
    ("cvss_by_cve", r#"{"cve":"CVE-2022-0001","cvss":{"AV:N/AC:L/Au:N/C:P/I:P/A:P":["a"]}}"#),
    (
        "nvd",
        r#"{"resultsPerPage":1,"vulnerabilities":[{"cve":{"id":"CVE-2022-0001","metrics":{"a":[{"cvssData":{"vectorString":"x"}}]}}}]}"#,
    ),
    (
        "debian_tracker",
        r#"{"a":{"CVE-2022-0001":{"releases":{"bookworm":{"status":"open","repositories":{}}}}}}"#,
    ),
];

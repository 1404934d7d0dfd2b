//! Documents of both vendors, in few products, and what each status becomes.

use super::*;
use crate::feeds::tests::{advisories, read};

/// A document of Red Hat with RHEL 9, a module stream of RHEL 8, and another product.
fn red_hat(status: &str, more: &str) -> String {
    let product = |id: &str, cpe: &str| {
        format!(
            r#"{{"product":{{"product_id":"{id}","name":"n","product_identification_helper":{{"cpe":"{cpe}"}}}}}}"#
        )
    };
    let part = |component: &str, whole: &str| {
        format!(
            r#"{{"full_product_name":{{"product_id":"{whole}:{component}","name":"n"}},"product_reference":"{component}","relates_to_product_reference":"{whole}"}}"#
        )
    };
    let branches = [
        product("r9", "cpe:/a:redhat:enterprise_linux:9::appstream"),
        product("r8", "cpe:/a:redhat:enterprise_linux:8::appstream"),
        product("eus", "cpe:/a:redhat:rhel_eus:9.2::appstream"),
        r#"{"product":{"product_id":"with-purl","name":"n","product_identification_helper":{"purl":"pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1"}}}"#.to_owned(),
    ];
    let relationships = [
        part("with-purl", "r9"),
        part("openssl-1:3.0.7-27.el9.src", "r9"),
        part("openssl-1:3.0.7-30.el9.x86_64", "r9"),
        part("openssl-1:3.0.7-27.el9.x86_64", "r9"),
        part("edk2", "r9"),
        part("edk2-0:1-1.el9.x86_64", "r9"),
        part("openssl-1:3.0.7-20.el9_2.x86_64", "eus"),
        part("nodejs:18:8090020231:rhel8", "r8"),
        part("nodejs-1:18.18.2-1.module+el8.9.0.x86_64", "r8:nodejs:18:8090020231:rhel8"),
    ];
    format!(
        r#"{{"document":{{"category":"csaf_vex","publisher":{{"namespace":"https://www.redhat.com"}},"tracking":{{"id":"CVE-2023-0001","current_release_date":"2024-08-02T12:27:56+00:00","initial_release_date":"2023-01-01T00:00:00+00:00"}}}},
        "product_tree":{{"branches":[{{"branches":[{}]}}],"relationships":[{}]}},
        "vulnerabilities":[{{"cve":"CVE-2023-0001","title":"t","notes":[{{"category":"description","text":"d"}}],"product_status":{{{status}}}{more}}}]}}"#,
        branches.join(","),
        relationships.join(",")
    )
}

/// `ecosystem name module architectures extent state` of each statement.
fn lines(document: &str) -> Vec<String> {
    let read = advisories(&FEED, document).remove(0);
    let line = |said: AffectedPackage| {
        let extent = match &said.extent {
            Extent::Never => "never".to_owned(),
            Extent::Unknown { why } => why.clone(),
            Extent::Versions { ranges, .. } => match &ranges[0].end {
                crate::End::Fixed(version) => format!("< {version}"),
                crate::End::Open => "Open".to_owned(),
                crate::End::LastAffected(_) | crate::End::Limit(_) => panic!("{said:?}"),
            },
        };
        let module = said.module.unwrap_or_default();
        format!(
            "{} {} {module} {:?} {extent} {:?}",
            said.ecosystem, said.name, said.architectures, said.fix_state
        )
    };
    read.affected.into_iter().map(line).collect()
}

#[test]
fn fixed_versions_are_those_of_their_product() {
    let status = r#""fixed":["r9:with-purl","r9:openssl-1:3.0.7-27.el9.src","r9:openssl-1:3.0.7-30.el9.x86_64","r9:openssl-1:3.0.7-27.el9.x86_64","eus:openssl-1:3.0.7-20.el9_2.x86_64"]"#;
    assert_eq!(
        lines(&red_hat(status, "")),
        [
            "Red Hat:enterprise_linux:9 openssl  [] < 1:3.0.7-27.el9 None",
            "Red Hat:enterprise_linux:9 openssl  [\"src\"] < 1:3.0.7-27.el9 None",
            "Red Hat:enterprise_linux:9 openssl-libs  [] < 1:3.0.7-27.el9 None",
            "Red Hat:rhel_eus:9.2 openssl  [] < 1:3.0.7-20.el9_2 None",
        ]
    );
}

#[test]
fn unfixed_components_are_binary_and_source_packages() {
    let remediation = |category: &str, details: &str| {
        format!(
            r#","remediations":[{{"category":"{category}","details":"{details}","product_ids":["r9:edk2"]}}]"#
        )
    };
    let of = |category: &str, details: &str| {
        let read = lines(&red_hat(r#""known_affected":["r9:edk2"]"#, &remediation(category, details)));
        assert_eq!(read.len(), 2);
        read[0].strip_prefix("Red Hat:enterprise_linux:9 edk2  [] Open ").unwrap().to_owned()
    };
    assert_eq!(of("none_available", "Affected"), "None");
    assert_eq!(of("none_available", "Fix deferred"), "Some(Postponed)");
    assert_eq!(of("no_fix_planned", "Will not fix"), "Some(WillNotFix)");
    assert_eq!(of("no_fix_planned", "Out of support scope"), "Some(EndOfLife)");
}

#[test]
fn not_affected_without_a_version_is_never_and_with_one_says_nothing() {
    assert!(lines(&red_hat(r#""known_not_affected":["r9:edk2"]"#, ""))[0].contains("never"));
    assert!(lines(&red_hat(r#""known_not_affected":["r9:edk2-0:1-1.el9.x86_64"]"#, "")).is_empty());
}

#[test]
fn what_is_under_investigation_is_not_known() {
    let read = lines(&red_hat(r#""under_investigation":["r9:edk2"]"#, ""));
    assert!(read[0].contains("still investigating"), "{read:?}");
}

#[test]
fn modules_are_followed_to_their_release() {
    let id = "r8:nodejs:18:8090020231:rhel8:nodejs-1:18.18.2-1.module+el8.9.0.x86_64";
    let read = lines(&red_hat(&format!(r#""fixed":["{id}"]"#), ""));
    assert_eq!(read, ["Red Hat:enterprise_linux:8 nodejs nodejs:18 [] < 1:18.18.2-1.module+el8.9.0 None"]);
}

#[test]
fn impact_and_vectors_are_ratings_of_the_vendor() {
    let more = r#","threats":[{"category":"impact","details":"Low","product_ids":["r9:edk2"]}],
        "scores":[{"cvss_v3":{"vectorString":"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H"},"products":[]}]"#;
    let read = advisories(&FEED, &red_hat(r#""known_affected":["r9:edk2"]"#, more)).remove(0);
    assert_eq!(read.affected[0].ratings, [Rating::from_word("low", "Red Hat").unwrap()]);
    assert_eq!((read.ratings.len(), &*read.summary, &*read.details), (1, "t", "d"));
}

#[test]
fn suse_names_releases_in_words() {
    let part = |component: &str, whole: &str| {
        format!(
            r#"{{"full_product_name":{{"product_id":"{whole}:{component}","name":"n"}},"product_reference":"{component}","relates_to_product_reference":"{whole}"}}"#
        )
    };
    let product = |name: &str| format!(r#"{{"product":{{"product_id":"{name}","name":"{name}"}}}}"#);
    let text = format!(
        r#"{{"document":{{"csaf_version":"2.0","publisher":{{"namespace":"https://www.suse.com/"}},"tracking":{{"id":"CVE-2023-0002"}}}},
        "product_tree":{{"branches":[{},{},{}],"relationships":[{},{},{}]}},
        "vulnerabilities":[{{"cve":"CVE-2023-0002","threats":[{{"category":"impact","details":"moderate"}}],"product_status":{{
            "recommended":["openSUSE Tumbleweed:ctdb-4.19.2+git.322-1.1","SUSE Linux Enterprise Server 12 SP5-LTSS:a-1-2.1"],
            "known_not_affected":["SUSE Linux Enterprise Module for Basesystem 15 SP4:libdcerpc0"]}}}}]}}"#,
        product("openSUSE Tumbleweed"),
        product("SUSE Linux Enterprise Server 12 SP5-LTSS"),
        product("SUSE Linux Enterprise Module for Basesystem 15 SP4"),
        part("ctdb-4.19.2+git.322-1.1", "openSUSE Tumbleweed"),
        part("a-1-2.1", "SUSE Linux Enterprise Server 12 SP5-LTSS"),
        part("libdcerpc0", "SUSE Linux Enterprise Module for Basesystem 15 SP4"),
    );
    assert_eq!(
        lines(&text),
        [
            "SUSE:Linux Enterprise Server 12 SP5 a  [] < 1-2.1 Some(Subscription)",
            "SUSE:Linux Enterprise Server 15 SP4 libdcerpc0  [] never None",
            "SUSE:Linux Enterprise Server 15 SP4 libdcerpc0  [\"src\"] never None",
            "openSUSE:Tumbleweed ctdb  [] < 4.19.2+git.322-1.1 None",
        ]
    );
}

#[test]
fn documents_of_others_and_loops_of_products_are_survived() {
    let other = red_hat("", "").replace("www.redhat.com", "example.com");
    let (records, skips) = read(&FEED, &other);
    assert!(records.is_empty() && skips[0].why.contains("publisher"), "{skips:?}");
    let part = r#"{"full_product_name":{"product_id":"a","name":"n"},"product_reference":"b","relates_to_product_reference":"a"}"#;
    let text = format!(
        r#"{{"document":{{"csaf_version":"2.0","publisher":{{"namespace":"https://www.suse.com"}},"tracking":{{"id":"CVE-1"}}}},"product_tree":{{"relationships":[{part}]}},"vulnerabilities":[{{"cve":"CVE-2023-0003","product_status":{{"fixed":["a"]}}}}]}}"#
    );
    assert!(advisories(&FEED, &text)[0].affected.is_empty());
    let nested = "{\"branches\":[".repeat(10_000);
    let (records, skips) = read(&FEED, &red_hat("", "").replacen("{\"branches\":[", &nested, 1));
    assert!(records.is_empty() && !skips.is_empty());
}

//! Definitions of both vendors, in few lines, and hostile XML.

use super::*;
use crate::feeds::tests::{advisories, read};

fn document(definition: &str, tests: &str) -> String {
    format!(
        "<oval_definitions xmlns:l=\"x\"><definitions>{definition}</definitions>{tests}</oval_definitions>"
    )
}

fn test(number: u8, package: &str, operation: &str, version: &str) -> String {
    format!(
        r#"<tests><l:rpminfo_test id="t{number}"><l:object object_ref="o{number}"/><l:state state_ref="s{number}"/></l:rpminfo_test></tests>
        <objects><l:rpminfo_object id="o{number}"><l:name>{package}</l:name></l:rpminfo_object></objects>
        <states><l:rpminfo_state id="s{number}"><l:evr datatype="evr_string" operation="{operation}">{version}</l:evr></l:rpminfo_state></states>"#
    )
}

fn azure(operation: &str, version: &str) -> String {
    let definition = r#"<definition class="vulnerability" id="d1"><metadata><title>A &lt; B</title>
        <reference ref_id="CVE-2025-0001" ref_url="x" source="CVE"/><severity>High</severity>
        <advisory_date>2025-03-28T15:08:32.257Z</advisory_date></metadata>
        <criteria operator="AND"><criterion comment="c" test_ref="t1"/></criteria></definition>"#;
    document(definition, &test(1, "qtbase", operation, version))
}

#[test]
fn azure_names_its_release_in_the_versions() {
    let read = advisories(&FEED, &azure("less than", "0:6.6.3-3.azl3")).remove(0);
    assert_eq!((read.id.as_str(), &*read.summary), ("AZURELINUX-CVE-2025-0001", "A < B"));
    let said = &read.affected[0];
    assert_eq!((said.ecosystem.as_str(), &*said.name), ("Azure Linux:3", "qtbase"));
    assert_eq!(said.extent, Extent::before("0:6.6.3-3.azl3"));
    assert_eq!(read.published.unwrap().to_string(), "2025-03-28T15:08:32.257Z");
    let unfixed = advisories(&FEED, &azure("less than or equal", "0:6.6.2-1.cm2")).remove(0);
    assert_eq!(unfixed.affected[0].ecosystem.as_str(), "Azure Linux:2");
    assert_eq!(unfixed.affected[0].extent, Extent::every_version());
}

#[test]
fn what_cannot_be_compared_is_skipped_with_its_reason() {
    for (operation, version, why) in [
        ("greater than", "1-1.azl3", "compares a version by"),
        ("less than", "1-1", "nothing says which release"),
    ] {
        let (records, skips) = read(&FEED, &azure(operation, version));
        assert!(records.is_empty() && skips[0].why.contains(why), "{skips:?}");
    }
}

#[test]
fn oracle_names_errata_platforms_and_modules() {
    let definition = r#"<definition id="d" class="patch"><metadata><title>
        ELSA-2023-12342: virt:kvm_utils update (IMPORTANT)
        </title><affected family="unix"><platform>Oracle Linux 8</platform></affected>
        <reference source="elsa" ref_id="ELSA-2023-12342" ref_url="https://linux.oracle.com/errata/ELSA-2023-12342.html"/>
        <reference source="CVE" ref_id="CVE-2023-0001" ref_url="x"/>
        <advisory><severity>IMPORTANT</severity><issued date="2023-05-01"/></advisory></metadata>
        <criteria operator="AND"><criterion test_ref="t9" comment="Oracle Linux 8 is installed"/>
        <criterion test_ref="t8" comment="Module virt:kvm_utils is enabled"/>
        <criteria operator="OR"><criteria operator="AND"><criterion test_ref="t1" comment="hivex is earlier than x"/></criteria>
        <criteria operator="AND"><criterion test_ref="t1" comment="hivex is earlier than x"/></criteria></criteria></criteria></definition>"#;
    let text = document(definition, &test(1, "hivex", "less than", "0:1.3.18-21.module+el8.7.0+21037"));
    let read = advisories(&FEED, &text).remove(0);
    assert_eq!((read.id.as_str(), &*read.upstream), ("ELSA-2023-12342", &["CVE-2023-0001".to_owned()][..]));
    assert_eq!(read.affected.len(), 1);
    let said = &read.affected[0];
    assert_eq!((said.ecosystem.as_str(), said.module.as_deref()), ("Oracle Linux:8", Some("virt:kvm_utils")));
    assert_eq!(read.ratings, [Rating::from_word("important", "Oracle Linux").unwrap()]);
}

#[test]
fn hostile_xml_is_refused() {
    let refused = |text: &str| {
        let (records, skips) = read(&FEED, text);
        assert!(records.is_empty() && !skips.is_empty(), "{}", text.chars().take(80).collect::<String>());
        skips[0].why.clone()
    };
    let whole = azure("less than", "1-1.azl3");
    for length in 1..whole.len() {
        let Some(cut) = whole.get(..length) else { continue };
        refused(cut);
    }
    let bomb =
        "<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;\">]><oval_definitions>&c;</oval_definitions>";
    assert!(refused(bomb).contains("document type"));
    assert!(refused("<oval_definitions>&b;</oval_definitions>").contains("not expanded"));
    assert!(refused(&"<oval_definitions>".repeat(100_000)).contains("nested deeper"));
    let attributes: String = (0..1000).map(|number| format!(" a{number}=\"1\"")).collect();
    assert!(refused(&format!("<oval_definitions{attributes}></oval_definitions>")).contains("attributes"));
    let long = "x".repeat(2 << 20);
    assert!(
        refused(&format!("<oval_definitions><title>{long}</title></oval_definitions>")).contains("longer")
    );
}

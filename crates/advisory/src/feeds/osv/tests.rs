//! Quirks of OSV records, one by one.

use super::*;
use crate::End;
use crate::feeds::tests::{advisories, read};

fn one(document: &str) -> Advisory {
    let (_, skips) = read(&FEED, document);
    assert_eq!(skips, []);
    advisories(&FEED, document).remove(0)
}

fn with_affected(affected: &str) -> Advisory {
    one(&format!(r#"{{"id":"X-1","modified":"2023-01-01T00:00:00Z","affected":[{affected}]}}"#))
}

fn with_ranges(ranges: &str) -> Extent {
    let affected = format!(r#"{{"package":{{"ecosystem":"PyPI","name":"A_b"}},"ranges":[{ranges}]}}"#);
    with_affected(&affected).affected.remove(0).extent
}

#[test]
fn lists_may_be_null() {
    let read = one(
        r#"{"id":"X-1","aliases":null,"affected":null,"references":null,"summary":null,"severity":null}"#,
    );
    assert_eq!(read, Advisory::new(AdvisoryId::new("X-1").unwrap()));
}

#[test]
fn names_are_normalised_and_versions_listed() {
    let read = with_affected(r#"{"package":{"ecosystem":"PyPI","name":"A_b"},"versions":["1.0"]}"#);
    assert_eq!(read.affected[0].name, "a-b");
    let expected = Extent::Versions { ranges: vec![], versions: vec!["1.0".to_owned()] };
    assert_eq!(read.affected[0].extent, expected);
}

#[test]
fn fixed_at_zero_means_never() {
    let never = with_ranges(r#"{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"0"}]}"#);
    assert_eq!(never, Extent::Never);
}

#[test]
fn commits_cannot_be_compared() {
    let extent =
        with_ranges(r#"{"type":"GIT","repo":"https://x","events":[{"introduced":"0"},{"fixed":"abc"}]}"#);
    assert!(matches!(extent, Extent::Unknown { why } if why.contains("commits")));
    assert!(matches!(with_ranges(""), Extent::Unknown { why } if why.contains("no versions")));
}

#[test]
fn commits_beside_versions_are_left_out() {
    let extent = with_ranges(
        r#"{"type":"GIT","events":[{"introduced":"0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"2"}]}"#,
    );
    let range = Range { introduced: None, end: End::LastAffected("2".to_owned()) };
    assert_eq!(extent, Extent::Versions { ranges: vec![range], versions: vec![] });
}

#[test]
fn what_would_change_the_meaning_makes_the_record_unreadable() {
    for affected in [
        r#"{"package":{"ecosystem":"","name":"a"}}"#,
        r#"{"package":{"ecosystem":"PyPI","name":"a"},"ranges":[{"type":"MAGIC","events":[]}]}"#,
        r#"{"package":{"ecosystem":"PyPI","name":"a"},"ranges":[{"type":"SEMVER","events":[{"feared":"1"}]}]}"#,
    ] {
        let (records, skips) = read(&FEED, &format!(r#"{{"id":"X-1","affected":[{affected}]}}"#));
        assert_eq!((records.len(), skips.len()), (0, 1), "{affected}");
    }
}

#[test]
fn errata_name_their_vulnerabilities_and_their_word() {
    let read = one(
        r#"{"id":"ALSA-2023:0288","summary":"Important: firefox security update","related":["CVE-2022-46871","RHSA-1"],
            "affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"firefox"},"ranges":[]}]}"#,
    );
    assert_eq!((read.upstream, read.related), (vec!["CVE-2022-46871".to_owned()], vec!["RHSA-1".to_owned()]));
    assert_eq!(read.ratings[0].severity(), Severity::High);
}

#[test]
fn severities_of_all_shapes_are_read_or_left_out() {
    let read = one(
        r#"{"id":"RUBYSEC-1","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},9.8,{"score":"no"}],
            "database_specific":{"cvss_v3":7.5,"cvss_v2":"x","severity":"MODERATE"}}"#,
    );
    let severities: Vec<_> = read.ratings.iter().map(Rating::severity).collect();
    assert_eq!(severities, [Severity::Critical, Severity::High, Severity::Medium]);
}

#[test]
fn urgency_is_kept_and_rated() {
    let of = |word: &str| {
        let affected = format!(
            r#"{{"package":{{"ecosystem":"Debian:12","name":"a"}},"ecosystem_specific":{{"urgency":"{word}"}}}}"#
        );
        let read = with_affected(&affected).affected.remove(0);
        (read.urgency, read.ratings.first().map(Rating::severity))
    };
    assert_eq!(of("not yet assigned"), (Some(Urgency::NotYetAssigned), None));
    assert_eq!(of("unimportant"), (Some(Urgency::Unimportant), Some(Severity::Low)));
    assert_eq!(of("end-of-life"), (Some(Urgency::EndOfLife), None));
    assert_eq!(of("high**"), (Some(Urgency::High), Some(Severity::High)));
}

#[test]
fn a_withdrawal_with_an_unreadable_date_is_a_withdrawal() {
    assert!(one(r#"{"id":"X-1","withdrawn":"yesterday"}"#).withdrawn.is_some());
    assert!(one(r#"{"id":"X-1"}"#).withdrawn.is_none());
}

/// `ecosystem name fixed state` of what a record says.
fn statements(affected: &str) -> Vec<String> {
    let line = |said: AffectedPackage| {
        let Extent::Versions { ranges, .. } = &said.extent else { panic!("{said:?}") };
        let fixed = match &ranges[0].end {
            End::Fixed(version) => version.clone(),
            End::Open | End::LastAffected(_) | End::Limit(_) => "-".to_owned(),
        };
        format!("{} {} {fixed} {:?}", said.ecosystem, said.name, said.fix_state)
    };
    with_affected(affected).affected.into_iter().map(line).collect()
}

fn said(ecosystem: &str, fixed: Option<&str>, more: &str) -> String {
    let fixed = fixed.map(|version| format!(r#",{{"fixed":"{version}"}}"#)).unwrap_or_default();
    format!(
        r#"{{"package":{{"ecosystem":"{ecosystem}","name":"source"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}{fixed}]}}]{more}}}"#
    )
}

#[test]
fn binary_packages_take_the_place_of_their_source() {
    let suse = r#","ecosystem_specific":{"binaries":[{"lib-a":"1-2.1","lib-b":"3-1"}]}"#;
    assert_eq!(
        statements(&said("SUSE:Linux Enterprise Module for Basesystem 15 SP4", Some("1-2.1"), suse)),
        [
            "SUSE:Linux Enterprise Server 15 SP4 lib-a 1-2.1 None",
            "SUSE:Linux Enterprise Server 15 SP4 lib-b 3-1 None"
        ]
    );
    let open_euler = r#","ecosystem_specific":{"src":["a-9-9.oe1.src.rpm"],"x86_64":["a-2.82-4.oe1.x86_64.rpm","a-2.82-10.oe1.x86_64.rpm","a-help-2.82-5.oe1.noarch.rpm","nonsense"]}"#;
    assert_eq!(
        statements(&said("openEuler:20.03-LTS", Some("2.82-10.oe1"), open_euler)),
        ["openEuler:20.03-LTS a 2.82-10.oe1 None", "openEuler:20.03-LTS a-help 2.82-5.oe1 None"]
    );
    // Without a fix there is nothing that binary packages could be compared with.
    assert_eq!(
        statements(&said("SUSE:Linux Enterprise Server 15 SP4", None, suse)),
        ["SUSE:Linux Enterprise Server 15 SP4 source - None"]
    );
}

#[test]
fn fixes_for_subscribers_are_told_from_fixes_for_everybody() {
    let release = |fixed| said("Ubuntu:22.04:LTS", fixed, "");
    let pro = said("Ubuntu:Pro:22.04:LTS", Some("1+esm1"), "");
    let fips = said("Ubuntu:Pro:FIPS:22.04:LTS", Some("1+fips1"), "");
    let jammy = |rest: &str| format!("Ubuntu:22.04:LTS source {rest}");
    assert_eq!(statements(&pro), [jammy("1+esm1 Some(Subscription)")]);
    assert_eq!(statements(&format!("{},{pro}", release(None))), [jammy("1+esm1 Some(Subscription)")]);
    assert_eq!(statements(&format!("{},{pro}", release(Some("2")))), [jammy("2 None")]);
    assert_eq!(statements(&release(None)), [jammy("- None")]);
    assert_eq!(statements(&fips), ["Ubuntu:Pro:FIPS:22.04:LTS source 1+fips1 None"]);
}

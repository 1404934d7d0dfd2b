//! Queries of our own with their results: what stands without anything beside the project.

use super::estate::Estate;
use crate::{Facet, FacetFault, Faceted, TABLES, absent_tables};
use expect_test::{Expect, expect};
use serde_json::json;

async fn check(estate: &Estate, query: &str, expected: Expect) {
    expected.assert_eq(&estate.text("owner", query).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_its_columns_and_rows() {
    let estate = Estate::new().await;
    let mut text = String::new();
    for table in TABLES {
        let count = estate.rows("owner", &format!("{} | count", table.name)).await.join("");
        let columns: Vec<String> =
            table.columns().into_iter().map(|(name, kind)| format!("{name}:{kind}")).collect();
        text.push_str(&format!("{} ({count}): {}\n", table.name, columns.join(" ")));
    }
    expect_test::expect_file!["tables.txt"].assert_eq(&text);
}

#[test]
fn the_document_tells_of_every_table_and_its_columns() {
    let document = include_str!("../../../../docs/resource-graph.md");
    for table in TABLES {
        let about = table.about.trim_end_matches('.');
        let about = format!("{}{}", about[..1].to_lowercase(), &about[1..]);
        let row = format!("| `{}` | {about} |", table.name);
        assert!(document.contains(&row), "docs/resource-graph.md does not have the row {row}");
        let columns: Vec<String> = table.columns().into_iter().map(|(name, _)| name).collect();
        if !columns.contains(&"properties".to_owned()) {
            let row = format!("| `{}` | {} |", table.name, columns.join(", "));
            assert!(document.contains(&row), "docs/resource-graph.md does not have the row {row}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_absent_are_empty_in_any_spelling() {
    let estate = Estate::new().await;
    let names: Vec<&str> = absent_tables().collect();
    assert!(names.len() > 40 && names.is_sorted(), "{names:?}");
    for name in names {
        let query = format!("{} | where properties.x == 1 | project id, tags", name.to_lowercase());
        assert_eq!(estate.text("owner", &query).await, "id:string | tags:object\n", "{name}");
    }
    let wrong = estate.text("owner", "NoSuchResources | count").await;
    assert!(wrong.contains("NoSuchResources"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_we_do_not_have_are_no_error() {
    let estate = Estate::new().await;
    for query in [
        "where type =~ 'Microsoft.Compute/virtualMachines' | project properties.storageProfile.osDisk.osType",
        "Resources | where type == 'microsoft.network/publicipaddresses' | where isnotempty(properties.ipAddress)",
        "SecurityResources | where type == 'microsoft.security/locations/alerts' | where properties.Status in ('Active')",
        "SecurityResources | where type =~ 'microsoft.security/regulatorycompliancestandards'",
        "PolicyResources | where type == 'microsoft.policyinsights/policystates'",
        "HealthResources | where properties.availabilityState == 'Unavailable'",
        "ResourceChanges | extend t = todatetime(properties.changeAttributes.timestamp) | where t > ago(7d)",
        "ResourceContainerChanges | extend t = todatetime(properties.changeAttributes.timestamp) | where t > ago(7d)",
    ] {
        assert!(estate.rows("owner", query).await.is_empty(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_have_the_forms_that_published_queries_rely_on() {
    let estate = Estate::new().await;
    check(
        &estate,
        "SecurityResources | where type == 'microsoft.security/assessments' | order by id asc
         | project type, name, split(id, '/')[8], properties.resourceDetails.Id == properties.resourceDetails.id,
                   properties.resourceDetails.Source, properties.status.code, properties.metadata.severity, location, kind",
        expect![[r#"
            type:string | name:string | id_8:object | Column1:boolean | properties_resourceDetails_Source:object | properties_status_code:object | properties_metadata_severity:object | location:string | kind:string
            "microsoft.security/assessments" | "dbd0cb49-b563-45e7-9724-889e799fa648" | "pratique" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "pratique" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "dbd0cb49-b563-45e7-9724-889e799fa648" | "Lazaretto" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "Healthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "Lazaretto" | false | "Azure" | "NotApplicable" | "High" | "global" | ""
            "microsoft.security/assessments" | "dbd0cb49-b563-45e7-9724-889e799fa648" | "marshland" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "marshland" | false | "Azure" | "Healthy" | "High" | "global" | ""
            "microsoft.security/assessments" | "33422d8f-ab1e-42be-bc9a-38685bb567b9" | "marshland" | false | "Azure" | "Unhealthy" | "High" | "global" | ""
        "#]],
    )
    .await;
    check(
        &estate,
        "SecurityResources | where type == 'microsoft.security/assessments/subassessments'
         | extend k = split(id, '/') | order by id asc | take 1
         | project tostring(k[2]), tostring(k[4]), tostring(k[6]), tostring(k[7]), tostring(k[8]), tostring(k[12]),
                   tostring(k[13]), k[14] == name, isnull(plan), isnull(tags), managedBy",
        expect![[r#"
            k_2:string | k_4:string | k_6:string | k_7:string | k_8:string | k_12:string | k_13:string | Column1:boolean | Column2:boolean | Column3:boolean | managedBy:string
            "00000000-0000-0000-0000-0000000000a1" | "Dock-East" | "Microsoft.ContainerRegistry" | "registries" | "pratique" | "dbd0cb49-b563-45e7-9724-889e799fa648" | "subassessments" | true | true | true | ""
        "#]],
    )
    .await;
    check(
        &estate,
        "Resources | project name, type, location, resourceGroup, sku.name, properties.loginServer | order by name asc",
        expect![[r#"
            name:string | type:string | location:string | resourceGroup:string | sku_name:object | properties_loginServer:object
            "Lazaretto" | "microsoft.containerregistry/registries" | "local" | "quay" | "Premium" | "lazaretto.test"
            "marshland" | "microsoft.containerregistry/registries" | "local" | "quay" | "Premium" | "marshland.test"
            "pratique" | "microsoft.containerregistry/registries" | "local" | "Dock-East" | "Premium" | "pratique.test"
        "#]],
    )
    .await;
    check(
        &estate,
        "ResourceContainers | project name, type, properties.state | order by type asc, name asc",
        expect![[r#"
            name:string | type:string | properties_state:object
            "Harbour" | "microsoft.resources/subscriptions" | "Enabled"
            "Marsh" | "microsoft.resources/subscriptions" | "Enabled"
            "Dock-East" | "microsoft.resources/subscriptions/resourcegroups" | null
            "quay" | "microsoft.resources/subscriptions/resourcegroups" | null
            "quay" | "microsoft.resources/subscriptions/resourcegroups" | null
        "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_vulnerability_has_one_row_in_an_image_rated_as_for_its_first_package() {
    let estate = Estate::new().await;
    check(
        &estate,
        "SecurityResources | where type == 'microsoft.security/assessments/subassessments'
         | where properties.id == 'CVE-2022-0778'
         | project repository = properties.additionalData.repositoryName, severity = properties.status.severity,
                   packages = array_length(properties.additionalData.packages)
         | order by tostring(repository) asc",
        expect![[r#"
            repository:object | severity:object | packages:integer
            "both" | "High" | 2
            "debian" | "Low" | 1
            "mirror" | "High" | 1
            "mirror" | "High" | 1
            "team/web" | "High" | 1
        "#]],
    )
    .await;
    check(
        &estate,
        "Findings | where vulnerability == 'CVE-2022-0778' | project repository, package, severity, score
         | order by repository asc, package asc",
        expect![[r#"
            repository:string | package:string | severity:string | score:number
            "both" | "libcrypto1.1" | "High" | 7.5
            "both" | "libssl1.1" | "Low" | 7.5
            "debian" | "libssl1.1" | "Low" | 7.5
            "mirror" | "libcrypto1.1" | "High" | 7.5
            "mirror" | "libcrypto1.1" | "High" | 7.5
            "team/web" | "libcrypto1.1" | "High" | 7.5
        "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_asked_in_plain_columns() {
    let estate = Estate::new().await;
    check(
        &estate,
        "Findings | summarize images = dcount(digest), places = count() by vulnerability | order by images desc, vulnerability asc",
        expect![[r#"
            vulnerability:string | images:integer | places:integer
            "CVE-2022-0778" | 3 | 6
            "CVE-2020-28928" | 2 | 2
            "CVE-2021-28831" | 2 | 5
            "CVE-2021-3711" | 2 | 2
            "CVE-2011-3374" | 1 | 1
            "GHSA-aaaa-bbbb-cccc" | 1 | 6
            "TEMP-0000001" | 1 | 1
        "#]],
    )
    .await;
    check(
        &estate,
        "Images | project registry, repository, state, cause, critical, high | order by registry asc, repository asc, state asc",
        expect![[r#"
            registry:string | repository:string | state:string | cause:string | critical:integer | high:integer
            "lazaretto.test" | "both" | "Unhealthy" | "" | 0 | 1
            "lazaretto.test" | "clean" | "Healthy" | "" | 0 | 0
            "lazaretto.test" | "mirror" | "Unhealthy" | "" | 0 | 1
            "lazaretto.test" | "queued" | "Queued" | "" | 0 | 0
            "lazaretto.test" | "team/app" | "Unhealthy" | "" | 0 | 1
            "lazaretto.test" | "team/web" | "Unhealthy" | "" | 0 | 1
            "lazaretto.test" | "team/web" | "Unhealthy" | "" | 0 | 1
            "lazaretto.test" | "void" | "NotApplicable" | "EmptyImage" | 0 | 0
            "marshland.test" | "clean" | "Healthy" | "" | 0 | 0
            "marshland.test" | "mirror" | "Unhealthy" | "" | 0 | 1
            "pratique.test" | "debian" | "Unhealthy" | "" | 0 | 1
            "pratique.test" | "unscanned" | "Unscanned" | "" | 0 | 0
        "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_layers_and_events_are_tables() {
    let estate = Estate::new().await;
    check(
        &estate,
        "Packages | where repository == 'team/web' | project package, version, kind, ecosystem, path | order by package asc, path asc",
        expect![[r#"
            package:string | version:string | kind:string | ecosystem:string | path:string
            "busybox" | "1.32.1-r0" | "apk" | "Alpine:v3.13" | "lib/apk/db/installed"
            "libcrypto1.1" | "1.1.1k-r0" | "apk" | "Alpine:v3.13" | "lib/apk/db/installed"
            "minimist" | "1.2.0" | "npm" | "npm" | "lib/apk/db/installed"
            "minimist" | "1.2.0" | "npm" | "npm" | "srv/node_modules/minimist/package.json"
        "#]],
    )
    .await;
    check(
        &estate,
        "Layers | where repository == 'team/app' | project position, mediaType, size, packages, platform",
        expect![[r#"
            position:integer | mediaType:string | size:integer | packages:integer | platform:string
            0 | "application/vnd.oci.image.layer.v1.tar+gzip" | 4000 | 4 | "linux/amd64"
            1 | "application/vnd.oci.image.layer.v1.tar+gzip" | 70 | 0 | "linux/amd64"
        "#]],
    )
    .await;
    check(
        &estate,
        "Events | summarize count() by kind, registry, actor | order by registry asc",
        expect![[r#"
            kind:string | registry:string | actor:string | count_:integer
            "manifest-pushed" | "lazaretto.test" | "owner" | 8
            "verdict-changed" | "lazaretto.test" | "lazaretto" | 7
            "registry-status-changed" | "lazaretto.test" | "lazaretto" | 1
            "manifest-pushed" | "marshland.test" | "owner" | 2
            "verdict-changed" | "marshland.test" | "lazaretto" | 2
            "registry-status-changed" | "marshland.test" | "lazaretto" | 1
            "manifest-pushed" | "pratique.test" | "owner" | 2
            "verdict-changed" | "pratique.test" | "lazaretto" | 1
            "registry-status-changed" | "pratique.test" | "lazaretto" | 1
        "#]],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_resources() {
    let estate = Estate::new().await;
    check(
        &estate,
        "AuthorizationResources | where type =~ 'microsoft.authorization/roleassignments'
         | extend role = tostring(split(properties.roleDefinitionId, '/')[-1])
         | join kind=leftouter (AuthorizationResources | where type =~ 'microsoft.authorization/roledefinitions'
             | project role = name, roleName = tostring(properties.roleName)) on role
         | project roleName, scope = tostring(properties.scope), kind = tostring(properties.principalType)
         | order by scope asc, roleName asc",
        expect![[r#"
            roleName:string | scope:string | kind:string
            "Owner" | "/subscriptions/00000000-0000-0000-0000-0000000000a1" | "User"
            "Owner" | "/subscriptions/00000000-0000-0000-0000-0000000000a1" | "User"
            "Reader" | "/subscriptions/00000000-0000-0000-0000-0000000000a1" | "User"
            "Security Reader" | "/subscriptions/00000000-0000-0000-0000-0000000000a1" | "User"
            "Reader" | "/subscriptions/00000000-0000-0000-0000-0000000000a1/resourceGroups/DOCK-EAST" | "User"
            "AcrPull" | "/subscriptions/00000000-0000-0000-0000-0000000000a1/resourceGroups/quay/providers/Microsoft.ContainerRegistry/registries/Lazaretto" | "ServicePrincipal"
            "Reader" | "/subscriptions/00000000-0000-0000-0000-0000000000a1/resourceGroups/quay/providers/Microsoft.ContainerRegistry/registries/Lazaretto" | "ServicePrincipal"
            "Owner" | "/subscriptions/00000000-0000-0000-0000-0000000000b2" | "User"
            "Reader" | "/subscriptions/00000000-0000-0000-0000-0000000000b2" | "User"
        "#]],
    )
    .await;
    let definitions =
        "AuthorizationResources | where type == 'microsoft.authorization/roledefinitions' | count";
    for (who, sees) in [("owner", true), ("security-reader", true), ("puller", false), ("nobody", false)] {
        let count = estate.rows(who, definitions).await.join("");
        assert_eq!(count != "0", sees, "{who}: {count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_large_answer_is_kept_and_all_of_it_counted() {
    let estate = Estate::new().await;
    let settings = crate::Settings {
        first: 2500,
        facets: vec![
            facet("parity", None, None, 10),
            facet("nothing", None, None, 10),
            facet("parity, strlen(parity)", Some("a > 4000 and parity == 'odd'"), None, 10),
            facet("a % 3", None, Some("Column1"), 2),
            facet("parity", Some("b > 1"), None, 10),
            facet("parity", None, Some("b"), 10),
            facet("a", Some("a <= 10000"), None, 3),
            facet("a * 4 + 100000 * 3", Some("true | join FacetRows on a"), None, 3),
        ],
        ..super::estate::settings(None)
    };
    let query = "range a from 1 to 5000 step 1 | extend parity = iff(a % 2 == 0, 'even', 'odd')";
    let viewer = super::estate::viewer("owner");
    let answer = crate::run(estate.store.clone(), viewer, query.to_owned(), settings).await.unwrap();
    assert_eq!(answer.total(), 5000);
    assert!(answer.has_page(2500, 1000) && answer.has_page(4500, 1000));
    assert!(!answer.has_page(2499, 10), "rows before the first that was wanted are not kept");
    let page = answer.page(3000, 2);
    assert_eq!((page.len(), &page[0][0], &page[1][0]), (2, &3001.into(), &3002.into()));
    let told = |facet: &Result<Faceted, FacetFault>| match facet {
        Ok(found) => format!("{} of {} {:?}", json!(found.rows), found.total, found.columns),
        Err(fault) => fault.to_string(),
    };
    expect![[r#"
        [["even",2500],["odd",2500]] of 2 ["parity"]
        line 2, column 11: there is no column `nothing`
        [["odd",3,500]] of 1 ["parity", "strlen_parity"]
        [[2,1667],[1,1667]] of 3 ["Column1"]
        line 2, column 9: there is no column `b`
        line 2, column 12: there is no column `b`
        [[1,1],[10,1],[100,1]] of 5000 ["a"]
        [[300004,1],[300008,1],[300012,1]] of 5000 ["Column1"]
    "#]]
    .assert_eq(&answer.facets().iter().map(|facet| told(facet) + "\n").collect::<String>());
}

fn facet(expression: &str, filter: Option<&str>, sort_by: Option<&str>, top: usize) -> Facet {
    Facet {
        expression: expression.into(),
        filter: filter.map(str::to_owned),
        sort_by: sort_by.map(str::to_owned),
        is_ascending: false,
        top,
    }
}

/// Rows that are put together without anything read of findings say what the documents say.
#[tokio::test(flavor = "multi_thread")]
async fn outlines_of_software_are_the_documents_cut_short() {
    let estate = Estate::new().await;
    let columns = "id, name, type, tenantId, kind, location, resourceGroup, subscriptionId, managedBy, sku, tags,
        properties.displayName, properties.status.code, properties.status.severity, properties.status.cause,
        properties.status.nothing, properties.metadata, properties.metadata.severity, properties.links.azurePortal,
        properties.resourceDetails.Id, properties.resourceDetails.NativeResourceId, properties.nothing,
        properties.resourceDetails.ResourceName, properties.resourceDetails.Source, properties.risk.level";
    let software = "SecurityResources | where properties.metadata.recommendationCategory == 'SoftwareUpdate'";
    for filter in [
        "",
        "| where resourceGroup == 'quay'",
        "| where properties.displayName startswith 'Update lib'",
        "| where id contains '/repositories/team:app/'",
        "| where properties.status.severity == 'Medium'",
        "| where name startswith '5'",
    ] {
        for who in ["owner", "reader"] {
            let short = estate.text(who, &format!("{software} {filter} | project {columns}")).await;
            // What is asked for as well keeps the rows from being put together.
            let long = format!(
                "{software} {filter} | extend at = tostring(properties.status.statusChangeDate)
                 | where at != 'never' | project {columns}"
            );
            assert_eq!(short, estate.text(who, &long).await, "{who} {filter}");
        }
    }
    let counted = estate
        .rows("owner", &format!("{software} | summarize count() by tostring(properties.status.code)"))
        .await;
    assert_eq!(counted, ["17"].map(|count| format!("\"Unhealthy\" | {count}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_gets_findings_in_the_forms_that_it_asks_for() {
    let estate = Estate::new().await;
    let (first, newer) = ("dbd0cb49-b563-45e7-9724-889e799fa648", "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5");
    let of_type = "SecurityResources | where type == 'microsoft.security/assessments/subassessments'";
    let rows = async |further: &str| -> String {
        let query = format!(
            "{of_type} {further} | summarize rows = count() by key = tostring(split(id, '/')[-3]) | order by key asc"
        );
        let text = estate.text("owner", &query).await;
        text.lines().skip(1).map(|line| line.replace('"', "") + ";").collect()
    };
    let (of_first, of_newer) = (format!("{first} | 22;"), format!("{newer} | 24;"));
    let kind = "| where properties.additionalData.assessedResourceType ==";
    for (further, wanted) in [
        (String::new(), of_first.clone()),
        (format!("// not about {newer}\n"), of_first.clone()),
        (format!("| where id contains '{first}'"), of_first.clone()),
        (format!("| where id contains '{newer}'"), of_newer.clone()),
        (format!("| where id has_any ('{first}', '{}')", newer.to_uppercase()), of_newer.clone() + &of_first),
        (format!("{kind} 'ContainerRegistryVulnerability'"), of_first.clone()),
        (format!("{kind} 'AzureContainerRegistryVulnerability'"), of_newer.clone()),
        (format!("{kind} 'ServerVulnerability'"), String::new()),
        ("| where isnotnull(properties.additionalData.softwareDetails)".to_owned(), format!("{newer} | 20;")),
    ] {
        assert_eq!(rows(&further).await, wanted, "{further}");
    }
}

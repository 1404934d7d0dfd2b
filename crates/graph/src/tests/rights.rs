//! Nobody sees, counts or joins what they may not read: what somebody sees is what the owner of everything sees, cut
//! down to their rights.

use super::estate::{ELSEWHERE, Estate, HARBOUR, MARSH};

/// Tables with a column that says where a row belongs.
const TABLES: &[&str] = &[
    "Resources | project id",
    "ResourceContainers | project id",
    "SecurityResources | project id",
    "SecurityResources | where type == 'microsoft.security/assessments/subassessments' | project id",
    "SecurityResources | where type endswith 'subassessments' and id contains 'c0b7cfc6-3172-465a-b378-53c7ff2cc0d5' | project id",
    "SecurityResources | where name == '33422d8f-ab1e-42be-bc9a-38685bb567b9' | project id",
    "ResourcesHistory | project strcat(id, ' ', properties.change.sequence)",
    "Images | project strcat(subscriptionId, ' ', image)",
    "Findings | project strcat(subscriptionId, ' ', image, ' ', vulnerability)",
    "Findings | project strcat(subscriptionId, ' ', image, ' ', package)",
    "Packages | project strcat(subscriptionId, ' ', image, ' ', package)",
    "Layers | project strcat(subscriptionId, ' ', image, ' ', layer)",
    "Events | project strcat(subscriptionId, ' ', registry, ' ', sequence)",
    "AuthorizationResources | where type endswith 'roleassignments' | project id",
];

/// Somebody, and a text that is in every row they may see.
const EVERYBODY: &[(&str, &[&str])] = &[
    ("owner", &["00a1", "00b2"]),
    ("reader", &["00a1"]),
    ("security-reader", &["00a1"]),
    ("marsh-reader", &["00b2"]),
    // The subscription around the group is seen, and nothing else in it.
    ("group-reader", &["Dock-East", "pratique", "DOCK-EAST", "0a1\""]),
    ("registry-reader", &["Lazaretto", "lazaretto.test", "resourceGroups/quay", "00a1"]),
    ("puller", &["resourceGroups/quay", "00a1"]),
    ("foreigner", &["00ee"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_sees_is_what_there_is_cut_down_to_their_rights() {
    let estate = Estate::new().await;
    for table in TABLES {
        let mut everything: Vec<String> = estate.rows("owner", table).await;
        everything.extend(estate.rows("foreigner", table).await);
        assert!(!everything.is_empty(), "{table}");
        for (who, marks) in EVERYBODY {
            for row in estate.rows(who, table).await {
                assert!(everything.contains(&row), "{who} sees what nobody has: {row}");
                assert!(marks.iter().any(|mark| row.contains(mark)), "{who} may not see {row} of {table}");
            }
        }
        let own = |mark: &str| everything.iter().filter(|row| row.contains(mark)).count();
        let seen = estate.rows("reader", table).await.len();
        assert_eq!(seen, own("00a1"), "a reader sees all of it: {table}");
        assert_eq!(estate.rows("marsh-reader", table).await.len(), own("00b2"), "{table}");
        assert_eq!(estate.rows("foreigner", table).await.len(), own("00ee"), "{table}");
    }
}

/// Operators that could tell of rows below them, over what is not theirs.
#[tokio::test(flavor = "multi_thread")]
async fn no_operator_tells_of_what_may_not_be_seen() {
    let estate = Estate::new().await;
    for query in [
        "Images | where image contains 'foreign' | count",
        "Findings | summarize n = dcount(image) by vulnerability | where vulnerability == 'TEMP-0000001' | project n",
        "union Images, Findings, Packages, Layers, Events | where subscriptionId contains 'ee' | count",
        "Resources | join kind=fullouter (Images) on $left.name == $right.repository | where subscriptionId1 endswith 'ee' | count",
        "search 'foreign' | count",
        "SecurityResources | where id =~ '/SUBSCRIPTIONS/00000000-0000-0000-0000-0000000000EE/resourceGroups/quay/providers/Microsoft.ContainerRegistry/registries/foreign' | count",
        "SecurityResources | where id contains 'foreign' | count",
        "print toscalar(Findings | where registry == 'foreign.test' | count)",
        "AuthorizationResources | where properties.scope contains '00ee' | count",
    ] {
        let rows = estate.rows("owner", query).await;
        let own = if query.contains("TEMP-0000001") { ["1"] } else { ["0"] };
        assert_eq!(rows, own, "{query}");
    }
}

/// A list of subscriptions narrows what is seen, and never widens it.
#[tokio::test(flavor = "multi_thread")]
async fn naming_a_subscription_gives_no_right_to_it() {
    let estate = Estate::new().await;
    let count = async |who: &str, subscriptions: &[uuid::Uuid]| {
        let query = "Images | summarize count() by subscriptionId | order by subscriptionId asc";
        estate.ask_in(who, query, Some(subscriptions)).await.unwrap().page(0, 9).len()
    };
    assert_eq!(count("owner", &[HARBOUR, MARSH, ELSEWHERE]).await, 2);
    assert_eq!(count("owner", &[MARSH]).await, 1);
    assert_eq!(count("reader", &[MARSH, ELSEWHERE]).await, 0);
    assert_eq!(count("foreigner", &[HARBOUR]).await, 0);
    assert_eq!(count("puller", &[HARBOUR]).await, 0);
    let roles = "AuthorizationResources | where type endswith 'roleassignments' | count";
    let rows = estate.ask_in("owner", roles, Some(&[MARSH])).await.unwrap().page(0, 1);
    assert_eq!(rows[0][0], 2, "of the marsh alone");
}

/// Abuse ends with an error that says what to do, and quickly.
#[tokio::test(flavor = "multi_thread")]
async fn budgets_end_what_would_not_end() {
    let estate = Estate::new().await;
    let nested = format!("print {}1{}", "(".repeat(500), ")".repeat(500));
    let long = format!("Images | where repository == '{}'", "x".repeat(1 << 20));
    for query in [
        "range a from 1 to 100000000 step 1 | summarize count() by a",
        "range a from 1 to 100000 step 1 | extend k = 1 | join kind=inner (range b from 1 to 100000 step 1 | extend k = 1) on k | count",
        "range a from 1 to 10000000 step 1 | extend t = strcat('abcdefghijklmnopqrstuvwxyz', a) | order by t asc",
        "Images | where repository matches regex '(a{1000}){1000}'",
        &nested,
        &long,
    ] {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(3);
        let settings = crate::Settings { deadline, ..super::estate::settings(None) };
        let viewer = super::estate::viewer("owner");
        let asked = crate::run(estate.store.clone(), viewer, query.to_owned(), settings).await;
        let Err(error) = asked.map(|answer| answer.total()) else { panic!("it has an answer: {query}") };
        let error = error.to_string();
        assert!(!error.is_empty() && error.len() < 2000, "{error}");
    }
    let text = estate.text("owner", "Images | take 1000000000 | count").await;
    assert_eq!(text.lines().count(), 2);
}

/// Whoever leaves stops their query.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_ends_when_nobody_waits_for_it() {
    let estate = Estate::new().await;
    let endless = "range a from 1 to 9000000000 step 1 | where a == 0 | count";
    let asked = tokio::time::timeout(std::time::Duration::from_millis(200), estate.ask("owner", endless));
    assert!(asked.await.is_err(), "it would still run");
    // The threads that wait are few, and are free again: as many queries as there could be threads are answered.
    for _ in 0..4 {
        assert_eq!(estate.rows("owner", "print 1").await, ["1"]);
    }
}

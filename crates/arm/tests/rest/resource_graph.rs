//! Resource Graph: published queries over the estate, pages, rights and errors.

use crate::estate::{Answer, Estate, KEY, registry};
use http::Method;
use serde_json::{Value, json};
use store::ImageState;

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";

async fn ask(estate: &Estate, who: &str, query: &str, options: Value) -> Answer {
    let body = json!({"query": query, "options": options, "subscriptions": ["00000000-0000-0000-0000-000000000abc"]});
    estate.ask(who, Method::POST, PATH, body).await
}

/// The rows, as one line each.
async fn lines(estate: &Estate, who: &str, query: &str) -> Vec<String> {
    let answer = ask(estate, who, query, json!({"resultFormat": "table", "$top": 1000})).await.expect(200);
    let rows = answer.body["data"]["rows"].as_array().unwrap();
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.iter().map(|row| row.as_array().unwrap().iter().map(cell).collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_query_for_registry_findings_runs() {
    let estate = Estate::furnished().await;
    let query = format!(
        "securityresources
        | where type == 'microsoft.security/assessments/subassessments'
        | where id matches regex '(.+?)/providers/Microsoft.Security/assessments/{KEY}/'
        | parse id with registryResourceId '/providers/Microsoft.Security/assessments/' *
        | parse registryResourceId with * '/providers/Microsoft.ContainerRegistry/registries/' registryName
        | extend imageDigest = tostring(properties.additionalData.imageDigest),
                 repository = tostring(properties.additionalData.repositoryName),
                 severity = tostring(properties.status.severity), code = tostring(properties.status.code),
                 base = toreal(properties.additionalData.cvss.['3.0'].base), key = split(id, '/')[12]
        | project registryName, repository, tostring(properties.id), code, severity, base, key
        | order by repository asc, properties_id asc"
    );
    assert_eq!(
        lines(&estate, "security-reader", &query).await,
        [
            format!("Lazaretto clean image Healthy  null {KEY}"),
            format!("Lazaretto team/app CVE-2020-28928 Unhealthy High 9.8 {KEY}"),
            format!("Lazaretto team/app CVE-2021-28831 Unhealthy High 9.8 {KEY}"),
            format!("Lazaretto void image NotApplicable  null {KEY}"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_its_rows() {
    let estate = Estate::furnished().await;
    let counts = [
        ("Resources | count", "1"),
        ("summarize count()", "1"),
        ("where type =~ 'Microsoft.ContainerRegistry/registries' | project name", "Lazaretto"),
        ("ResourceContainers | summarize n = count() by type | order by type asc | project n", "1"),
        ("SecurityResources | where type == 'microsoft.security/pricings' | count", "2"),
        (
            "SecurityResources | where type == 'microsoft.security/assessments' | project properties.resourceDetails.Id == properties.resourceDetails.id, properties.metadata.severity",
            "false High",
        ),
        ("AuthorizationResources | where type endswith 'roleassignments' | count", "0"),
        ("AuthorizationResources | where properties.roleName == 'AcrPull' | count", "1"),
        ("PolicyResources | count", "0"),
        ("Images | where state == 'Unhealthy' | project repository, critical, medium", "team/app 1 2"),
        ("Images | where repository == 'nowhere' | count", "0"),
        (
            "Findings | where vulnerability == 'CVE-2021-28831' | summarize make_set(package)",
            "[\"busybox\",\"ssl_client\"]",
        ),
        ("Findings | where severity == 'Critical' | summarize dcount(vulnerability)", "2"),
        ("Images | where firstSeen < datetime(2027-01-01) | count", "4"),
    ];
    for (query, expected) in counts {
        assert_eq!(
            lines(&estate, "reader", query).await.first().map(String::as_str),
            Some(expected),
            "{query}"
        );
    }
}

/// What somebody sees is what the owner sees, cut down to their rights.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_counts_what_they_may_not_see() {
    let estate = Estate::furnished().await;
    let count =
        async |who: &str, table: &str| lines(&estate, who, &format!("{table} | count")).await.join("");
    for (who, expected) in [
        ("owner", ["1", "12", "4", "3"]),
        ("reader", ["1", "12", "4", "3"]),
        ("security-reader", ["0", "12", "4", "3"]),
        ("registry-reader", ["1", "8", "4", "3"]),
        ("puller", ["0", "0", "0", "0"]),
        ("foreigner", ["0", "0", "0", "0"]),
    ] {
        let seen = [
            count(who, "Resources").await,
            count(who, "SecurityResources").await,
            count(who, "Images").await,
            count(who, "Findings").await,
        ];
        assert_eq!(seen, expected, "{who}");
    }
    let union = "Resources | union Images | join kind=fullouter Findings on $left.repository == $right.repository | count";
    assert_eq!(lines(&estate, "puller", union).await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_for_their_owner_alone() {
    let estate = Estate::new().await;
    let image = estate.image("app", ImageState::Unhealthy, None).await;
    let ids: Vec<String> = (0..250).map(|number| format!("CVE-2020-{number:04}")).collect();
    let found: Vec<(&str, &str)> = ids.iter().map(|id| ("busybox", id.as_str())).collect();
    estate.findings(&image, &found).await;
    let query = "securityresources | where type == 'microsoft.security/assessments/subassessments' | project id, name";
    let (mut names, mut options, mut pages) = (Vec::new(), json!({}), 0);
    loop {
        let body = ask(&estate, "reader", query, options).await.expect(200).body;
        assert_eq!((&body["totalRecords"], &body["resultTruncated"]), (&json!(250), &json!("false")));
        names.extend(body["data"].as_array().unwrap().iter().map(|row| row["name"].to_string()));
        pages += 1;
        let Some(token) = body["$skipToken"].as_str() else { break };
        ask(&estate, "owner", query, json!({"$skipToken": token})).await.expect(400);
        ask(&estate, "reader", "Resources", json!({"$skipToken": token})).await.expect(400);
        options = json!({"$skipToken": token});
    }
    names.sort();
    names.dedup();
    assert_eq!((names.len(), pages), (250, 3));
    let cut = ask(&estate, "reader", "Findings | project vulnerability", json!({"$top": 10}))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&cut["count"], &cut["resultTruncated"], &cut["$skipToken"]),
        (&json!(10), &json!("true"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_says_where() {
    let estate = Estate::new().await;
    let wrong = async |query: &str| {
        let answer = ask(&estate, "reader", query, json!({})).await.expect(400);
        assert_eq!(answer.body["error"]["details"][0]["code"], "InvalidQuery");
        answer.body["error"]["details"][1].clone()
    };
    let syntax = wrong("Resources |").await;
    assert_eq!(
        (&syntax["code"], &syntax["line"], &syntax["token"]),
        (&json!("ParserFailure"), &json!(1), &json!("<EOF>"))
    );
    let column = wrong("Findings\n| where severty == 'High'").await;
    assert_eq!(
        (&column["code"], &column["line"], &column["characterPositionInLine"]),
        (&json!("UnknownColumn"), &json!(2), &json!(8))
    );
    assert!(column["message"].as_str().unwrap().contains("severity"), "{column}");
    assert_eq!(wrong("Nowhere | count").await["code"], "UnknownTable");
    for body in [json!({}), json!({"query": 7}), json!({"query": "Resources", "managementGroups": ["other"]})]
    {
        let answer = estate.ask("reader", Method::POST, PATH, body).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn facets_count_the_values_of_a_column() {
    let estate = Estate::furnished().await;
    let body = json!({"query": "Images", "facets": [{"expression": "state"}, {"expression": "x.y"}]});
    let answer = estate.ask("reader", Method::POST, PATH, body).await.expect(200).body;
    assert_eq!(answer["facets"][0]["totalRecords"], 4);
    assert_eq!(answer["facets"][1]["errors"][1]["code"], "InvalidColumnNames");
    let query = "Images | project repository, state, wide = pack('of', state)";
    let facets = json!([
        {"expression": "state", "options": {"filter": "repository contains 'a'", "sortBy": "state", "sortOrder": "asc", "$top": 2}},
        {"expression": "wide.of, strlen(repository) > 3", "options": {"$orderBy": "wide_of asc"}},
        {"expression": "state", "options": {"filter": "repository ="}},
        {"expression": "state", "options": {"sortBy": "size"}},
    ]);
    let body = json!({"query": query, "facets": facets, "options": {"resultFormat": "table", "$top": 1}});
    let answer = estate.ask("reader", Method::POST, PATH, body).await.expect(200).body;
    let facets = &answer["facets"];
    assert_eq!(facets[0]["resultType"], "FacetResult", "{facets:#}");
    assert!(facets[0]["data"][0]["state"].as_str() < facets[0]["data"][1]["state"].as_str(), "{facets:#}");
    assert_eq!(facets[0]["count"], 2, "{facets:#}");
    assert!(facets[1]["data"][0]["wide_of"].is_string(), "{facets:#}");
    assert_eq!(facets[2]["errors"][0]["code"], "InvalidFacetOptions", "{facets:#}");
    assert_eq!(facets[3]["errors"][0]["code"], "InvalidFacetOptions", "{facets:#}");
    let one = ask(&estate, "reader", "Resources", json!({})).await.expect(200).body;
    assert_eq!(one["data"][0]["id"], registry());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_too_often_waits() {
    let estate = Estate::new().await;
    let mut left = Vec::new();
    let spent = loop {
        let answer = ask(&estate, "reader", "print 1", json!({})).await;
        if answer.status != 200 {
            break answer;
        }
        left.push(answer.headers["x-ms-user-quota-remaining"].to_str().unwrap().parse::<u32>().unwrap());
        assert!(left.len() < 40, "nobody is stopped");
    };
    assert_eq!(left[0], 14);
    assert!(left.windows(2).all(|pair| pair[1] < pair[0]), "{left:?}");
    assert_eq!((spent.status.as_u16(), spent.code()), (429, "RateLimiting"));
    assert_eq!(spent.headers["x-ms-user-quota-remaining"], "0");
    let wait = spent.headers["retry-after"].to_str().unwrap();
    assert_eq!(spent.headers["x-ms-user-quota-resets-after"], format!("00:00:{:0>2}", wait));
    ask(&estate, "owner", "print 1", json!({})).await.expect(200);
}

/// Pages of a kept answer cost nothing, and are given to nobody else, nor with other rights.
#[tokio::test(flavor = "multi_thread")]
async fn pages_come_from_the_answer_that_is_kept() {
    let estate = Estate::new().await;
    let image = estate.image("app", ImageState::Unhealthy, None).await;
    let ids: Vec<String> = (0..100).map(|number| format!("CVE-2020-{number:04}")).collect();
    let found: Vec<(&str, &str)> = ids.iter().map(|id| ("busybox", id.as_str())).collect();
    estate.findings(&image, &found).await;
    let query = "securityresources | where type == 'microsoft.security/assessments/subassessments' | project id, properties.id";
    let mut options = json!({"$top": 5});
    let (mut seen, mut quota) = (std::collections::BTreeSet::new(), Vec::new());
    loop {
        let answer = ask(&estate, "reader", query, options).await.expect(200);
        quota.push(answer.headers["x-ms-user-quota-remaining"].clone());
        for row in answer.body["data"].as_array().unwrap() {
            assert!(seen.insert(row["properties_id"].to_string()), "a row comes twice");
        }
        let Some(token) = answer.body["$skipToken"].as_str() else { break };
        options = json!({"$top": 5, "$skipToken": token});
    }
    assert_eq!((seen.len(), quota.len()), (100, 20));
    assert!(quota.iter().skip(1).all(|left| left == "14" || left == "15"), "{quota:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_are_listed() {
    let estate = Estate::new().await;
    let path = "/providers/Microsoft.ResourceGraph/operations?api-version=2021-03-01";
    let answer = estate.get("reader", path).await.expect(200).body;
    assert_eq!(answer["value"][0]["name"], "Microsoft.ResourceGraph/resources/read");
    estate.get("", path).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_saved_under_names() {
    let estate = Estate::new().await;
    let group = crate::estate::group();
    let path = |name: &str| {
        format!("{group}/providers/Microsoft.ResourceGraph/queries{name}?api-version=2024-04-01")
    };
    let body = json!({
        "location": "global",
        "tags": {"team": "quay"},
        "properties": {"query": "Resources | count", "description": "How many."},
    });
    let made = estate.ask("owner", Method::PUT, &path("/Mine"), body.clone()).await.expect(201).body;
    assert_eq!(made["type"], "microsoft.resourcegraph/queries");
    assert_eq!(made["properties"]["resultKind"], "basic");
    let again = estate.ask("owner", Method::PUT, &path("/mine"), body).await.expect(200).body;
    assert_eq!(again["properties"], made["properties"]);
    let patch = json!({"tags": {}, "properties": {"query": "Images | count"}});
    estate.ask("owner", Method::PATCH, &path("/MINE"), patch).await.expect(200);
    let found = estate.get("reader", &path("/mine")).await.expect(200).body;
    assert_eq!(
        (&found["properties"]["query"], &found["properties"]["description"], &found["tags"]),
        (&json!("Images | count"), &json!("How many."), &json!({}))
    );
    assert_ne!(found["etag"], made["etag"]);
    for scope in [group.clone(), crate::estate::subscription()] {
        let path = format!("{scope}/providers/Microsoft.ResourceGraph/queries?api-version=2024-04-01");
        let list = estate.get("reader", &path).await.expect(200).body;
        assert_eq!(list["value"].as_array().unwrap().len(), 1);
    }
    for bad in [json!({}), json!({"properties": {"query": " "}}), json!({"properties": {"query": 7}})] {
        estate.ask("owner", Method::PUT, &path("/other"), bad).await.expect(400);
    }
    let nowhere = path("/mine").replace("/rg/", "/absent/");
    let body = json!({"properties": {"query": "Resources"}});
    estate.ask("owner", Method::PUT, &nowhere, body).await.expect(404);
    estate.ask("reader", Method::DELETE, &path("/mine"), Value::Null).await.expect(403);
    estate.ask("owner", Method::DELETE, &path("/mine"), Value::Null).await.expect(200);
    estate.ask("owner", Method::DELETE, &path("/mine"), Value::Null).await.expect(204);
    estate.get("reader", &path("/mine")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_asked_as_snapshots() {
    let estate = Estate::furnished().await;
    let path = "/providers/Microsoft.ResourceGraph/resourcesHistory?api-version=2021-06-01-preview";
    let query = "where type =~ 'Microsoft.ContainerRegistry/registries' | project id, timestamp, change = properties.change.kind";
    let body = json!({"query": query, "options": {"$top": 2}});
    let answer = estate.ask("reader", Method::POST, path, body).await.expect(200).body;
    assert_eq!((&answer["totalRecords"], &answer["count"]), (&json!(4), &json!(2)));
    assert_eq!(answer["snapshots"]["columns"][1], json!({"name": "timestamp", "type": "datetime"}));
    assert_eq!(answer["snapshots"]["rows"][0][2], "manifest-pushed");
    let before = json!({"start": "2020-01-01T00:00:00Z", "end": "2020-02-01T00:00:00.0000000Z"});
    let options = json!({"interval": before, "resultFormat": "objectArray"});
    let body = json!({"query": "Resources | project id", "options": options});
    let answer = estate.ask("reader", Method::POST, path, body).await.expect(200).body;
    assert_eq!((&answer["count"], &answer["snapshots"]), (&json!(0), &json!([])));
    let body = json!({"query": "Resources | project id"});
    assert_eq!(estate.ask("puller", Method::POST, path, body).await.expect(200).body["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_seen_as_it_was_set_at_a_time() {
    let estate = Estate::new().await;
    let path = "/providers/Microsoft.ResourceGraph/resourcesHistory?api-version=2021-06-01-preview";
    let at = format!("{}?api-version=2023-07-01", registry());
    for change in [
        json!({"tags": {"team": "one"}, "properties": {"policies": {"retentionPolicy": {"days": 30, "status": "enabled"}}}}),
        json!({"properties": {"policies": {"quarantinePolicy": {"status": "enabled"}}}}),
        json!({"tags": {"team": "two"}, "properties": {"anonymousPullEnabled": true}}),
    ] {
        estate.ask("owner", Method::PATCH, &at, change).await.expect(200);
    }
    let columns = "team = tags.team, days = properties.policies.retentionPolicy.days, quarantine = properties.policies.quarantinePolicy.status, open = properties.anonymousPullEnabled";
    let past = json!({"query": format!("Resources | order by timestamp asc | project {columns}")});
    let past = estate.ask("reader", Method::POST, path, past).await.expect(200).body;
    let rows = past["snapshots"]["rows"].as_array().unwrap();
    assert_eq!(
        json!(rows),
        json!([
            ["one", 30, "disabled", false],
            ["one", 30, "enabled", false],
            ["one", 30, "enabled", true],
            ["two", 30, "enabled", true]
        ])
    );
    // The last state is that of today, in all that it has.
    let whole = "project properties = bag_remove_keys(properties, pack_array('change')), tags, sku";
    let last = json!({"query": format!("Resources | order by tostring(properties.change.sequence) desc | take 1 | {whole}")});
    let last = estate.ask("reader", Method::POST, path, last).await.expect(200).body;
    let now = ask(&estate, "reader", &format!("Resources | {whole}"), json!({"resultFormat": "table"})).await;
    assert_eq!(last["snapshots"]["rows"], now.expect(200).body["data"]["rows"]);
    // And each change by itself, as Azure's table of changes tells it.
    let query = "resourcechanges
        | where properties.targetResourceType == 'microsoft.containerregistry/registries' and properties.changeType =~ 'update'
        | extend at = todatetime(properties.changeAttributes.timestamp), by = tostring(properties.changeAttributes.changedBy)
        | where at > ago(3650d)
        | mv-expand path = bag_keys(properties.changes) to typeof(string)
        | extend change = properties.changes[path]
        | where path !endswith 'lastUpdatedTime'
        | project path, change.previousValue, change.newValue, change.propertyChangeType, by, tostring(properties.changeAttributes.changesCount)";
    let changes = ask(&estate, "reader", query, json!({"resultFormat": "table"})).await.expect(200).body;
    let rows = changes["data"]["rows"].as_array().unwrap();
    let has = |row: Value| {
        assert!(rows.iter().any(|one| json!(one.as_array().unwrap()[..4]) == row), "{row} in {rows:#?}")
    };
    has(json!(["tags.team", null, "one", "Insert"]));
    has(json!(["tags.team", "one", "two", "Update"]));
    has(json!(["properties.policies.quarantinePolicy.status", "disabled", "enabled", "Update"]));
    has(json!(["properties.policies.retentionPolicy.days", "7", "30", "Update"]));
    assert!(rows.iter().all(|row| row[4].as_str().is_some_and(|by| by.contains("owner"))), "{rows:#?}");
}

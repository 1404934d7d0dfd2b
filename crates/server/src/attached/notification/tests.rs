//! Notifications as registries send them, from their public documentation, and as nobody should.

use super::*;
use serde_json::json;

fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
    given.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn told(given: &[(&'static str, &str)], body: &str) -> Result<Vec<String>, NotificationError> {
    let hints = read(&headers(given), body.as_bytes())?;
    let line = |hint: Hint| match hint.tag {
        Some(tag) => format!("{}:{tag}", hint.repository),
        None => format!("{}:*", hint.repository),
    };
    Ok(hints.into_iter().map(line).collect())
}

fn lines(body: &str) -> Vec<String> {
    told(&[], body).unwrap()
}

/// The examples of Distribution's documentation: a push by tag beside layers, a pull, and deletions.
#[test]
fn distribution_tells_in_envelopes() {
    let body = r#"{"events": [
        {"id": "asdf-asdf-asdf-asdf-0", "timestamp": "2006-01-02T15:04:05Z", "action": "push",
         "target": {"mediaType": "application/vnd.docker.distribution.manifest.v1+json", "length": 1,
                    "digest": "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf",
                    "repository": "library/test", "url": "https://example.com/v2/library/test/manifests/sha256:c3b3", "tag": "latest"},
         "request": {"id": "asdfasdf", "addr": "client.local", "host": "registrycluster.local", "method": "PUT", "useragent": "test/0.1"},
         "actor": {"name": "test-actor"}, "source": {"addr": "hostname.local:port"}},
        {"id": "asdf-asdf-asdf-asdf-1", "timestamp": "2006-01-02T15:04:05Z", "action": "push",
         "target": {"mediaType": "application/vnd.docker.container.image.rootfs.diff+x-gtar", "length": 2,
                    "digest": "sha256:c3b3692957d439ac1928219a83fac91e7bf96c153725526874673ae1f2023f8d5",
                    "repository": "library/test", "url": "https://example.com/v2/library/test/blobs/sha256:c3b3"},
         "actor": {"name": "test-actor"}, "source": {"addr": "hostname.local:port"}},
        {"id": "320678d8-ca14-430f-8bb6-4ca139cd83f7", "timestamp": "2016-03-09T14:44:26.402973972-08:00", "action": "pull",
         "target": {"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "size": 708, "length": 708,
                    "digest": "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf",
                    "repository": "hello-world", "tag": "latest"}},
        {"id": "d83f7320-ca14-430f-8bb6-4ca139c678d8", "timestamp": "2016-03-09T14:45:26.402973972-08:00", "action": "delete",
         "target": {"digest": "sha256:fea8895f450959fa676bcc1df0611ea93823a735a01205fd8622846041d0c7cf", "repository": "gone"}}
    ]}"#;
    assert_eq!(lines(body), ["gone:*", "library/test:latest"]);
}

/// The examples of Harbor's documentation, in both of its forms.
#[test]
fn harbor_tells_in_two_forms() {
    let pushed = r#"{"type": "PUSH_ARTIFACT", "occur_at": 1586922308, "operator": "admin", "event_data": {
        "resources": [{"digest": "sha256:8a9e9863dbb6e10edb5adfe917c00da84e1700fa76e7ed02476aa6e6fb8ee0d8", "tag": "latest",
                       "resource_url": "hub.harbor.com/test-webhook/debian:latest"}],
        "repository": {"date_created": 1586922308, "name": "debian", "namespace": "test-webhook",
                       "repo_full_name": "test-webhook/debian", "repo_type": "private"}}}"#;
    assert_eq!(lines(pushed), ["test-webhook/debian:latest"]);
    assert_eq!(lines(&pushed.replace("PUSH_ARTIFACT", "DELETE_ARTIFACT")), ["test-webhook/debian:latest"]);
    assert_eq!(lines(&pushed.replace("PUSH_ARTIFACT", "SCANNING_COMPLETED")), Vec::<String>::new());
    let event = r#"{"specversion": "1.0", "id": "66e18103-09c1-41f6-982f-37df223f3eeb",
        "requestid": "51c0b694-0168-4f3c-b0db-282565455d7b", "source": "/projects/2/webhook/policies/15",
        "type": "harbor.artifact.pushed", "datacontenttype": "application/json", "time": "2023-04-03T06:04:46Z",
        "data": {"resources": [
            {"digest": "sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4",
             "tag": "sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4",
             "resource_url": "harbor.dev/library/alpine@sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4"},
            {"digest": "sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4", "tag": "3.17"}],
            "repository": {"date_created": 1680501886, "name": "alpine", "namespace": "library",
                           "repo_full_name": "library/alpine", "repo_type": "private"}},
        "operator": "harbor"}"#;
    assert_eq!(lines(event), ["library/alpine:3.17"], "what came by its digest is found by a tag");
    let deleted = event.replace("harbor.artifact.pushed", "harbor.artifact.deleted");
    assert_eq!(lines(&deleted), ["library/alpine:*", "library/alpine:3.17"]);
}

/// The examples of Azure's documentation: webhooks, a ping, and Event Grid in the form of CloudEvents.
#[test]
fn azure_tells_by_webhooks_and_by_event_grid() {
    let push = r#"{"id": "cb8c3971-9adc-488b-b3f5-43cbb4974ff5", "timestamp": "2017-11-17T16:52:01.343145347Z", "action": "push",
        "target": {"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "size": 524,
                   "digest": "sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d", "length": 524,
                   "repository": "hello-world", "tag": "v1"},
        "request": {"id": "3cbb6949-7549-4fa1-86cd-a6d5451dffc7", "host": "myregistry.azurecr.io", "method": "PUT",
                    "useragent": "docker/17.09.0-ce"}}"#;
    assert_eq!(lines(push), ["hello-world:v1"]);
    let delete = r#"{"id": "afc359ce-df7f-4e32-bdde-1ff8aa80927b", "timestamp": "2017-11-17T16:54:53.657764628Z", "action": "delete",
        "target": {"mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                   "digest": "sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d", "repository": "hello-world"},
        "request": {"id": "3d78b540-ab61-4f75-807f-7ca9ecf445df", "host": "myregistry.azurecr.io", "method": "DELETE",
                    "useragent": "python-requests/2.18.4"}}"#;
    assert_eq!(lines(delete), ["hello-world:*"]);
    let ping = r#"{"id": "0ad59e0c-3b45-4c1a-a15b-5fa2b38a3c0b", "timestamp": "2017-11-17T16:52:01.34Z", "action": "ping"}"#;
    assert_eq!(lines(ping), Vec::<String>::new());
    let grid = r#"[{"id": "831e1650-001e-001b-66ab-eeb76e069631",
        "source": "/subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/demo",
        "subject": "aci-helloworld:v1", "type": "Microsoft.ContainerRegistry.ImagePushed", "time": "2018-04-25T21:39:47.6549614Z",
        "data": {"id": "31c51664-e5bd-416a-a5df-e5206bc47ed0", "timestamp": "2018-04-25T21:39:47.276585742Z", "action": "push",
            "target": {"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "size": 3023,
                       "digest": "sha256:213bbc182920ab41e18edc2001e06abcca6735d87782d9cef68abd83941cf0e5", "length": 3023,
                       "repository": "aci-helloworld", "tag": "v1"},
            "request": {"id": "7c66f28b-de19-40a4-821c-6f5f6c0003a4", "host": "demo.azurecr.io", "method": "PUT"}},
        "specversion": "1.0"}]"#;
    assert_eq!(lines(grid), ["aci-helloworld:v1"]);
}

/// zot sends CloudEvents, by default in binary mode.
#[test]
fn zot_tells_in_headers() {
    let data = r#"{"name": "test-artifact", "reference": "v0", "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": "sha256:213bbc182920ab41e18edc2001e06abcca6735d87782d9cef68abd83941cf0e5", "manifest": "{}"}"#;
    let given = |kind| {
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "zotregistry.dev"), ("ce-type", kind)]
    };
    assert_eq!(told(&given("zotregistry.image.updated"), data).unwrap(), ["test-artifact:v0"]);
    assert_eq!(told(&given("com.example.image.deleted"), data).unwrap(), ["test-artifact:v0"]);
    assert_eq!(told(&given("zotregistry.repository.created"), data).unwrap(), Vec::<String>::new());
    let structured = json!({ "specversion": "1.0", "id": "1", "source": "zotregistry.dev",
        "type": "zotregistry.image.updated", "data": serde_json::from_str::<Value>(data).unwrap() });
    assert_eq!(lines(&structured.to_string()), ["test-artifact:v0"]);
    let batch = json!([structured, structured]);
    assert_eq!(lines(&batch.to_string()), ["test-artifact:v0"]);
}

#[test]
fn what_is_no_notification_says_so() {
    assert_eq!(told(&[], "no json"), Err(NotificationError::Json));
    for strange in
        ["{}", "[]", "null", "7", "[{}]", r#"{"events": {}}"#, r#"{"event_data": []}"#, r#"{"action": 7}"#]
    {
        let refusal = told(&[], strange).unwrap_err().to_string();
        assert!(
            refusal.contains("Distribution notifications, Harbor webhooks, ACR webhooks"),
            "{strange}: {refusal}"
        );
    }
    // What is wrong inside is nothing to look at.
    for odd in [
        r#"{"events": [7, null, {}, {"action": "push"}, {"action": "push", "target": {"repository": "../x", "tag": "a"}}]}"#,
        r#"{"events": [{"action": "push", "target": {"repository": "A", "tag": "a"}}]}"#,
        r#"{"type": "PUSH_ARTIFACT", "event_data": {"resources": "x", "repository": {"repo_full_name": "a"}}}"#,
        r#"{"action": "push", "target": {"repository": ["a"]}}"#,
    ] {
        assert_eq!(lines(odd), Vec::<String>::new(), "{odd}");
    }
    let deep = "[".repeat(200_000);
    assert_eq!(told(&[], &deep), Err(NotificationError::Json));
    let event =
        |number: usize| json!({"action": "push", "target": {"repository": format!("r{number}"), "tag": "a"}});
    let many = json!({ "events": (0..=MOST_HINTS).map(event).collect::<Vec<_>>() });
    assert_eq!(told(&[], &many.to_string()), Err(NotificationError::Many));
}

#[test]
fn only_who_knows_the_secret_is_listened_to() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let secret = signature::new_secret([7; 32]);
    let knows = |given: &[(&'static str, &str)], body: &str| {
        is_from_friend(&secret, &headers(given), body.as_bytes(), now)
    };
    let basic = |word: &str| format!("Basic {}", STANDARD.encode(format!("anybody:{word}")));
    for right in [secret.clone(), format!("Bearer {secret}"), format!("bearer {secret}"), basic(&secret)] {
        assert!(knows(&[("authorization", &right)], "{}"), "{right}");
    }
    for wrong in
        ["", "Bearer", "Bearer ", "Bearer x", "Basic", "Basic !", "Digest x", &basic(""), &basic("x")]
    {
        assert!(!knows(&[("authorization", wrong)], "{}"), "{wrong}");
    }
    assert!(!knows(&[], "{}"));
    let at = now.as_second();
    let signed =
        |at: i64, body: &str| signature::sign(&secret, "id", Timestamp::from_second(at).unwrap(), body);
    let with = |at: i64, signature: &str, body: &str| {
        knows(
            &[("webhook-id", "id"), ("webhook-timestamp", &at.to_string()), ("webhook-signature", signature)],
            body,
        )
    };
    assert!(with(at, &signed(at, "{}"), "{}"));
    assert!(with(at - 299, &format!("v1,b3RoZXI= {}", signed(at - 299, "{}")), "{}"));
    assert!(!with(at - 301, &signed(at - 301, "{}"), "{}"), "an old one is not played again");
    assert!(!with(at + 301, &signed(at + 301, "{}"), "{}"));
    assert!(!with(at, &signed(at, "{}"), "{ }"), "another content");
    assert!(!with(at, &signed(at - 1, "{}"), "{}"), "another moment");
    assert!(!with(at, "", "{}"));
}

//! Deliveries to webhooks: their forms, their order, and what becomes of those that fail.

use super::*;
use crate::sender::Reach;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use oci::Digest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use store::{
    Actor, DeliveryState, PageRequest, PushOrigin, PutManifest, RegistryId, SqliteStore, Webhook,
    WebhookAction, WebhookPut, WebhookSettings, testing,
};
use tokio::net::TcpListener;
use uuid::Uuid;

/// Somebody who is told: what they heard, and what they answer to that, the last answer for ever.
struct Receiver {
    address: String,
    heard: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

impl Receiver {
    async fn answering(answers: &[u16]) -> Self {
        let answers = answers.to_vec();
        let heard: Arc<Mutex<Vec<(HeaderMap, Value)>>> = Arc::default();
        let hearing = heard.clone();
        let hear = move |headers: HeaderMap, body: Bytes| async move {
            let mut heard = hearing.lock().unwrap();
            heard.push((headers, serde_json::from_slice(&body).unwrap()));
            let answer = answers[(heard.len() - 1).min(answers.len() - 1)];
            (StatusCode::from_u16(answer).unwrap(), "heard")
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/in?key=hidden", listener.local_addr().unwrap());
        let router = Router::new().route("/in", post(hear));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<(HeaderMap, Value)> {
        self.heard.lock().unwrap().clone()
    }
}

struct Scene {
    courier: Courier,
    registry: RegistryId,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new(allowed: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("records.sqlite")).unwrap());
        store.install(testing::installation("harbour"), Timestamp::UNIX_EPOCH).await.unwrap();
        let registry = store.registry_by_name("harbour").await.unwrap().unwrap().id;
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let sender = Sender::new(Arc::new(Reach::Public { allowed })).unwrap();
        // A few milliseconds for what takes hours.
        let retry = RetryPolicy {
            first_pause: SignedDuration::from_millis(5),
            longest_pause: SignedDuration::from_millis(10),
            attempts: 3,
        };
        Self { courier: Courier { store, sender, retry }, registry, _folder: folder }
    }

    async fn hook(&self, name: &str, address: &str) -> Webhook {
        let settings = WebhookSettings {
            service_uri: address.to_owned(),
            headers: BTreeMap::from([("X-Own".into(), "hidden too".into())]),
            secret: "whsec_c2VjcmV0".into(),
            actions: BTreeSet::from(WebhookAction::CHOICES),
            scope: "".parse().unwrap(),
            enabled: true,
            location: "local".into(),
            tags: BTreeMap::new(),
        };
        match self.courier.store.put_webhook(self.registry, name, settings, Timestamp::now()).await.unwrap() {
            WebhookPut::Kept(webhook) => *webhook,
            WebhookPut::TooMany => panic!("too many"),
        }
    }

    async fn push(&self) -> Digest {
        let push = PutManifest {
            tags: vec!["one".parse().unwrap()],
            actor: Actor("alice".into()),
            origin: PushOrigin { user_agent: Some("docker/27".into()), request: Some(Uuid::from_u128(7)) },
            ..testing::push(
                self.registry,
                "app",
                &b"manifest"[..],
                Timestamp::from_second(1_700_000_000).unwrap(),
            )
        };
        let digest = push.digest.clone();
        let _ = self.courier.store.put_manifest(push).await.unwrap();
        digest
    }

    /// Delivers until nothing of a webhook waits any more, and returns its log.
    async fn deliver(&self, webhook: &Webhook) -> Vec<store::Delivery> {
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(keep_delivering(self.courier.clone(), stopped));
        let log = loop {
            let log = self.courier.store.deliveries(webhook.id, PageRequest::first(100)).await.unwrap().items;
            let is_over = |state| matches!(state, DeliveryState::Delivered | DeliveryState::Dead);
            if !log.is_empty() && log.iter().all(|delivery| is_over(delivery.state)) {
                break log;
            }
            tokio::task::yield_now().await;
        };
        stop.send(true).unwrap();
        running.await.unwrap();
        log
    }
}

#[tokio::test]
async fn a_push_is_told_in_the_form_of_azure_and_signed() {
    let (scene, receiver) = (Scene::new(&["127.0.0.1"]).await, Receiver::answering(&[200]).await);
    let webhook = scene.hook("bell", &receiver.address).await;
    let digest = scene.push().await;
    let log = scene.deliver(&webhook).await;
    assert_eq!(log.len(), 2, "push, and quarantine that is off");
    let heard = receiver.heard();
    let (headers, content) = heard.iter().find(|(_, content)| content["action"] == "push").unwrap();
    let expected = json!({
        "id": headers["webhook-id"].to_str().unwrap(),
        "timestamp": "2023-11-14T22:13:20Z",
        "action": "push",
        "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "size": 8, "digest": digest, "length": 8, "repository": "app", "tag": "one",
        },
        "request": {
            "id": Uuid::from_u128(7).to_string(), "host": "harbour.test", "method": "PUT",
            "useragent": "docker/27",
        },
    });
    assert_eq!(*content, expected);
    assert_eq!(headers["x-own"], "hidden too");
    let at = Timestamp::from_second(headers["webhook-timestamp"].to_str().unwrap().parse().unwrap()).unwrap();
    let text = &log.iter().find(|delivery| delivery.action == WebhookAction::Push).unwrap().exchange;
    let exchange = text.as_ref().unwrap();
    let signature = sign("whsec_c2VjcmV0", content["id"].as_str().unwrap(), at, &exchange.request_content);
    assert_eq!(headers["webhook-signature"], signature.as_str());
    assert_eq!((exchange.status, exchange.response_content.as_str()), (Some(200), "heard"));
    assert!(!format!("{log:?}").contains("hidden"), "{log:?}");
}

#[tokio::test]
async fn what_fails_is_tried_again_under_the_same_number() {
    let (scene, receiver) = (Scene::new(&["127.0.0.1"]).await, Receiver::answering(&[500, 302, 204]).await);
    let webhook = scene.hook("bell", &receiver.address).await;
    scene.courier.store.ping_webhook(webhook.id, Timestamp::now()).await.unwrap();
    let log = scene.deliver(&webhook).await;
    assert_eq!((log[0].state, log[0].attempts), (DeliveryState::Delivered, 3));
    let heard = receiver.heard();
    let numbers: BTreeSet<&str> = heard.iter().map(|(_, content)| content["id"].as_str().unwrap()).collect();
    assert_eq!((heard.len(), numbers.len()), (3, 1));
    assert_eq!(heard[0].1.as_object().unwrap().len(), 3, "a ping says id, timestamp and action: {heard:?}");
}

#[tokio::test]
async fn what_is_never_taken_becomes_a_dead_letter() {
    let scene = Scene::new(&["127.0.0.1"]).await;
    for (answers, attempts, why) in
        [(&[503][..], 3, "it answered 503"), (&[410], 1, "it answered 410"), (&[307], 3, "redirect")]
    {
        let receiver = Receiver::answering(answers).await;
        let webhook = scene.hook(&format!("bell{}", answers[0]), &receiver.address).await;
        scene.courier.store.ping_webhook(webhook.id, Timestamp::now()).await.unwrap();
        let log = scene.deliver(&webhook).await;
        assert_eq!((log[0].state, log[0].attempts), (DeliveryState::Dead, attempts), "{answers:?}");
        assert!(log[0].exchange.as_ref().unwrap().error.as_ref().unwrap().contains(why), "{log:?}");
    }
}

#[tokio::test]
async fn nobody_is_told_in_the_private_network() {
    let (scene, receiver) = (Scene::new(&[]).await, Receiver::answering(&[200]).await);
    let webhook = scene.hook("bell", &receiver.address).await;
    scene.courier.store.ping_webhook(webhook.id, Timestamp::now()).await.unwrap();
    let log = scene.deliver(&webhook).await;
    assert_eq!(log[0].state, DeliveryState::Dead);
    assert!(receiver.heard().is_empty());
    let error = log[0].exchange.as_ref().unwrap().error.clone().unwrap();
    assert!(error.contains("private network") && !error.contains("hidden"), "{error}");
}

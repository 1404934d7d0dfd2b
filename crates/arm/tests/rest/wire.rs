//! What is the same for all routes: versions, names of requests, limits, and the errors that speak of none of them.

use crate::estate::{Answer, Estate, group, registry, subscription};
use access::RatePolicy;
use http::{Method, Request};
use serde_json::Value;

async fn with_headers(estate: &Estate, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder()
        .uri(format!("{}?api-version=2022-12-01", subscription()))
        .header("authorization", "Bearer access-reader");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    estate.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200)
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_request_is_named_as_its_client_wants_to_find_it() {
    let estate = Estate::new().await;
    let plain = with_headers(&estate, &[]).await;
    let own = header(&plain, "x-ms-request-id").unwrap();
    assert_eq!(header(&plain, "x-ms-correlation-request-id"), Some(own));
    assert_eq!(header(&plain, "x-ms-client-request-id"), None);
    let joined = "11111111-2222-3333-4444-555555555555";
    let sent = [("x-ms-correlation-request-id", joined), ("x-ms-client-request-id", "mine")];
    let answer = with_headers(&estate, &sent).await;
    assert_eq!(header(&answer, "x-ms-correlation-request-id"), Some(joined));
    assert_ne!(header(&answer, "x-ms-request-id"), Some(joined));
    assert_eq!(header(&answer, "x-ms-client-request-id"), None, "only where it is asked for");
    let long = "x".repeat(129);
    for (id, expected) in [("mine", Some("mine")), (long.as_str(), None)] {
        let sent = [("x-ms-return-client-request-id", "true"), ("x-ms-client-request-id", id)];
        assert_eq!(header(&with_headers(&estate, &sent).await, "x-ms-client-request-id"), expected);
    }
    let odd = with_headers(&estate, &[("x-ms-correlation-request-id", "'; drop")]).await;
    assert_eq!(header(&odd, "x-ms-correlation-request-id"), header(&odd, "x-ms-request-id"));
}

#[tokio::test]
async fn versions_are_dates_from_the_first_one_on() {
    let estate = Estate::new().await;
    let plan = format!("{}/providers/Microsoft.Security/pricings/Containers", subscription());
    for (path, status, code) in [
        (format!("{plan}?api-version=2018-06-01"), 200, ""),
        (format!("{plan}?API-VERSION=2099-01-01-preview"), 200, ""),
        (plan.clone(), 400, "MissingApiVersionParameter"),
        (format!("{plan}?api-version=newest"), 400, "InvalidApiVersionParameter"),
        (format!("{plan}?api-version=2015-01-01"), 400, "NoRegisteredProviderFound"),
        (format!("{}?api-version=2013-01-01", group()), 400, "InvalidApiVersionParameter"),
    ] {
        let answer = estate.get("reader", &path).await.expect(status);
        assert_eq!(answer.code(), code, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_served_is_named_by_what_is_missing() {
    let estate = Estate::new().await;
    for (path, status, code) in [
        (
            format!("{}/providers/Microsoft.Compute/virtualMachines", subscription()),
            404,
            "InvalidResourceNamespace",
        ),
        (format!("{}/providers/Microsoft.Security/topologies", subscription()), 404, "InvalidResourceType"),
        (format!("{}/providers/Microsoft.Compute", subscription()), 404, "InvalidResourceNamespace"),
        (format!("{}/nothing", subscription()), 404, "NotFound"),
        (registry().replace("Lazaretto", "absent"), 404, "ResourceNotFound"),
        (group().replace("rg", "absent"), 404, "ResourceGroupNotFound"),
        (subscription().replace("abc", "abd"), 403, "AuthorizationFailed"),
    ] {
        let answer = estate.get("owner", &format!("{path}?api-version=2022-12-01")).await.expect(status);
        assert_eq!(answer.code(), code, "{path}");
        assert!(answer.headers.contains_key("x-ms-request-id"));
    }
    let path = format!("{}?api-version=2022-12-01", registry());
    let answer = estate.ask("owner", Method::POST, &path, Value::Null).await.expect(405);
    assert_eq!(answer.code(), "MethodNotAllowed");
}

#[tokio::test]
async fn who_asks_too_often_is_told_what_is_left_and_how_long_to_wait() {
    let policy = RatePolicy { per_second: 1, burst: 3, capacity: 100 };
    let estate = Estate::limited(Some(policy)).await;
    let read = format!("{}?api-version=2022-12-01", subscription());
    for left in ["2", "1", "0"] {
        let answer = estate.get("reader", &read).await.expect(200);
        assert_eq!(header(&answer, "x-ms-ratelimit-remaining-subscription-reads"), Some(left));
    }
    let spent = estate.get("reader", &read).await.expect(429);
    assert_eq!((spent.code(), header(&spent, "retry-after")), ("SubscriptionRequestsThrottled", Some("1")));
    // Others, and what is no reading, have their own.
    estate.get("owner", &read).await.expect(200);
    let tenants = estate.get("reader", "/tenants?api-version=2022-12-01").await.expect(200);
    assert_eq!(header(&tenants, "x-ms-ratelimit-remaining-tenant-reads"), Some("2"));
    let plan =
        format!("{}/providers/Microsoft.Security/pricings/Containers?api-version=2024-01-01", subscription());
    let body = serde_json::json!({"properties": {"pricingTier": "Free"}});
    let refused = estate.ask("reader", Method::PUT, &plan, body).await.expect(403);
    assert_eq!(header(&refused, "x-ms-ratelimit-remaining-subscription-writes"), Some("2"));
    let without = Estate::new().await.get("reader", &read).await.expect(200);
    assert_eq!(
        header(&without, "x-ms-ratelimit-remaining-subscription-reads"),
        None,
        "nothing is told of no limit"
    );
}

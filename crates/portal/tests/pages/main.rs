//! The portal from outside: its pages over the real store, for visitors of different roles.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod house;
mod sign_in;

use axum::http::StatusCode;
use house::House;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_page_leads_to_the_sign_in() {
    let house = House::new().await;
    for page in portal::PAGES.iter().filter(|page| page.action.is_some()) {
        let path = page.path.replace("{*image}", "team/app:1");
        let answer = house.get(&path, None).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        let to = path.replace("/", "%2F").replace(":", "%3A");
        let expected = if path == "/portal/" { String::new() } else { format!("?to={to}") };
        assert_eq!(answer.location, Some(format!("/portal/sign-in{expected}")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_every_page_is_refused() {
    let house = House::new().await;
    for visitor in ["puller", "foreigner", "nobody"] {
        let session = house.sign_in(visitor).await;
        for page in portal::PAGES.iter().filter(|page| page.action.is_some()) {
            let path = page.path.replace("{*image}", "team/app:1");
            let answer = house.get(&path, Some(&session)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} for {visitor}");
            assert!(!answer.body.contains("busybox"), "{path} for {visitor}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_lists_images_with_all_their_counts() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    let page = house.get("/portal/", Some(&session)).await;
    assert_eq!(page.status, StatusCode::OK);
    for word in ["team/app", "Unhealthy", "<th class=\"number\" scope=\"col\">Unknown</th>"] {
        assert!(page.body.contains(word), "{word} is not in {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_found_by_tag_and_by_digest() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    for path in ["team/app:1".to_owned(), format!("team/app@{}", house.digest)] {
        let page = house.get(&format!("/portal/images/{path}"), Some(&session)).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("CVE-2099-0001"), "{}", page.body);
        assert!(page.body.contains("apk add --upgrade"), "{}", page.body);
        // A title from a feed is text, whatever it holds.
        assert!(page.body.contains("&lt;script&gt;"), "{}", page.body);
        assert!(!page.body.contains("<script"), "{}", page.body);
    }
    for path in ["team/app:2", "team/app", "Team/App:1", "other/app:1"] {
        let page = house.get(&format!("/portal/images/{path}"), Some(&session)).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_shows_its_rows() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    let empty = house.get("/portal/query", Some(&session)).await;
    assert!(empty.body.contains("Critical findings"), "{}", empty.body);
    let query = "/portal/query?q=Findings%20%7C%20project%20vulnerability%2C%20repository";
    let page = house.get(query, Some(&session)).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in
        ["1 row", "<th scope=\"col\">vulnerability</th>", "<td>CVE-2099-0001</td>", "<td>team/app</td>"]
    {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_is_underlined() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    let query = "/portal/query?q=Findings%0A%7C%20where%20severty%20%3D%3D%201";
    let page = house.get(query, Some(&session)).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["did you mean `severity`?", "| where severty == 1\n        ^^^^^^^"] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_scripts() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    for page in portal::PAGES {
        for session in [None, Some(session.as_str())] {
            let answer = house.get(&page.path.replace("{*image}", "team/app:1"), session).await;
            assert!(answer.policy.starts_with("default-src 'none'"), "{}", page.path);
            assert!(!answer.policy.contains("script-src"), "{}", page.path);
            // A stricter one makes browsers hide where our own forms come from, and they would be refused.
            assert_eq!(answer.referrer.as_deref(), Some("same-origin"), "{}", page.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_shown_by_day_with_what_it_costs_and_as_a_file() {
    let house = House::new().await;
    let session = house.sign_in("security-reader").await;
    let days = "?from=2026-01-01&until=2026-01-31";
    let page = house.get(&format!("/portal/usage{days}"), Some(&session)).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in
        ["<td>2026-01-02</td>", ">Harbour</td>", "<td>Lazaretto</td>", "0.25 EUR", "<b>1</b>Images charged"]
    {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    let link = "href=\"/portal/usage.csv?from=2026-01-01&amp;until=2026-01-31\"";
    assert!(page.body.contains(link), "{}", page.body);
    let file = house.get(&format!("/portal/usage.csv{days}"), Some(&session)).await;
    assert_eq!(
        file.body,
        "subscription,registry,day,images,inTrial,amount,currency\r\n\
         00000000-0000-0000-0000-000000000abc,Lazaretto,2026-01-02,1,0,0.25,EUR\r\n"
    );
    let empty = house.get("/portal/usage?from=2025-01-01&until=2025-01-31", Some(&session)).await;
    assert!(empty.body.contains("Nothing was charged on these days."), "{}", empty.body);
    let wrong = house.get("/portal/usage?from=2026-02-30", Some(&session)).await;
    assert!(wrong.body.contains("A day is written as 2026-01-31. This month is shown."), "{}", wrong.body);
    assert_eq!(
        house.get("/portal/usage.csv?from=soon", Some(&session)).await.status,
        StatusCode::BAD_REQUEST
    );
}

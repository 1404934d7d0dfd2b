//! Attacks on sign-in, from outside.

use crate::support::process::processor_time;
use crate::support::server::{PASSWORD, Server, binary};
use reqwest::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Default credentials (attack C19): the first start makes a password up, shows it once, and no other opens anything.
#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_default_password() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .env_remove("LAZARETTO_ADMIN_PASSWORD")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        for line in lines {
            let is_ready = line.starts_with("lazaretto ready ");
            said.push(line);
            if is_ready {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut errors = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut errors).unwrap();
        said.join("\n") + &errors
    };
    let (first, second) = (start(), start());
    let shown = |text: &str| text.to_lowercase().contains("password");
    assert!(shown(&first), "the first start shows the password it made up: {first}");
    assert!(!shown(&second), "a later start shows it no more: {second}");

    let other = tempfile::tempdir().unwrap();
    let server = Server::start(other.path(), &[]);
    for word in ["", "admin", "password", "Harbor12345", "lazaretto", "changeme"] {
        let request = client().get(format!("{}/subscriptions?api-version=2022-12-01", server.url));
        let status = request.basic_auth("admin", Some(word)).send().await.unwrap().status();
        assert!(status == StatusCode::UNAUTHORIZED || status == StatusCode::TOO_MANY_REQUESTS, "{word}");
    }
}

/// Forms that another site sends, and redirects that lead elsewhere (attack C20).
#[tokio::test(flavor = "multi_thread")]
async fn forms_come_from_here_and_redirects_stay_here() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--plan", "free"]);
    let form = format!("name=admin&password={}", PASSWORD.replace(' ', "+"));
    let sign_in = |origin: Option<String>, path: &str| {
        let request = client().post(format!("{}{path}", server.url)).body(form.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        match origin {
            Some(origin) => request.header(ORIGIN, origin),
            None => request,
        }
    };
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://evil.example:5000"] {
        let answer = sign_in(Some(origin.into()), "/portal/sign-in").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
        assert!(answer.headers().get(SET_COOKIE).is_none());
    }
    for path in [
        "/portal/sign-in",
        "/portal/sign-in?return=https://evil.example",
        "/portal/sign-in?next=//evil.example",
    ] {
        let answer = sign_in(Some(server.url.clone()), path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], "/portal/", "{path}");
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    }
    let answer = sign_in(None, "/portal/sign-in").send().await.unwrap();
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let out = client().post(format!("{}/portal/sign-out", server.url)).header(COOKIE, &cookie);
    let answer = out.header(ORIGIN, "https://evil.example").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    // A host that somebody makes up is in no redirect.
    let answer = client().get(format!("{}/", server.url)).header(HOST, "evil.example").send().await.unwrap();
    assert_eq!(answer.headers()[LOCATION], "/portal/");
}

/// Who is there and who is not (attack D5): the same words, and the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_and_a_wrong_password_look_alike() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--plan", "free"]);
    let ask = async |name: &str| {
        let before = processor_time(server.process());
        let body = format!("grant_type=password&username={name}&password=wrong");
        let request = client().post(format!("{}/common/oauth2/v2.0/token", server.url)).body(body);
        let answer =
            request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        (status, body, processor_time(server.process()) - before)
    };
    // What the server computes for it is measured, and not how long the machine lets it wait meanwhile. Both in turns; few
    // enough that nobody has to wait yet.
    let (known, unknown) = (ask("admin").await, ask("nobody").await);
    let (known_again, unknown_again) = (ask("admin").await, ask("nobody").await);
    assert_eq!((known.0, known.1), (unknown.0, unknown.1));
    let least = |a: Duration, b: Duration| a.min(b).as_secs_f64();
    let (there, absent) = (least(known.2, known_again.2), least(unknown.2, unknown_again.2));
    // A name that is looked up and not hashed would answer in a hundredth of the time.
    assert!(absent > there / 4.0 && there > absent / 4.0, "{there} s and {absent} s");
}

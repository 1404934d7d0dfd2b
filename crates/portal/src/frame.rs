//! What surrounds every page, and the small pieces that several pages show.

use maud::{DOCTYPE, Markup, html};

/// A whole page.
pub(crate) fn frame(title: &str, visitor: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Lazaretto" }
                link rel="stylesheet" href="/portal/style.css";
            }
            body {
                header {
                    nav {
                        a.brand href="/portal/" { "Lazaretto" }
                        @if visitor.is_some() {
                            a href="/portal/" { "Images" }
                            a href="/portal/query" { "Query" }
                        }
                    }
                    @if let Some(name) = visitor {
                        form method="post" action="/portal/sign-out" {
                            span.visitor { (name) }
                            button { "Sign out" }
                        }
                    }
                }
                main { (body) }
            }
        }
    }
}

/// A state as a badge. The word is there too: colour alone tells not everybody something.
pub(crate) fn state(word: &str) -> Markup {
    html! { span class={ "badge state-" (word.to_ascii_lowercase()) } { (word) } }
}

/// A severity as a badge.
pub(crate) fn severity(word: &str) -> Markup {
    html! { span class={ "badge severity-" (word.to_ascii_lowercase()) } { (word) } }
}

/// The first twelve letters of a digest's hash, with the whole one at hand.
pub(crate) fn digest(digest: &str) -> Markup {
    let short: String = digest.split(':').next_back().unwrap_or(digest).chars().take(12).collect();
    html! { code title=(digest) { (short) } }
}

/// Text as one part of a path.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' | b':' | b'@' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

//! What surrounds every page, and the small pieces that several pages show.

use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What leads to the pages that somebody begins with.
const PAGES: &[(&str, &str)] =
    &[("/portal/", "Images"), ("/portal/query", "Query"), ("/portal/usage", "Usage")];

/// A whole page.
pub(crate) fn frame(title: &str, visitor: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Lazaretto" }
                link rel="icon" type="image/svg+xml" href="/portal/icon.svg";
                link rel="stylesheet" href="/portal/style.css";
            }
            body {
                a.skip href="#content" { "To the content" }
                header {
                    nav aria-label="Pages" {
                        a.brand href="/portal/" { "Lazaretto" }
                        @if visitor.is_some() {
                            @for (path, name) in PAGES {
                                a href=(path) aria-current=[(*name == title).then_some("page")] { (name) }
                            }
                        }
                    }
                    @if let Some(name) = visitor {
                        form method="post" action="/portal/sign-out" {
                            span.visitor { (name) }
                            button { "Sign out" }
                        }
                    }
                }
                main id="content" { (body) }
            }
        }
    }
}

/// A state as a badge. The word is there too: colour alone tells not everybody something.
pub(crate) fn state(word: &str) -> Markup {
    html! { span class={ "badge state-" (word.to_ascii_lowercase()) } { (spaced(word)) } }
}

/// A word of the wire as people write it: `NotApplicable` is `Not applicable`.
pub(crate) fn spaced(word: &str) -> String {
    let mut spaced = String::with_capacity(word.len() + 2);
    for c in word.chars() {
        if c.is_ascii_uppercase() && !spaced.is_empty() {
            spaced.push(' ');
            spaced.push(c.to_ascii_lowercase());
        } else {
            spaced.push(c);
        }
    }
    spaced
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

/// What stays as it is in a value of a query.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What stays as it is in a path.
const PATH: &AsciiSet = &VALUE.remove(b'/').remove(b':').remove(b'@');

/// Text as one part of a path.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Text as a value in the query of an address.
pub(crate) fn encode_value(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

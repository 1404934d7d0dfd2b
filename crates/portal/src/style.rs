//! The style sheet.

use crate::{Page, PortalState};
use axum::http::header;
use axum::routing::{MethodRouter, get};

pub(crate) const SHEET: Page = Page { path: "/portal/style.css", action: None, handler };

fn handler() -> MethodRouter<PortalState> {
    get(|| async {
        let headers =
            [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")];
        (headers, include_str!("style.css"))
    })
}

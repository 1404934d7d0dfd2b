//! The icon of the pages: an L in the colour of the links.

use crate::{Page, PortalState};
use axum::http::header;
use axum::routing::{MethodRouter, get};

pub(crate) const PAGE: Page = Page { path: "/portal/icon.svg", action: None, handler };

fn handler() -> MethodRouter<PortalState> {
    get(|| async {
        let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")];
        (headers, include_str!("icon.svg"))
    })
}

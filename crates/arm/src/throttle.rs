//! How many requests somebody may send, told as the resource manager tells it: what is left stands in a header, by
//! whether something is read, written or deleted, in a subscription or above all of them.
//!
//! Without a limit there is nothing to tell, and nothing is told.

use crate::error::ArmError;
use access::{RateLimiter, ResourceId};
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// Counts a request of somebody. What is left is the header that says so.
///
/// # Errors
/// When they have none left.
pub(crate) fn admit(
    rates: &Mutex<RateLimiter>,
    who: &str,
    method: &Method,
    scope: &ResourceId,
    now: Timestamp,
) -> Result<(HeaderName, HeaderValue), ArmError> {
    let what = match *method {
        Method::GET | Method::HEAD => "reads",
        Method::DELETE => "deletes",
        _ => "writes",
    };
    let place = if scope.subscription().is_some() { "subscription" } else { "tenant" };
    let key = format!("{who} {place} {what}");
    let mut rates = rates.lock().unwrap_or_else(PoisonError::into_inner);
    rates.take(&key, now).map_err(|spent| ArmError::Throttled {
        is_in_subscription: place == "subscription",
        seconds: spent.retry_after_seconds,
    })?;
    let name = match (place, what) {
        ("subscription", "reads") => "x-ms-ratelimit-remaining-subscription-reads",
        ("subscription", "deletes") => "x-ms-ratelimit-remaining-subscription-deletes",
        ("subscription", _) => "x-ms-ratelimit-remaining-subscription-writes",
        (_, "reads") => "x-ms-ratelimit-remaining-tenant-reads",
        (_, "deletes") => "x-ms-ratelimit-remaining-tenant-deletes",
        (_, _) => "x-ms-ratelimit-remaining-tenant-writes",
    };
    Ok((HeaderName::from_static(name), HeaderValue::from(rates.remaining(&key, now))))
}

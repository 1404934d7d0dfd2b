//! Who may do what.
//!
//! Every face of the product asks this crate the same question: may this [`Principal`] perform this [`Action`] at
//! this [`ResourceId`]? The answer is a [`Decision`] that says why, computed by [`decide`] from role assignments
//! alone. Roles are Azure's built-in ones, with Azure's identifiers, so that existing scripts keep their meaning.
//!
//! It also holds what proves who somebody is: password hashes ([`password`]), signed tokens ([`token`]), the limit
//! on sign-in attempts ([`AttemptLimiter`]), seals on what a client carries from page to page ([`PageSeal`]), codes by which
//! others know our messages ([`hmac_sha256`]), and the [`Trail`] by which the audit log learns who asks.
//!
//! It does no input or output, reads no clock and draws no random number: time, salts and seeds are arguments.

mod action;
mod attempt;
mod authorization_request;
mod condition;
mod custom_role;
mod decision;
mod message_code;
mod page_seal;
pub mod password;
mod principal;
mod rate;
mod resource_id;
mod role;
pub mod token;
mod trail;

pub use action::Action;
pub use attempt::{AttemptLimiter, AttemptPolicy, TooManyAttempts};
pub use authorization_request::{
    AuthorizationRequest, GrantedCode, PendingRequest, ResponseMode, is_loopback,
};
pub use condition::{CONDITION_VERSION, Condition, ConditionError};
pub use custom_role::{CustomRole, CustomRoleError, Permissions};
pub use decision::{Assignment, Decision, Refusal, decide, sees};
pub use message_code::hmac_sha256;
pub use page_seal::PageSeal;
pub use principal::{Principal, PrincipalKind};
pub use rate::{RateLimiter, RatePolicy, TooManyRequests};
pub use resource_id::{ResourceId, ResourceIdError};
pub use role::{BUILT_IN_ROLES, Role, RoleId};
pub use trail::{Asker, Trail};

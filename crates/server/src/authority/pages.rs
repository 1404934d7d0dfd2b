//! Answers to the portal's questions about people.

use super::Authority;
use crate::sign_in::SignInError;
use access::{Assignment, Principal};
use async_trait::async_trait;
use jiff::Timestamp;
use std::net::IpAddr;
use uuid::Uuid;

#[async_trait]
impl portal::Entrance for Authority {
    async fn password(
        &self,
        name: &str,
        word: &str,
        address: Option<IpAddr>,
    ) -> Result<Principal, portal::Refusal> {
        self.sign_in.password(name, word, address, Timestamp::now()).await.map_err(|error| match error {
            SignInError::Wrong => portal::Refusal::Wrong,
            SignInError::TooMany(many) => portal::Refusal::TooMany(many.retry_after_seconds),
            SignInError::Store(error) => portal::Refusal::Store(error),
        })
    }

    async fn session(&self, id: Uuid, generation: i64) -> Result<Option<Principal>, store::Error> {
        self.sign_in.session(id, generation).await
    }

    async fn generation(&self, principal: &Principal) -> Result<i64, store::Error> {
        self.sign_in.generation(principal).await
    }

    async fn assignments(&self, principal: &Principal) -> Result<Vec<Assignment>, store::Error> {
        self.sign_in.assignments(principal).await
    }
}

//! Where summaries are settled: before anybody reads them, before the gate decides, and when a rule ends.
//!
//! As long as no rule changes, this compares two numbers.

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use graph::settlement::Settlement;
use jiff::Timestamp;
use registry::{Gate, Passage, PolicyGate, Pull};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The layer around the faces that read verdicts. A verdict that may be wrong is not shown.
pub(crate) async fn settle_first(
    State(settlement): State<Arc<Settlement>>,
    request: Request,
    next: Next,
) -> Response {
    match settlement.settle(Timestamp::now()).await {
        Ok(()) => next.run(request).await,
        Err(error) => {
            tracing::error!(%error, "the rules in force could not be looked at");
            (StatusCode::INTERNAL_SERVER_ERROR, "the server could not read its records; its log says why\n")
                .into_response()
        }
    }
}

/// A policy gate that reads settled summaries: an exemption that has ended opens nothing any more.
pub(crate) struct SettledGate {
    pub(crate) gate: PolicyGate,
    pub(crate) settlement: Arc<Settlement>,
}

#[async_trait]
impl Gate for SettledGate {
    async fn may_pull(&self, pull: Pull<'_>) -> Passage {
        if let Err(error) = self.settlement.settle(Timestamp::now()).await {
            tracing::error!(%error, "the gate could not look at the rules");
            return Passage::Held {
                reason: "it is not known whether it may be pulled; try again later".to_owned(),
            };
        }
        self.gate.may_pull(pull).await
    }
}

/// How often somebody looks whether a rule has ended, so that the first reader after that need not wait.
const LOOK: Duration = Duration::from_secs(1);

/// Settles now and then, until `stop` becomes true.
pub(crate) async fn keep_settled(settlement: Arc<Settlement>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = settlement.settle(Timestamp::now()).await {
            tracing::error!(%error, "the rules in force could not be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stopped| *stopped) => return,
        }
    }
}

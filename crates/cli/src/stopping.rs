//! How a program that stays up is asked to end: Ctrl-C at the terminal, SIGTERM by whoever supervises it.

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for the wish that this process ends. From its making on, the signals no longer kill.
pub(crate) struct Stopping {
    interrupt: Signal,
    terminate: Signal,
}

impl Stopping {
    /// # Errors
    /// When the system takes no handler.
    pub(crate) fn listen() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits until somebody asks.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

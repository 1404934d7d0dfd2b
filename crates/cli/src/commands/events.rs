//! `lazaretto events`: what has happened in the registry, and what happens.

use super::image::encode;
use crate::client::{Client, Connection};
use crate::exit::Exit;
use crate::output::remark;
use crate::say;
use crate::terminal::{Terminal, clean};
use anyhow::{Context, Result};
use clap::Args;
use futures_util::StreamExt;
use reqwest::Method;
use server::api::view::{EventView, Page};
use std::time::Duration;

/// What has happened in the registry
#[derive(Debug, Args)]
pub(crate) struct EventsArguments {
    #[command(flatten)]
    connection: Connection,
    /// Go on with what happens from now on
    #[arg(long, short)]
    follow: bool,
    /// Begin after this event, by its number
    #[arg(long, value_name = "NUMBER", conflicts_with = "tail")]
    after: Option<i64>,
    /// Begin so many events before the end
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    tail: u32,
    /// Only these kinds, such as manifest-pushed,verdict-changed
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only this repository
    #[arg(long)]
    repository: Option<String>,
    /// One JSON document per line
    #[arg(long)]
    json: bool,
}

/// A server that restarts is asked again after this time.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) async fn run(arguments: EventsArguments, _: Terminal) -> Result<Exit> {
    let client = arguments.connection.client()?;
    let mut query = String::new();
    for (name, value) in [("kind", &arguments.kind), ("repository", &arguments.repository)] {
        if let Some(value) = value {
            query.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    let beginning = match arguments.after {
        Some(after) => format!("after={after}"),
        None => format!("tail={}", arguments.tail),
    };
    if arguments.follow {
        return follow(&client, &beginning, &query, arguments.json).await;
    }
    let mut place = beginning;
    loop {
        let page: Page<EventView> = client.get(&format!("/api/events?limit=1000&{place}{query}")).await?;
        for event in &page.value {
            show(event, arguments.json)?;
        }
        match page.next {
            Some(next) => place = format!("after={next}"),
            None => return Ok(Exit::Done),
        }
    }
}

/// Follows history until somebody ends the program. After a connection that broke it goes on where it was.
async fn follow(client: &Client, beginning: &str, query: &str, json: bool) -> Result<Exit> {
    let mut last: Option<i64> = None;
    loop {
        let mut request = client
            .request(Method::GET, &format!("/api/events?{beginning}{query}"))
            .header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                let mut lines = Lines::default();
                let mut stream = response.bytes_stream();
                while let Some(Ok(chunk)) = stream.next().await {
                    for line in lines.push(&chunk) {
                        let Some(data) = line.strip_prefix("data:") else { continue };
                        let event: EventView = serde_json::from_str(data.trim_start())
                            .context("the server's event is not what this version of the client expects")?;
                        last = Some(event.sequence);
                        show(&event, json)?;
                    }
                }
            }
            // Who may not, may not the next time either; what is wrong is told in the server's words.
            Ok(response) => return client.decode::<serde_json::Value>(response).await.map(|_| Exit::Done),
            Err(error) if last.is_none() => {
                return Err(error).with_context(|| format!("no answer from {}", client.server()));
            }
            Err(_) => remark("the connection broke; trying again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Cuts a stream into lines.
#[derive(Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that are complete now.
    fn push(&mut self, chunk: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(chunk);
        let mut lines = Vec::new();
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            lines.push(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
        }
        lines
    }
}

fn show(event: &EventView, json: bool) -> Result<()> {
    if json {
        say!("{}", serde_json::to_string(event)?);
    } else {
        say!("{}", clean(&sentence(event)));
    }
    Ok(())
}

/// One line for people.
fn sentence(event: &EventView) -> String {
    let mut what = event.repository.clone().unwrap_or_default();
    if let Some(tag) = &event.tag {
        what.push_str(&format!(":{tag}"));
    }
    if let Some(digest) = &event.digest {
        what.push_str(&format!("@{digest}"));
    }
    let mut sentence = format!("{} {} {}", event.sequence, event.at, event.kind);
    for part in [what, state(event), format!("by {}", event.actor)] {
        if !part.is_empty() {
            sentence.push(' ');
            sentence.push_str(&part);
        }
    }
    sentence
}

/// What an event leads to, where it says so in one word.
fn state(event: &EventView) -> String {
    let word = event.detail.get("state").or_else(|| event.detail.get("to")).and_then(|word| word.as_str());
    word.map(|word| format!("-> {word}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_into_lines_wherever_it_breaks() {
        let mut lines = Lines::default();
        assert!(lines.push(b"id: 1\nda").len() == 1);
        assert_eq!(lines.push(b"ta: x\r\n\n"), ["data: x", ""]);
        assert!(lines.push(b":").is_empty());
    }
}

//! How many requests each face answered, how, and how long they took, for `/metrics`.
//!
//! What is counted is bounded: faces and classes of answers, and no path, name or address of anybody.

use crate::audit::face;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The faces, in the words of the audit log, and what operators' tools ask.
const FACES: [&str; 6] = ["registry", "arm", "directory", "api", "portal", "operations"];

/// Upper ends of the classes of time, in milliseconds. A query may take ten seconds; what takes longer is a transfer.
const ENDS: [u64; 9] = [5, 25, 100, 250, 500, 1_000, 2_500, 10_000, 60_000];

/// Requests of one face.
#[derive(Debug, Default)]
struct Counts {
    /// By the first digit of the status, from 1 to 5.
    answers: [AtomicU64; 5],
    /// By the class of time; the last one has no end.
    times: [AtomicU64; ENDS.len() + 1],
    microseconds: AtomicU64,
}

/// Requests since the server began.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    faces: [Counts; FACES.len()],
    under_way: AtomicU64,
}

/// One more that is under way, until it is dropped: also where the client goes before its answer.
struct UnderWay<'a>(&'a AtomicU64);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts a request. The time ends when the answer begins: bodies may be as long as they like.
pub(crate) async fn count(State(traffic): State<Arc<Traffic>>, request: Request, next: Next) -> Response {
    let place = place(request.uri().path());
    let began = Instant::now();
    traffic.under_way.fetch_add(1, Ordering::Relaxed);
    let under_way = UnderWay(&traffic.under_way);
    let response = next.run(request).await;
    drop(under_way);
    traffic.note(place, response.status().as_u16(), began.elapsed());
    response
}

fn place(path: &str) -> usize {
    let face = match path {
        "/healthz" | "/readyz" | "/metrics" => "operations",
        path => face(path),
    };
    FACES.iter().position(|known| *known == face).unwrap_or_default()
}

impl Traffic {
    fn note(&self, face: usize, status: u16, took: Duration) {
        let Some(counts) = self.faces.get(face) else { return };
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        if let Some(answers) = counts.answers.get(class) {
            answers.fetch_add(1, Ordering::Relaxed);
        }
        let end = ENDS.iter().position(|end| took <= Duration::from_millis(*end)).unwrap_or(ENDS.len());
        if let Some(times) = counts.times.get(end) {
            times.fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counts.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// The metrics, in the text format of Prometheus.
    pub(crate) fn write(&self, text: &mut String) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# HELP lazaretto_requests_under_way Requests that wait for their answer to begin."
        );
        let _ = writeln!(text, "# TYPE lazaretto_requests_under_way gauge");
        let _ = writeln!(text, "lazaretto_requests_under_way {}", read(&self.under_way));
        let _ = writeln!(text, "# HELP lazaretto_requests_total Requests by face and class of the answer.");
        let _ = writeln!(text, "# TYPE lazaretto_requests_total counter");
        for (face, counts) in FACES.iter().zip(&self.faces) {
            for (class, count) in counts.answers.iter().enumerate() {
                let status = class + 1;
                let _ = writeln!(
                    text,
                    "lazaretto_requests_total{{face=\"{face}\",status=\"{status}xx\"}} {}",
                    read(count)
                );
            }
        }
        let name = "lazaretto_request_seconds";
        let _ =
            writeln!(text, "# HELP {name} Time until an answer begins, by face.\n# TYPE {name} histogram");
        for (face, counts) in FACES.iter().zip(&self.faces) {
            let mut sum = 0;
            for (number, count) in counts.times.iter().enumerate() {
                sum += read(count);
                let end = ENDS.get(number).map_or("+Inf".to_owned(), |end| seconds(end * 1_000));
                let _ = writeln!(text, "{name}_bucket{{face=\"{face}\",le=\"{end}\"}} {sum}");
            }
            let took = seconds(read(&counts.microseconds));
            let _ =
                writeln!(text, "{name}_sum{{face=\"{face}\"}} {took}\n{name}_count{{face=\"{face}\"}} {sum}");
        }
    }
}

/// Microseconds as seconds, exactly.
fn seconds(microseconds: u64) -> String {
    let decimals = format!("{:06}", microseconds % 1_000_000);
    let decimals = decimals.trim_end_matches('0');
    format!("{}.{decimals:0<1}", microseconds / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::routing::any;
    use tower::ServiceExt;

    #[tokio::test]
    async fn requests_are_counted_by_face_answer_and_time() {
        let traffic = Arc::new(Traffic::default());
        let router = Router::new()
            .route("/v2/", any(|| async { StatusCode::UNAUTHORIZED }))
            .fallback(|| async { "ok" })
            .layer(from_fn_with_state(traffic.clone(), count));
        for path in ["/v2/", "/v2/", "/portal/", "/subscriptions/secret-name", "/metrics", "/api/images"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let _ = router.clone().oneshot(request).await.unwrap();
        }
        traffic.note(0, 503, Duration::from_secs(3));
        let mut text = String::new();
        traffic.write(&mut text);
        for line in [
            "lazaretto_requests_total{face=\"registry\",status=\"4xx\"} 2",
            "lazaretto_requests_total{face=\"registry\",status=\"5xx\"} 1",
            "lazaretto_requests_total{face=\"portal\",status=\"2xx\"} 1",
            "lazaretto_requests_total{face=\"arm\",status=\"2xx\"} 1",
            "lazaretto_requests_total{face=\"operations\",status=\"2xx\"} 1",
            "lazaretto_requests_under_way 0",
            "lazaretto_request_seconds_bucket{face=\"registry\",le=\"2.5\"} 2",
            "lazaretto_request_seconds_bucket{face=\"registry\",le=\"10.0\"} 3",
            "lazaretto_request_seconds_bucket{face=\"registry\",le=\"+Inf\"} 3",
            "lazaretto_request_seconds_count{face=\"registry\"} 3",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("secret"), "{text}");
    }

    #[test]
    fn times_are_written_exactly() {
        assert_eq!([0, 5_000, 2_500_000, 60_000_001].map(seconds), ["0.0", "0.005", "2.5", "60.000001"]);
    }
}

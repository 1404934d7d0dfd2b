//! Asks an address that somebody else chose for a document: whole and bounded, or not at all.

use super::{SendError, Sender, check_literal, no_answer, parse};
use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// How a document is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Question<'a> {
    /// With GET.
    Get,
    /// With POST and a form, by somebody who proves themselves with a name and a secret where one is given.
    Form {
        /// Names and values. They may be secrets.
        fields: &'a [(&'a str, &'a str)],
        /// Name and secret for Basic authentication, as OAuth wants them: encoded like a form (RFC 6749, section 2.3.1).
        credentials: Option<(&'a str, &'a str)>,
    },
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The status.
    pub status: u16,
    /// The whole content.
    pub content: Vec<u8>,
}

impl Sender {
    /// Asks for a document of at most so many bytes.
    ///
    /// # Errors
    /// When it could not be asked for, was not answered, breaks off, or is longer. Any status is an answer.
    pub async fn document(
        &self,
        address: &str,
        question: Question<'_>,
        most: usize,
    ) -> Result<Document, SendError> {
        let url = parse(address)?;
        check_literal(&url, &self.reach)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let accept = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let request = match question {
            Question::Get => self.http.get(url),
            Question::Form { fields, credentials } => {
                let request = self
                    .http
                    .post(url)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(Bytes::from(form(fields)));
                match credentials {
                    Some((name, secret)) => request.header(header::AUTHORIZATION, basic(name, secret)?),
                    None => request,
                }
            }
        };
        let mut response = request.headers(accept).send().await.map_err(|error| no_answer(&host, error))?;
        let status = response.status().as_u16();
        let mut content = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&host, error))? {
            if content.len() + chunk.len() > most {
                return Err(SendError::TooLong { host, most });
            }
            content.extend_from_slice(&chunk);
        }
        Ok(Document { status, content })
    }
}

fn basic(name: &str, secret: &str) -> Result<HeaderValue, SendError> {
    let pair = format!("{}:{}", form_encoded(name), form_encoded(secret));
    let value = format!("Basic {}", STANDARD.encode(pair));
    let mut value =
        HeaderValue::from_str(&value).map_err(|_| SendError::Header("authorization".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Names and values as a form, or as the query of an address.
pub fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", form_encoded(name), form_encoded(value)))
        .collect();
    pairs.join("&")
}

/// Percent signs for all but the signs that RFC 3986 leaves alone, so that it reads the same in a query and in a form.
fn form_encoded(text: &str) -> PercentEncode<'_> {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_whatever_its_values_hold() {
        assert_eq!(form(&[("a", "b c&d=é"), ("e", "")]), "a=b%20c%26d%3D%C3%A9&e=");
        assert_eq!(basic("a:b", "c d").unwrap(), "Basic YSUzQWI6YyUyMGQ=");
    }
}

//! Lists of another registry, and a look at what a tag points to: what costs it little to answer.

use super::{ACCEPT, Remote, RemoteError};
use crate::sender::Reach;
use http::{Method, StatusCode, header};
use oci::{Digest, Tag};
use reqwest::{Response, Url};
use serde::Deserialize;
use std::sync::Arc;

use super::{Login, Origin};

/// One page of a list; real registries send some kilobytes.
const PAGE_BYTES: usize = 4 << 20;
/// So many rows are asked for at once. The other registry may give fewer.
const PAGE_ROWS: &str = "1000";
/// A list that goes on for longer than this goes on for ever.
const PAGES: usize = 10_000;

/// What a tag points to, seen from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// What it pointed to before.
    Same,
    /// Something else.
    Other(Digest),
    /// Something, but the registry does not say what: it has to be fetched.
    Unnamed,
    /// Nothing: there is no such tag.
    Absent,
}

#[derive(Deserialize)]
struct Catalog {
    repositories: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

impl Remote {
    /// A client for a registry as a whole.
    ///
    /// # Errors
    /// When the name is none, or the system's certificates cannot be used.
    pub fn of_registry(reach: Arc<Reach>, host: &str, login: Option<Login>) -> Result<Self, RemoteError> {
        Self::new(reach, Origin::registry(host)?, login)
    }

    /// The names of its repositories, as it writes them; an error where there are more than `most`.
    ///
    /// # Errors
    /// When it does not tell them.
    pub async fn catalog(&self, most: usize) -> Result<Vec<String>, RemoteError> {
        let url = self.origin.catalog()?;
        self.list(url, most, |page: Catalog| page.repositories.unwrap_or_default()).await
    }

    /// The tags of the repository, as the registry writes them; an error where there are more than `most`.
    ///
    /// # Errors
    /// When it does not tell them. A repository without tags may be absent, or have an empty list.
    pub async fn tags(&self, most: usize) -> Result<Vec<String>, RemoteError> {
        let url = self.origin.url("tags/list")?;
        self.list(url, most, |page: Tags| page.tags.unwrap_or_default()).await
    }

    /// What a tag points to. Where that is known already, the registry need not even look for more.
    ///
    /// # Errors
    /// When it does not say.
    pub async fn look(&self, tag: &Tag, known: Option<&Digest>) -> Result<Look, RemoteError> {
        let url = self.origin.url(&format!("manifests/{tag}"))?;
        let entity = known.map(|digest| format!("\"{digest}\""));
        let mut headers = vec![(header::ACCEPT, ACCEPT)];
        headers.extend(entity.as_deref().map(|entity| (header::IF_NONE_MATCH, entity)));
        let response = match self.ask(Method::HEAD, url, &headers).await {
            Ok(response) => response,
            Err(RemoteError::Absent { .. }) => return Ok(Look::Absent),
            Err(error) => return Err(error),
        };
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Look::Same);
        }
        let named = response.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
        Ok(match named.and_then(|named| named.parse::<Digest>().ok()) {
            Some(digest) if Some(&digest) == known => Look::Same,
            Some(digest) => Look::Other(digest),
            None => Look::Unnamed,
        })
    }

    /// All pages of a list.
    async fn list<P: serde::de::DeserializeOwned>(
        &self,
        mut url: Url,
        most: usize,
        rows: impl Fn(P) -> Vec<String>,
    ) -> Result<Vec<String>, RemoteError> {
        url.query_pairs_mut().append_pair("n", PAGE_ROWS);
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let response = self.ask(Method::GET, url.clone(), &[]).await?;
            let next = next(&url, &response);
            let bytes = self.bounded(response, PAGE_BYTES).await?;
            let page: P = serde_json::from_slice(&bytes).map_err(|_| self.answer("its list is none"))?;
            all.extend(rows(page));
            if all.len() > most {
                return Err(self.answer("its list is longer than what is looked at"));
            }
            match next {
                None => return Ok(all),
                // Our credentials go there: it is the same list, or nothing.
                Some(next) if is_same_list(&url, &next) => url = next,
                Some(_) => return Err(self.answer("the next page of its list is somewhere else")),
            }
        }
        Err(self.answer("its list has no end"))
    }
}

/// The next page: `<ADDRESS>; rel="next"`.
fn next(url: &Url, response: &Response) -> Option<Url> {
    let links = response.headers().get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| links.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|one| matches!(one.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then(|| url.join(target).ok()).flatten()
    })
}

fn is_same_list(one: &Url, other: &Url) -> bool {
    let is_same_place = one.origin() == other.origin() && one.path() == other.path();
    is_same_place && one.query() != other.query() && other.username().is_empty() && other.password().is_none()
}

//! Small things that have a name, kept whole: resource groups, settings, custom roles, applications, credentials.
//!
//! There are few of each, and they are read by name or by what they belong to. So they share one table: a kind is a type
//! that implements [`Object`], and the store knows nothing of what is inside.

use crate::Error;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An object as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredObject {
    /// Which of its kind it is; compared without regard to case.
    pub key: String,
    /// What it belongs to; compared without regard to case. Empty if it stands alone.
    pub owner: String,
    /// What it is.
    pub body: Value,
}

/// A kind of object.
pub trait Object: Serialize + DeserializeOwned + Send + Sync {
    /// The word of the kind. It is kept with the object, so it never changes.
    const KIND: &'static str;

    /// Which of its kind this is.
    fn key(&self) -> String;

    /// What it belongs to.
    fn owner(&self) -> String {
        String::new()
    }
}

/// The table of objects.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Keeps an object, whether there was one of its name or not.
    async fn put_object(&self, kind: &'static str, object: StoredObject, at: Timestamp) -> Result<(), Error>;

    /// Keeps an object if there is none of its name. `false` if there is one, which stays as it is.
    async fn add_object(
        &self,
        kind: &'static str,
        object: StoredObject,
        at: Timestamp,
    ) -> Result<bool, Error>;

    /// The object of a name.
    async fn object(&self, kind: &'static str, key: &str) -> Result<Option<StoredObject>, Error>;

    /// All objects of a kind, by name; only those of an owner, if one is named.
    async fn objects(&self, kind: &'static str, owner: Option<&str>) -> Result<Vec<StoredObject>, Error>;

    /// Deletes an object. `false` if there was none.
    async fn delete_object(&self, kind: &'static str, key: &str) -> Result<bool, Error>;
}

fn stored<T: Object>(object: &T) -> Result<StoredObject, Error> {
    Ok(StoredObject { key: object.key(), owner: object.owner(), body: serde_json::to_value(object)? })
}

fn typed<T: Object>(stored: StoredObject) -> Result<T, Error> {
    // The body may hold a secret: the error names the object alone.
    serde_json::from_value(stored.body).map_err(|_| Error::Corrupt {
        column: "object.body",
        value: format!("{} {}", T::KIND, stored.key.chars().take(80).collect::<String>()),
    })
}

/// Keeps a value, whether there was one of its name or not.
///
/// # Errors
/// When the records fail.
pub async fn put<T: Object, S: Objects + ?Sized>(store: &S, object: &T, at: Timestamp) -> Result<(), Error> {
    store.put_object(T::KIND, stored(object)?, at).await
}

/// Keeps a value if there is none of its name. `false` if there is one.
///
/// # Errors
/// When the records fail.
pub async fn add<T: Object, S: Objects + ?Sized>(
    store: &S,
    object: &T,
    at: Timestamp,
) -> Result<bool, Error> {
    store.add_object(T::KIND, stored(object)?, at).await
}

/// The value of a name.
///
/// # Errors
/// When the records fail, or hold something else.
pub async fn find<T: Object, S: Objects + ?Sized>(store: &S, key: &str) -> Result<Option<T>, Error> {
    store.object(T::KIND, key).await?.map(typed).transpose()
}

/// All values of a kind, by name.
///
/// # Errors
/// When the records fail, or hold something else.
pub async fn all<T: Object, S: Objects + ?Sized>(store: &S) -> Result<Vec<T>, Error> {
    store.objects(T::KIND, None).await?.into_iter().map(typed).collect()
}

/// All values of a kind that belong to an owner.
///
/// # Errors
/// When the records fail, or hold something else.
pub async fn all_of<T: Object, S: Objects + ?Sized>(store: &S, owner: &str) -> Result<Vec<T>, Error> {
    store.objects(T::KIND, Some(owner)).await?.into_iter().map(typed).collect()
}

/// Deletes the value of a name. `false` if there was none.
///
/// # Errors
/// When the records fail.
pub async fn delete<T: Object, S: Objects + ?Sized>(store: &S, key: &str) -> Result<bool, Error> {
    store.delete_object(T::KIND, key).await
}

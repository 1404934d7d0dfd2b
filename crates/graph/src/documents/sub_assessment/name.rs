//! The names of sub-assessments: identifiers of version 8 (RFC 9562), whose bits are ours to give.
//!
//! The first 48 bits are the image's mark, the others the hash of image and vulnerability.

use super::Form;
use sha2::{Digest as _, Sha256};
use store::ImageKey;
use uuid::Uuid;

/// The name of the row about a group of findings in an image; of the row about the image itself, for an empty one.
pub(crate) fn of(image: &ImageKey, form: Form, group: &str) -> Uuid {
    let of_form = match form {
        Form::First => "",
        Form::Newer => "newer ",
        Form::Image => "image ",
    };
    let key = format!(
        "{}/{}@{} {of_form}{group}",
        image.repository.registry.0, image.repository.name, image.digest
    );
    let hash = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&image.mark().to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&hash[..10]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The mark of the image that a name speaks of; `None` if it is no name of ours.
pub fn mark(name: &str) -> Option<u64> {
    let uuid: Uuid = name.parse().ok()?;
    let mut bytes = [0; 8];
    bytes[2..].copy_from_slice(&uuid.as_bytes()[..6]);
    Some(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::Digest;
    use store::{RegistryId, RepositoryKey};

    #[test]
    fn a_name_leads_back_to_its_image() {
        let image = |name: &str| ImageKey {
            repository: RepositoryKey { registry: RegistryId(1), name: name.parse().unwrap() },
            digest: Digest::of_sha256(b"image"),
        };
        let app = image("team/app");
        let name = of(&app, Form::First, "CVE-2021-28831");
        assert_eq!(mark(&name.to_string()), Some(app.mark()));
        assert_eq!(mark(&name.to_string().to_uppercase()), Some(app.mark()));
        assert_eq!(name, of(&app, Form::First, "CVE-2021-28831"));
        assert_ne!(name, of(&app, Form::First, "CVE-2021-28832"));
        assert_ne!(name, of(&image("team/web"), Form::First, "CVE-2021-28831"));
        assert_ne!(name, of(&app, Form::Newer, "CVE-2021-28831"));
        assert_eq!(mark("no-name"), None);
    }
}

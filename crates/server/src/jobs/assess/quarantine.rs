//! Where the details of an image's quarantine lead: the page that shows what was found.

use store::ImageKey;

/// The address of the page of an image.
pub(super) fn link(url: &str, image: &ImageKey) -> String {
    format!("{url}/portal/images/{}@{}", image.repository.name, image.digest)
}

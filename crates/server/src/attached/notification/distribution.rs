//! Notifications of the Distribution registry: an envelope of events.
//!
//! <https://distribution.github.io/distribution/about/notifications/>. Pulls, mounts and pushes of layers are events too.
//! A deletion names a digest and, in newer versions, a tag.

use super::{Change, Format, Mention, text};

pub(super) const FORMAT: Format = Format {
    name: "Distribution notifications",
    is_of: |notification| notification.document["events"].is_array(),
    read: |notification| {
        let events = notification.document["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mentions = events.iter().filter_map(|event| {
            let change = match event["action"].as_str()? {
                "push" => Change::Came,
                "delete" => Change::Went,
                _ => return None,
            };
            let target = &event["target"];
            Some(Mention { repository: text(&target["repository"])?, tag: text(&target["tag"]), change })
        });
        mentions.collect()
    },
};

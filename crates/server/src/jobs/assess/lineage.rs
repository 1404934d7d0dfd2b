//! Where an image comes from, as its manifest and configuration say.

use oci::{ImageConfig, ImageManifest};
use std::collections::BTreeMap;
use store::{ClaimedBase, ImageLayer, Lineage};

/// A build step that is longer is cut: some builders write whole scripts there.
const LONGEST_STEP: usize = 1000;
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// The layers with their build steps, and what the image says of its base.
pub(super) fn of(
    manifest: &ImageManifest,
    annotations: &BTreeMap<String, String>,
    configuration: &ImageConfig,
) -> Lineage {
    // Where the two documents do not fit each other, neither chain nor step can be told.
    let fits = configuration.diff_ids.len() == manifest.layers.len();
    let chains = if fits { configuration.chain_ids() } else { Vec::new() };
    let layers = manifest.layers.iter().enumerate().map(|(number, layer)| {
        let step = configuration.step_of_layer(number).filter(|_| fits);
        ImageLayer {
            digest: layer.digest.clone(),
            chain: chains.get(number).cloned(),
            step: step.and_then(|step| words(step.created_by.as_deref()?)),
        }
    });
    Lineage { layers: layers.collect(), claimed_base: claimed_base(annotations, &configuration.labels) }
}

/// Text of a stranger as it may be shown: short, and without control characters.
fn words(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LONGEST_STEP)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The annotations of the manifest come first; many builders write them as labels instead.
fn claimed_base(
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> Option<ClaimedBase> {
    let say = |key: &str| annotations.get(key).or_else(|| labels.get(key));
    let name = say(BASE_NAME).and_then(|name| words(name));
    let digest = say(BASE_DIGEST).and_then(|digest| digest.parse().ok());
    (name.is_some() || digest.is_some()).then_some(ClaimedBase { name, digest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oci::{Digest, Manifest, ManifestContent, MediaType};

    fn lineage(layers: usize, configuration: &str) -> Lineage {
        let descriptor = |kind: &str, text: &str| {
            let digest = Digest::of_sha256(text.as_bytes());
            format!(r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":1}}"#)
        };
        let layers: Vec<String> =
            (0..layers).map(|number| descriptor("layer.v1.tar", &number.to_string())).collect();
        let media_type: MediaType = "application/vnd.oci.image.manifest.v1+json".parse().unwrap();
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{},"layers":[{}],
                "annotations":{{"{BASE_NAME}":"from the manifest"}}}}"#,
            descriptor("config.v1+json", "config"),
            layers.join(",")
        );
        let manifest = Manifest::parse(&media_type, text.as_bytes()).unwrap();
        let ManifestContent::Image(content) = manifest.content() else { panic!("not an image") };
        of(content, manifest.annotations(), &ImageConfig::parse(configuration.as_bytes()).unwrap())
    }

    #[test]
    fn layers_have_their_steps_and_chains() {
        let [a, b] = [Digest::of_sha256(b"a"), Digest::of_sha256(b"b")];
        let configuration = format!(
            r#"{{"rootfs":{{"diff_ids":["{a}","{b}"]}},
                "config":{{"Labels":{{"{BASE_NAME}":"from a label","{BASE_DIGEST}":"{b}"}}}},
                "history":[{{"created_by":"ADD\u001b[2J x"}},{{"created_by":"CMD","empty_layer":true}},{{"created_by":"RUN"}}]}}"#
        );
        let lineage = lineage(2, &configuration);
        let steps: Vec<_> = lineage.layers.iter().map(|layer| layer.step.as_deref()).collect();
        assert_eq!(steps, [Some("ADD [2J x"), Some("RUN")]);
        assert_eq!(lineage.layers[0].chain, Some(a));
        assert!(lineage.layers[1].chain.is_some());
        let base = lineage.claimed_base.unwrap();
        assert_eq!(base.name.as_deref(), Some("from the manifest"));
        assert_eq!(base.digest, Some(b));
    }

    #[test]
    fn documents_that_do_not_fit_tell_nothing() {
        let a = Digest::of_sha256(b"a");
        let lineage =
            lineage(2, &format!(r#"{{"rootfs":{{"diff_ids":["{a}"]}},"history":[{{"created_by":"RUN"}}]}}"#));
        assert!(lineage.layers.iter().all(|layer| layer.chain.is_none() && layer.step.is_none()));
        assert_eq!(lineage.layers.len(), 2);
    }
}

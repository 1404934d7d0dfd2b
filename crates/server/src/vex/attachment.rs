//! What is attached to an image, and which of it is a document that is believed.
//!
//! Nothing of a document is read before its signature holds, but the envelope around it.

use super::{Trust, manifest};
use crate::jobs::{JobError, Workshop};
use advisory::VexStatement;
use advisory::vex::envelope::{
    BUNDLE, DSSE, SIGNATURE, SIMPLE_SIGNING, enveloped, named_manifest, signature,
};
use advisory::vex::read_document;
use jiff::Timestamp;
use oci::{Descriptor, Digest, ManifestContent};
use std::collections::BTreeSet;
use store::{ImageKey, PageRequest, VexReading};

/// The largest envelope or document, in bytes.
const LARGEST: u64 = 16 << 20;
/// The most manifests that are looked at, of all that are attached to one thing.
const MOST_ATTACHED: usize = 500;
/// The most statements about one image.
const MOST_STATEMENTS: usize = 20_000;

/// What a layer came to.
enum Said {
    /// It is no document about vulnerabilities.
    Nothing,
    /// It is one, and it is not believed.
    Refused { form: String, why: String },
    /// It is one, and it is believed.
    Believed { form: String, signer: String, left_out: Vec<String>, statements: Vec<VexStatement> },
}

/// All documents about an image, by the digests of the manifests that carry them.
pub(super) async fn readings(
    workshop: &Workshop,
    trust: &Trust,
    image: &ImageKey,
) -> Result<Vec<VexReading>, JobError> {
    let look = Look { workshop, trust, image };
    let mut readings = Vec::new();
    let mut statements = 0;
    for digest in look.attached(&image.digest, "att").await? {
        let said = look.carried(&digest).await?;
        let Some(mut reading) = reading(digest, &image.digest, said) else { continue };
        statements += reading.statements.len();
        if statements > MOST_STATEMENTS {
            reading.signer = None;
            reading.statements.clear();
            reading.remark = format!("there are more than {MOST_STATEMENTS} statements about the image");
        }
        readings.push(reading);
    }
    readings.sort_by(|one, other| one.document.cmp(&other.document));
    Ok(readings)
}

/// One document from the layers of its manifest; none if they have none. Where one layer is believed and another is
/// not, the one counts and the other is named.
fn reading(document: Digest, subject: &Digest, said: Vec<Said>) -> Option<VexReading> {
    let (mut forms, mut signers) = (BTreeSet::new(), BTreeSet::new());
    let (mut remarks, mut all) = (Vec::new(), Vec::new());
    for said in said {
        match said {
            Said::Nothing => {}
            Said::Refused { form, why } => {
                forms.insert(form);
                remarks.push(why);
            }
            Said::Believed { form, signer, left_out, statements } => {
                forms.insert(form);
                signers.insert(signer);
                remarks.extend(left_out);
                all.extend(statements);
            }
        }
    }
    if forms.is_empty() {
        return None;
    }
    Some(VexReading {
        document,
        subject: subject.clone(),
        form: joined(forms, ", "),
        signer: (!signers.is_empty()).then(|| joined(signers, ", ")),
        remark: remarks.join("; "),
        statements: all,
        read_at: Timestamp::now(),
    })
}

fn joined(words: BTreeSet<String>, between: &str) -> String {
    words.into_iter().collect::<Vec<_>>().join(between)
}

struct Look<'a> {
    workshop: &'a Workshop,
    trust: &'a Trust,
    image: &'a ImageKey,
}

impl Look<'_> {
    /// The manifests that are attached to one: its referrers, and what an older tool has named by a tag.
    async fn attached(&self, subject: &Digest, ending: &str) -> Result<BTreeSet<Digest>, JobError> {
        let (store, repository) = (&self.workshop.store, &self.image.repository);
        let mut found = BTreeSet::new();
        let page = PageRequest::first(MOST_ATTACHED);
        let referrers = store.referrers(repository, subject, None, page).await?;
        found.extend(referrers.items.into_iter().map(|referrer| referrer.digest));
        let tag = format!("{}.{ending}", subject.to_string().replace(':', "-"));
        if let Ok(tag) = tag.parse() {
            found.extend(store.resolve_tag(repository, &tag).await?);
        }
        Ok(found)
    }

    async fn carried(&self, digest: &Digest) -> Result<Vec<Said>, JobError> {
        let Some(parsed) = manifest(&*self.workshop.store, &self.image.repository, digest).await? else {
            return Ok(Vec::new());
        };
        let ManifestContent::Image(content) = parsed.content() else { return Ok(Vec::new()) };
        let artifact_type = parsed.artifact_type().map(ToString::to_string).unwrap_or_default();
        let mut said = Vec::new();
        for layer in &content.layers {
            let media_type = layer.media_type.to_string();
            said.push(if media_type == DSSE || media_type.starts_with(BUNDLE) {
                self.attested(layer, &media_type).await?
            } else {
                self.plain(digest, layer, &[&media_type, &artifact_type]).await?
            });
        }
        Ok(said)
    }

    /// A document in an attestation.
    async fn attested(&self, layer: &Descriptor, media_type: &str) -> Result<Said, JobError> {
        let Some(bytes) = self.bytes(&layer.digest).await? else { return Ok(Said::Nothing) };
        let Some(found) = enveloped(media_type, &bytes) else { return Ok(Said::Nothing) };
        let announced = announced(&[found.statement.predicate_type()]);
        let refused = |why: &str| match announced {
            Some(form) => Said::Refused { form: form.to_owned(), why: why.to_owned() },
            None => Said::Nothing,
        };
        let name = &self.image.repository.name;
        let signer = found.signatures.iter().find_map(|one| self.trust.signer(name, &found.signed, one));
        let Some(signer) = signer else {
            return Ok(refused(if found.signatures.is_empty() { UNSIGNED } else { STRANGER }));
        };
        if !found.statement.is_about(self.image.digest.as_str()) {
            return Ok(refused("it is signed for another image"));
        }
        Ok(believed(&found.statement.document(), signer, announced))
    }

    /// A document as it is, in a manifest that must be signed.
    async fn plain(&self, carrier: &Digest, layer: &Descriptor, types: &[&str]) -> Result<Said, JobError> {
        // Bills of materials have the same type as documents about vulnerabilities, and are seldom signed.
        let is_candidate = types.iter().any(|text| text.contains("cyclonedx"));
        let announced = announced(types);
        if announced.is_none() && !is_candidate {
            return Ok(Said::Nothing);
        }
        let signer = match self.signer_of(carrier).await? {
            Ok(signer) => signer,
            Err(why) => {
                return Ok(match announced {
                    Some(form) => Said::Refused { form: form.to_owned(), why: why.to_owned() },
                    None => Said::Nothing,
                });
            }
        };
        match self.bytes(&layer.digest).await? {
            Some(bytes) => Ok(believed(&bytes, &signer, announced)),
            None => Ok(Said::Refused {
                form: announced.unwrap_or("CycloneDX").to_owned(),
                why: format!("it is larger than {LARGEST} bytes"),
            }),
        }
    }

    /// Who has signed a manifest, or why nobody who is trusted has.
    async fn signer_of(&self, carrier: &Digest) -> Result<Result<String, &'static str>, JobError> {
        let mut why = UNSIGNED;
        for digest in self.attached(carrier, "sig").await? {
            let parsed = manifest(&*self.workshop.store, &self.image.repository, &digest).await?;
            let Some(ManifestContent::Image(content)) = parsed.as_ref().map(oci::Manifest::content) else {
                continue;
            };
            for layer in &content.layers {
                match self.signature(carrier, layer).await? {
                    Ok(signer) => return Ok(Ok(signer)),
                    Err(Some(reason)) => why = reason,
                    Err(None) => {}
                }
            }
        }
        Ok(Err(why))
    }

    /// Whose signature of a manifest a layer is, why it is none that counts, or nothing if it is no signature at all.
    async fn signature(
        &self,
        carrier: &Digest,
        layer: &Descriptor,
    ) -> Result<Result<String, Option<&'static str>>, JobError> {
        let media_type = layer.media_type.to_string();
        let is_bundle = media_type.starts_with(BUNDLE) || media_type == DSSE;
        if media_type != SIMPLE_SIGNING && !is_bundle {
            return Ok(Err(None));
        }
        let Some(bytes) = self.bytes(&layer.digest).await? else { return Ok(Err(None)) };
        let name = &self.image.repository.name;
        let (signer, is_about) = if is_bundle {
            let Some(found) = enveloped(&media_type, &bytes) else { return Ok(Err(None)) };
            if !found.statement.is_signature() {
                return Ok(Err(None));
            }
            let signer = found.signatures.iter().find_map(|one| self.trust.signer(name, &found.signed, one));
            (signer, found.statement.is_about(carrier.as_str()))
        } else {
            let signed = layer.annotations.get(SIGNATURE).and_then(|text| signature(text));
            let signer = signed.and_then(|signature| self.trust.signer(name, &bytes, &signature));
            (signer, named_manifest(&bytes) == Some(carrier.to_string()))
        };
        Ok(match (signer, is_about) {
            (Some(signer), true) => Ok(signer.to_owned()),
            (Some(_), false) => Err(Some("its signature is one of something else")),
            (None, _) => Err(Some(STRANGER)),
        })
    }

    /// The bytes of a blob; none if it is gone or too large.
    async fn bytes(&self, digest: &Digest) -> Result<Option<bytes::Bytes>, JobError> {
        let Some(blob) = self.workshop.blobs.open(digest).await? else { return Ok(None) };
        blob.bytes(LARGEST).await.map_err(|error| JobError::Again(error.to_string()))
    }
}

const UNSIGNED: &str = "it is not signed";
const STRANGER: &str = "no key that is trusted here has signed it";

/// The form that a type announces, if it is one of documents about vulnerabilities.
fn announced(types: &[&str]) -> Option<&'static str> {
    types.iter().find_map(|text| {
        let text = text.to_ascii_lowercase();
        [("openvex", "OpenVEX"), ("csaf", "CSAF"), ("cyclonedx", "CycloneDX")]
            .into_iter()
            .find(|(word, _)| text.contains(word) && (*word != "cyclonedx" || text.contains("vex")))
            .map(|(_, form)| form)
    })
}

/// What a document says whose signature holds.
fn believed(document: &[u8], signer: &str, announced: Option<&'static str>) -> Said {
    match read_document(document) {
        Ok(read) if read.statements.is_empty() && read.skips.is_empty() => Said::Nothing,
        Ok(read) => Said::Believed {
            form: read.form.to_owned(),
            signer: signer.to_owned(),
            left_out: read.skips.into_iter().map(|skip| format!("{}: {}", skip.place, skip.why)).collect(),
            statements: read.statements,
        },
        Err(error) => match announced {
            Some(form) => Said::Refused { form: form.to_owned(), why: error.to_string() },
            None => Said::Nothing,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_announce_their_form() {
        for (text, form) in [
            ("https://openvex.dev/ns/v0.2.0", Some("OpenVEX")),
            ("application/openvex+json", Some("OpenVEX")),
            ("application/csaf+json", Some("CSAF")),
            ("https://cyclonedx.org/vex", Some("CycloneDX")),
            ("application/vnd.cyclonedx+json", None),
            ("https://cyclonedx.org/bom", None),
            ("https://slsa.dev/provenance/v1", None),
        ] {
            assert_eq!(announced(&[text]), form, "{text}");
        }
    }
}

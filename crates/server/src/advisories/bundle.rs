//! A snapshot as one signed file, for a site without a network or for a registry.
//!
//! | bytes | are |
//! |---|---|
//! | 8 | `LZRTBNDL` |
//! | 4 | the length of the statement, little-endian |
//! | … | the statement: JSON that names the snapshot, its length, its SHA-256, its date, and the public key |
//! | 64 | the Ed25519 signature (RFC 8032) of a fixed word and the statement |
//! | … | the snapshot, as it lies on the shelf |
//!
//! Whoever installs it checks the signature with the keys it trusts before anything else is read. Where no key is
//! trusted, a snapshot is installed by its own checksum alone; where one is, nothing unsigned is.

use super::installation::{Caution, Installed, Succession, install};
use super::records::Records;
use super::{ShelfError, file_error, path_of, pointed};
use advisory::Snapshot;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"LZRTBNDL";
/// What is signed begins with this, so that a signature of something else is none of a bundle.
const PURPOSE: &[u8] = b"lazaretto advisories 1\n";
const STATEMENT_BYTES: u32 = 4096;
const SIGNATURE_BYTES: usize = 64;
/// A snapshot addresses its parts with four bytes, in a few sections; none is larger than this.
const SNAPSHOT_BYTES: u64 = 16 << 30;
/// How the file of a private key begins.
const KEY_WORD: &str = "lazaretto-private-key ";

/// Why a bundle was not written or not installed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The shelf or a file cannot be used.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// It is none.
    #[error("{0} is neither a snapshot nor a signed bundle of one")]
    NotABundle(String),
    /// It is damaged.
    #[error("the bundle is damaged: {0}; nothing was changed")]
    Damaged(&'static str),
    /// It is signed by nobody who is trusted.
    #[error("the bundle is signed with the key {0}, which is not trusted; nothing was changed")]
    Stranger(String),
    /// The signature is none.
    #[error("the signature of the bundle does not hold; nothing was changed")]
    Signature,
    /// It is not signed, and must be.
    #[error("{0} is not signed, and only what a trusted key has signed is installed; nothing was changed")]
    Unsigned(String),
    /// A key cannot be used.
    #[error("`{0}` is no key; `lazaretto advisories keygen FILE` makes one")]
    Key(String),
    /// The system has no randomness.
    #[error("the system gave no random bytes")]
    Random,
}

/// A key that may sign bundles: the public half, in Base64.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key([u8; 32]);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for Key {
    type Error = BundleError;

    fn try_from(text: String) -> Result<Self, BundleError> {
        let bytes = BASE64.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| BundleError::Key(text.chars().take(60).collect()))
    }
}

impl std::str::FromStr for Key {
    type Err = BundleError;

    fn from_str(text: &str) -> Result<Self, BundleError> {
        Self::try_from(text.to_owned())
    }
}

/// What is signed.
#[derive(Debug, Serialize, Deserialize)]
struct Statement {
    snapshot: String,
    created_at: Timestamp,
    bytes: u64,
    sha256: String,
    key: Key,
}

/// Makes a private key in a new file that only its owner can read. Returns the public half.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn make_key(file: &Path) -> Result<Key, BundleError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| BundleError::Random)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| BundleError::Random)?;
    let created = File::options().write(true).create_new(true).mode(0o600).open(file);
    let mut created = created.map_err(file_error("created", file))?;
    writeln!(created, "{KEY_WORD}{}", BASE64.encode(seed)).map_err(file_error("written", file))?;
    public(&pair)
}

fn public(pair: &Ed25519KeyPair) -> Result<Key, BundleError> {
    let bytes = pair.public_key().as_ref();
    bytes.try_into().map(Key).map_err(|_| BundleError::Key("the private key".into()))
}

fn private(file: &Path) -> Result<Ed25519KeyPair, BundleError> {
    let text = std::fs::read_to_string(file).map_err(file_error("read", file))?;
    let unusable = || BundleError::Key(file.display().to_string());
    let seed =
        text.trim().strip_prefix(KEY_WORD).and_then(|seed| BASE64.decode(seed).ok()).ok_or_else(unusable)?;
    Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| unusable())
}

/// Writes the snapshot in force to a new file, signed with a private key. Returns its size in bytes.
///
/// # Errors
/// When nothing is in force, or the file exists or cannot be written.
pub fn export_bundle(shelf: &Path, file: &Path, key: &Path) -> Result<u64, BundleError> {
    let name = pointed(shelf)?.ok_or(ShelfError::Empty)?;
    let path = path_of(shelf, &name);
    let snapshot = Snapshot::open(&path).map_err(ShelfError::from)?;
    snapshot.verify().map_err(ShelfError::from)?;
    let pair = private(key)?;
    let statement = Statement {
        snapshot: name,
        created_at: snapshot.created_at(),
        bytes: snapshot.as_bytes().len() as u64,
        sha256: hex(&Sha256::digest(snapshot.as_bytes())),
        key: public(&pair)?,
    };
    let statement = serde_json::to_vec(&statement).map_err(|_| BundleError::Damaged("its statement"))?;
    let signature = pair.sign(&[PURPOSE, &statement].concat());
    let length = u32::try_from(statement.len()).map_err(|_| BundleError::Damaged("its statement"))?;
    let mut to = File::create_new(file).map_err(file_error("created", file))?;
    let parts =
        [MAGIC.as_slice(), &length.to_le_bytes(), &statement, signature.as_ref(), snapshot.as_bytes()];
    let written = parts.iter().try_for_each(|part| to.write_all(part)).and_then(|()| to.sync_all());
    written.map_err(file_error("written", file))?;
    Ok(parts.iter().map(|part| part.len() as u64).sum())
}

/// Whether a file begins as a bundle does.
pub fn is_bundle(file: &Path) -> bool {
    let mut magic = [0; MAGIC.len()];
    File::open(file).and_then(|mut file| file.read_exact(&mut magic)).is_ok_and(|()| &magic == MAGIC)
}

/// Whether a file begins as a snapshot does.
pub fn is_snapshot(file: &Path) -> bool {
    let mut magic = [0; 8];
    File::open(file).and_then(|mut file| file.read_exact(&mut magic)).is_ok_and(|()| &magic == b"LZRTSNAP")
}

/// Puts the snapshot of a bundle in force, or that of a bare snapshot file where no key is trusted.
///
/// # Errors
/// When it is damaged, not signed by a trusted key, or the shelf cannot be used. Nothing is changed then.
pub fn install_bundle(
    shelf: &Path,
    file: &Path,
    trusted: &[Key],
    caution: Caution,
) -> Result<Installed, BundleError> {
    let bytes = if is_bundle(file) {
        open_bundle(file, trusted)?
    } else if !is_snapshot(file) {
        return Err(BundleError::NotABundle(file.display().to_string()));
    } else if trusted.is_empty() {
        std::fs::read(file).map_err(file_error("read", file))?
    } else {
        return Err(BundleError::Unsigned(file.display().to_string()));
    };
    std::fs::create_dir_all(shelf).map_err(file_error("created", shelf))?;
    let records = Records::open(shelf)?;
    let snapshot = Snapshot::from_bytes(bytes).map_err(ShelfError::from)?;
    snapshot.verify().map_err(ShelfError::from)?;
    Ok(install(&records, &snapshot, caution, Succession::Supersedes)?)
}

/// The snapshot of a bundle. Where no key is trusted, that of the bundle itself is taken: it then proves that nothing
/// was damaged on the way, and no more.
///
/// # Errors
/// When it is damaged, or not signed by a trusted key.
pub fn open_bundle(path: &Path, trusted: &[Key]) -> Result<Vec<u8>, BundleError> {
    let mut file = File::open(path).map_err(file_error("read", path))?;
    let mut read = |bytes: &mut [u8]| {
        file.read_exact(bytes).map_err(|_| BundleError::Damaged("it is cut off in its statement"))
    };
    let (mut magic, mut length) = ([0; MAGIC.len()], [0; 4]);
    read(&mut magic)?;
    read(&mut length)?;
    let length = u32::from_le_bytes(length);
    if &magic != MAGIC || length > STATEMENT_BYTES {
        return Err(BundleError::Damaged("it does not begin as a bundle does"));
    }
    let mut statement = vec![0; length as usize];
    let mut signature = [0; SIGNATURE_BYTES];
    read(&mut statement)?;
    read(&mut signature)?;
    let said: Statement = serde_json::from_slice(&statement)
        .map_err(|_| BundleError::Damaged("its statement cannot be read"))?;
    if !trusted.is_empty() && !trusted.contains(&said.key) {
        return Err(BundleError::Stranger(said.key.to_string()));
    }
    UnparsedPublicKey::new(&ED25519, said.key.0)
        .verify(&[PURPOSE, &statement].concat(), &signature)
        .map_err(|_| BundleError::Signature)?;
    if said.bytes > SNAPSHOT_BYTES {
        return Err(BundleError::Damaged("it announces more than a snapshot can be"));
    }
    let mut bytes = Vec::new();
    let rest = file.take(said.bytes.saturating_add(1)).read_to_end(&mut bytes);
    rest.map_err(file_error("read", path))?;
    if bytes.len() as u64 != said.bytes || hex(&Sha256::digest(&bytes)) != said.sha256 {
        return Err(BundleError::Damaged("its snapshot is not the one that was signed"));
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use advisory::Compiler;

    /// A shelf with a small snapshot in force.
    fn shelf(folder: &Path, created_at: &str) {
        let mut compiler = Compiler::new();
        compiler.begin_source("a");
        let bytes = compiler.finish(created_at.parse().unwrap()).unwrap();
        std::fs::create_dir_all(folder).unwrap();
        let records = Records::open(folder).unwrap();
        install(&records, &Snapshot::from_bytes(bytes).unwrap(), Caution::Hold, Succession::Supersedes)
            .unwrap();
    }

    #[test]
    fn only_what_a_trusted_key_has_signed_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        shelf(&path("here"), "2026-11-01T00:00:00Z");
        let (mine, other) = (make_key(&path("mine")).unwrap(), make_key(&path("other")).unwrap());
        assert_eq!(mine.to_string().parse::<Key>().unwrap(), mine);
        export_bundle(&path("here"), &path("bundle"), &path("mine")).unwrap();
        let there = path("there");
        let stranger = install_bundle(&there, &path("bundle"), &[other], Caution::Hold);
        assert!(matches!(stranger, Err(BundleError::Stranger(_))));
        assert!(!there.exists(), "nothing was changed");
        let installed = install_bundle(&there, &path("bundle"), std::slice::from_ref(&mine), Caution::Hold);
        assert!(matches!(installed.unwrap(), Installed::InForce(_)));
        // A bare snapshot is as good as its checksum, and no better than a trusted key.
        let name = pointed(&path("here")).unwrap().unwrap();
        let bare = path_of(&path("here"), &name);
        let unsigned = install_bundle(&there, &bare, &[mine], Caution::Hold);
        assert!(matches!(unsigned, Err(BundleError::Unsigned(_))));
        assert!(install_bundle(&there, &bare, &[], Caution::Hold).is_ok());
    }

    #[test]
    fn no_byte_of_a_bundle_can_be_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        shelf(&path("here"), "2026-11-01T00:00:00Z");
        let key = make_key(&path("key")).unwrap();
        export_bundle(&path("here"), &path("bundle"), &path("key")).unwrap();
        let whole = std::fs::read(path("bundle")).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(path("changed"), &changed).unwrap();
            assert!(open_bundle(&path("changed"), std::slice::from_ref(&key)).is_err(), "byte {at}");
        }
        for length in [0, 7, 20, whole.len() / 2, whole.len() - 1] {
            std::fs::write(path("cut"), &whole[..length]).unwrap();
            assert!(open_bundle(&path("cut"), std::slice::from_ref(&key)).is_err(), "{length} bytes");
        }
        std::fs::write(path("longer"), [&whole[..], b"x"].concat()).unwrap();
        assert!(open_bundle(&path("longer"), std::slice::from_ref(&key)).is_err());
        let missing = install_bundle(&path("there"), &path("key"), &[], Caution::Hold);
        assert!(matches!(missing, Err(BundleError::NotABundle(_))));
    }
}

//! What an operator says of a provider: `[[identity-providers]]` in the configuration file.

use super::rules::{ClaimRule, RuleError, WireRule};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;

/// Something that is shown nowhere.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// What it is.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A provider, as the configuration file names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WireProvider {
    name: String,
    title: Option<String>,
    issuer: String,
    client_id: String,
    client_secret: Option<Secret>,
    client_secret_file: Option<PathBuf>,
    scopes: Option<String>,
    name_claim: Option<String>,
    #[serde(default)]
    trust_email: bool,
    #[serde(default)]
    rules: Vec<WireRule>,
}

/// A provider that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSettings {
    /// Its word in addresses and names.
    pub name: String,
    title: Option<String>,
    /// Who it is: the address below which it is found, and the issuer of its tokens.
    pub issuer: String,
    /// The name under which it knows us.
    pub client_id: String,
    /// What we prove ourselves with there; none for a public client.
    pub client_secret: Option<Secret>,
    /// What is asked for, with spaces between.
    pub scopes: String,
    /// The claim that has a person's name.
    pub name_claim: String,
    /// Whether e-mail addresses count that the provider has not verified.
    pub trusts_email: bool,
    /// What its claims give.
    pub rules: Vec<ClaimRule>,
}

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Its name is none.
    #[error(
        "`{0}` cannot name an identity provider: 1 to 32 lower-case letters, digits and - are needed, and each name once"
    )]
    Name(String),
    /// Its issuer cannot be asked safely.
    #[error(
        "the issuer `{0}` must be an https:// address without query or fragment; http:// is for this machine alone"
    )]
    Issuer(String),
    /// Two secrets.
    #[error("`client-secret` and `client-secret-file` exclude each other")]
    TwoSecrets,
    /// The file of the secret cannot be read.
    #[error("the file {path} of the client secret cannot be read")]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The scopes are not those of OpenID Connect.
    #[error("`scopes` must hold `openid`, and words with spaces between")]
    Scopes,
    /// A rule gives nothing that there is.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// Nobody could ever come in.
    #[error("the identity provider `{0}` needs at least one rule, or it lets nobody in")]
    NoRules(String),
}

impl ProviderSettings {
    /// Its name for people.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    /// Providers, each of which makes sense.
    ///
    /// # Errors
    /// One sentence that says which one does not, and why.
    pub fn all(given: Vec<WireProvider>) -> Result<Vec<Self>, SettingsError> {
        let mut all: Vec<Self> = Vec::new();
        for one in given {
            let one = Self::new(one)?;
            if all.iter().any(|other| other.name == one.name) {
                return Err(SettingsError::Name(one.name));
            }
            all.push(one);
        }
        Ok(all)
    }

    /// A provider with these rules, and everything else as it is by default.
    #[cfg(test)]
    pub(super) fn for_tests(name: &str, issuer: &str, rules: Vec<ClaimRule>) -> Self {
        Self {
            name: name.to_owned(),
            title: None,
            issuer: issuer.to_owned(),
            client_id: "portal".to_owned(),
            client_secret: None,
            scopes: "openid".to_owned(),
            name_claim: "preferred_username".to_owned(),
            trusts_email: false,
            rules,
        }
    }

    fn new(given: WireProvider) -> Result<Self, SettingsError> {
        let WireProvider { name, issuer, .. } = &given;
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 32 || !name.chars().all(is_word) {
            return Err(SettingsError::Name(name.chars().take(80).collect()));
        }
        if !is_issuer(issuer) {
            return Err(SettingsError::Issuer(issuer.chars().take(200).collect()));
        }
        let client_secret = match (given.client_secret, given.client_secret_file) {
            (Some(_), Some(_)) => return Err(SettingsError::TwoSecrets),
            (Some(secret), None) => Some(secret),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|source| SettingsError::SecretFile { path, source })?;
                Some(Secret(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
            (None, None) => None,
        };
        let scopes = given.scopes.unwrap_or_else(|| "openid profile email".to_owned());
        let is_plain = scopes.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_plain || !scopes.split(' ').any(|word| word == "openid") {
            return Err(SettingsError::Scopes);
        }
        if given.rules.is_empty() {
            return Err(SettingsError::NoRules(given.name));
        }
        Ok(Self {
            title: given.title,
            client_id: given.client_id,
            client_secret,
            scopes,
            name_claim: given.name_claim.unwrap_or_else(|| "preferred_username".to_owned()),
            trusts_email: given.trust_email,
            rules: given.rules.into_iter().map(ClaimRule::new).collect::<Result<_, _>>()?,
            name: given.name,
            issuer: given.issuer,
        })
    }
}

/// Whether an address can be an issuer: the secret and the codes go to addresses that it names, so that nobody on the
/// way may read them or answer in its place.
fn is_issuer(text: &str) -> bool {
    let is_plain = text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && !text.contains(['?', '#', '\\', '"']) && is_protected(text)
}

/// Whether an address is one that is asked over TLS, or on this machine.
pub(super) fn is_protected(address: &str) -> bool {
    match address.strip_prefix("https://") {
        Some(rest) => !rest.is_empty() && !rest.starts_with('/'),
        None => access::is_loopback(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ProviderSettings>, String> {
        #[derive(Deserialize)]
        struct File {
            one: Vec<WireProvider>,
        }
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        ProviderSettings::all(file.one).map_err(|error| error.to_string())
    }

    const GOOD: &str = "[[one]]\nname = 'corp'\nissuer = 'https://login.example.com'\nclient-id = 'portal'\n";
    const RULE: &str =
        "[[one.rules]]\nclaim = 'groups'\nvalue = 'security'\nrole = 'Security Reader'\nscope = '/'\n";

    #[test]
    fn a_provider_has_defaults_and_hides_its_secret() {
        let all = read(&format!("{GOOD}client-secret = 'very secret'\n{RULE}")).unwrap();
        assert_eq!((all[0].title(), &*all[0].scopes), ("corp", "openid profile email"));
        assert_eq!(all[0].client_secret.as_ref().map(Secret::reveal), Some("very secret"));
        assert!(!format!("{all:?}").contains("very secret"));
    }

    #[test]
    fn a_secret_is_read_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "from a file\n").unwrap();
        let file = file.display();
        let all = read(&format!("{GOOD}client-secret-file = '{file}'\n{RULE}")).unwrap();
        assert_eq!(all[0].client_secret.as_ref().map(Secret::reveal), Some("from a file"));
        let two = format!("{GOOD}client-secret = 'x'\nclient-secret-file = '{file}'\n{RULE}");
        assert!(read(&two).unwrap_err().contains("exclude each other"));
        assert!(read(&format!("{GOOD}client-secret-file = '/none'\n{RULE}")).unwrap_err().contains("/none"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_would() {
        let with = |from: &str, to: &str| read(&format!("{GOOD}{RULE}").replace(from, to)).unwrap_err();
        assert!(with("'corp'", "'Corp/..'").contains("cannot name an identity provider"));
        for issuer in
            ["http://login.example.com", "https://", "https://a?b", "ftp://a", "http://localhost.evil.test"]
        {
            assert!(with("https://login.example.com", issuer).contains("must be an https://"), "{issuer}");
        }
        assert!(with("[[one.rules]]", "scopes = 'profile'\n[[one.rules]]").contains("openid"));
        assert!(with("'Security Reader'", "'Emperor'").contains("Emperor"));
        assert!(with("client-id", "client").contains("unknown field"));
        assert!(read(GOOD).unwrap_err().contains("at least one rule"));
        assert!(read(&format!("{GOOD}{RULE}{GOOD}{RULE}")).unwrap_err().contains("each name once"));
        let here =
            format!("{GOOD}{RULE}").replace("https://login.example.com", "http://127.0.0.1:9000/realm");
        assert!(read(&here).is_ok());
    }
}

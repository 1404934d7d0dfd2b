//! Files and options, right and wrong.

use super::*;

fn configured(text: &str) -> Result<Configuration, ConfigurationError> {
    Configuration::from_overrides(toml::from_str(text).unwrap())
}

#[test]
fn nothing_set_is_the_embedded_default() {
    let configuration = configured("").unwrap();
    assert_eq!(configuration.listen.to_string(), "127.0.0.1:5000");
    assert_eq!(configuration.database, PathBuf::from("./lazaretto-data/lazaretto.sqlite"));
    assert_eq!(configuration.tls, Tls::Off);
    assert!(configuration.standard_plan);
    assert_eq!(configuration.update_every, Some(SignedDuration::from_hours(6)));
}

#[test]
fn sources_of_advisories_are_listed_or_mirrored() {
    let listed = "[[advisory-sources]]\nname = 'own'\nurl = 'https://a.example/all.zip'";
    let sources = configured(listed).unwrap().sources.sources;
    assert_eq!(sources.iter().map(|source| &*source.name).collect::<Vec<_>>(), ["own"]);
    let mirrored = configured("advisory-mirror = '/srv/mirror'\nadvisory-update-hours = 0").unwrap();
    assert!(mirrored.sources.sources.iter().all(|source| source.url.starts_with("/srv/mirror/")));
    assert_eq!(mirrored.update_every, None);
    assert!(toml::from_str::<Overrides>("[[advisory-sources]]\nname = 'no address'").is_err());
}

#[test]
fn what_is_not_supported_is_refused_with_what_is() {
    let message = |text: &str| configured(text).unwrap_err().to_string();
    assert_eq!(
        message("database = 'postgres://h/d'"),
        "`database` cannot be `postgres://h/d`; this version supports sqlite:PATH"
    );
    assert_eq!(
        message("jail = 'off'"),
        "`jail` cannot be `off`; this version supports required or best-effort"
    );
    assert_eq!(
        message("outbound-allow = ['10.0.0.0/8', 'intranet']"),
        "`outbound-allow` cannot be `intranet`; this version supports an address, or ADDRESS/BITS"
    );
    assert!(message("tls-cert = 'a.pem'").contains("belong together"));
    assert!(message("registry = 'x'").contains("5 to 50"));
    assert!(message("external-url = 'https://h/path'").contains("without a path"));
}

#[test]
fn a_file_that_is_wrong_is_told_by_its_line_and_without_what_stands_in_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "listen = \"127.0.0.1:0\"\n[mail]\nserver = \"smtp://x\"\npasword = \"hunter2\"\n";
    std::fs::write(file.path(), text).unwrap();
    let told = Overrides::from_file(file.path()).unwrap_err().to_string();
    assert!(told.contains("line 4: unknown field `pasword`"), "{told}");
    assert!(!told.contains("hunter2") && !told.contains('\n'), "{told}");
}

#[test]
fn an_unknown_key_is_refused() {
    assert!(toml::from_str::<Overrides>("lissten = '1.2.3.4:5'").is_err());
}

#[test]
fn the_command_line_wins_over_the_file() {
    let line = Overrides { workers: Some(3), ..Overrides::default() };
    let file = Overrides { workers: Some(1), registry: Some("harbour".into()), ..Overrides::default() };
    let both = line.or(file);
    assert_eq!((both.workers, both.registry.as_deref()), (Some(3), Some("harbour")));
}

//! Challenges of a 401: `Bearer realm="...",service="...",scope="..."` (RFC 9110, section 11.6.1).

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The first challenge of a header. Registries send one in each.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, mut rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.is_empty() {
            return None;
        }
        let mut parameters = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', ',', '\t']);
            let Some((name, after)) = rest.split_once('=') else { break };
            let (value, after) = value(after.trim_start())?;
            parameters.push((name.trim().to_ascii_lowercase(), value));
            rest = after;
        }
        Some(Self { scheme: scheme.to_ascii_lowercase(), parameters })
    }

    /// Whether it is of this scheme.
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme == scheme
    }

    /// A parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// A value, in quotes or not, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_of_real_registries_are_read() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a:pull,push""#;
        let challenge = Challenge::parse(hub).unwrap();
        assert!(challenge.is("bearer"));
        assert_eq!(challenge.parameter("realm"), Some("https://auth.docker.io/token"));
        assert_eq!(challenge.parameter("scope"), Some("repository:a:pull,push"));
        let spaced = Challenge::parse("bearer  Realm = \"x\\\"y\" , service=plain, error=z").unwrap();
        assert_eq!((spaced.parameter("realm"), spaced.parameter("service")), (Some("x\"y"), Some("plain")));
        assert!(Challenge::parse("Basic realm=\"lazaretto\"").unwrap().is("basic"));
        assert!(Challenge::parse("Basic").unwrap().is("basic"));
        for text in ["", " ", "Bearer realm=\"open"] {
            assert_eq!(Challenge::parse(text), None, "{text}");
        }
    }
}

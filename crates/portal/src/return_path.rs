//! Where somebody goes after they have signed in: where they wanted to be, and never to another site (attack C20).

/// A page of this portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnPath(String);

/// A request for an authorization code is the longest that is carried along.
const LONGEST: usize = 6000;

impl ReturnPath {
    /// The page of an address that came from outside; the overview if that is no page of ours.
    ///
    /// A browser takes `//host`, `/\host` and what has signs of control in it for something else than it seems, so that
    /// only what has none of that is a page here.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        let is_ours = |text: &&str| {
            let path = text.split('?').next().unwrap_or_default();
            let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
            text.starts_with("/portal/")
                && text.len() <= LONGEST
                && is_plain
                && !path.contains("//")
                && !path.contains("/..")
                && !path.starts_with("/portal/sign-")
        };
        Self(text.filter(is_ours).unwrap_or("/portal/").to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The sign-in page that leads back here.
    pub(crate) fn sign_in(&self) -> String {
        match self.as_str() {
            "/portal/" => "/portal/sign-in".to_owned(),
            path => format!("/portal/sign-in?to={}", crate::frame::encode_value(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_portal_are_gone_to() {
        for ours in ["/portal/", "/portal/query?q=Findings%20%7C%20count", "/portal/images/team/app:1"] {
            assert_eq!(ReturnPath::parse(Some(ours)).as_str(), ours);
        }
        for other in [
            "",
            "/",
            "//evil.test/portal/",
            "/portal//evil.test",
            "/portal/..//evil.test",
            "/portal/../subscriptions",
            "/portal\\evil.test",
            "/portal/\\evil.test",
            "/portal/\r\nset-cookie:x",
            "/portal/#x",
            "https://evil.test/portal/",
            "javascript:alert(1)",
            "/portal/sign-in",
            "/portal/sign-out",
            "/portal/é",
        ] {
            assert_eq!(ReturnPath::parse(Some(other)).as_str(), "/portal/", "{other}");
        }
        assert_eq!(ReturnPath::parse(Some(&format!("/portal/{}", "a".repeat(6000)))).as_str(), "/portal/");
        let query = ReturnPath::parse(Some("/portal/query?q=a&b")).sign_in();
        assert_eq!(query, "/portal/sign-in?to=%2Fportal%2Fquery%3Fq%3Da%26b");
        assert_eq!(ReturnPath::parse(None).sign_in(), "/portal/sign-in");
    }
}

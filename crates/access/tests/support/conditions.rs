//! Conditions of roles for tests and for the fuzzer: seeds, and what has to hold of every text.

use access::{Action, Condition, ResourceId};

const REGISTRY: &str =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/harbour";
const NAME: &str = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";

/// Conditions of every form, and some that are refused.
pub(crate) fn seeds() -> Vec<String> {
    let forms = [
        "NAME StringEquals 'team/app'",
        "NAME StringEqualsIgnoreCase 'Team/App'",
        "NAME StringNotEquals 'a' OR NAME StringNotStartsWith 'b'",
        "NAME StringStartsWith 'prod/' AND NAME StringNotLike '*/test?'",
        "NAME StringLikeIgnoreCase 'A*c?'",
        "NAME ForAnyOfAnyValues:StringEquals {'a', 'b/c', 'd'}",
        "NAME ForAllOfAnyValues:StringNotEquals {'a', 'b'}",
        "{'a', 'b'} ForAnyOfAllValues:StringLike {'*', '?'}",
        "Exists NAME",
        "NOT (Exists NAME)",
        "!(!(ActionMatches{'Microsoft.ContainerRegistry/registries/*/read'}))",
        "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND \
         !(ActionMatches{'*'})) OR (NAME StringEquals 'team/app'))",
        "@Resource[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'a'",
        "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a_b] StringEquals 'x'",
        "NAME DateTimeGreaterThan '2026-01-01T00:00:00Z'",
        "NAME StringEquals 'a' AND NAME StringEquals 'b' OR NAME StringEquals 'c'",
        "NAME StringEquals 'it\\'s \u{e4}\u{200b}\u{1f6a2}'",
        "'a' StringEquals 'a'",
        "(((((((((((((((((((((((((Exists NAME)))))))))))))))))))))))))",
        "",
    ];
    forms.into_iter().map(|form| form.replace("NAME", NAME)).collect()
}

/// Reads a text as a condition and asks it what it is asked with each request. Panics where something does not hold that
/// has to hold of every text.
pub(crate) fn read(text: &str) {
    let condition: Condition = match text.parse() {
        Ok(condition) => condition,
        Err(error) => {
            let said = error.to_string();
            assert!(said.len() < 2_000, "a fault is told in a few words");
            return;
        }
    };
    assert_eq!(condition.as_str(), text, "it is kept as it was written");
    assert_eq!(text.parse(), Ok(condition.clone()), "it says the same when it is read again");
    let scopes = [
        REGISTRY.to_owned(),
        format!("{REGISTRY}/repositories/team:app"),
        format!("{REGISTRY}/repositories/a"),
        "/subscriptions/s1".to_owned(),
    ];
    // The opposite of what grants does not grant too: whatever the text, nobody has a right by it and by its denial.
    let denial = format!("!({text})").parse::<Condition>();
    for scope in scopes {
        let Ok(scope) = ResourceId::parse(&scope) else { continue };
        for action in Action::ALL {
            let is = condition.allows(*action, &scope);
            let is_denied = denial.as_ref().is_ok_and(|denial| denial.allows(*action, &scope));
            assert!(!(is && is_denied), "{action} is granted both by it and by its denial");
        }
    }
}

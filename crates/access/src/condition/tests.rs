//! Conditions as Azure's manual writes them, and texts that are none.

use super::*;

const REGISTRY: &str =
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/harbour";

/// As Azure's manual writes it for a reader of one repository.
const ONE_REPOSITORY: &str = "(
 (
  !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})
  AND
  !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})
 )
 OR\u{20}
 (
  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/app'
 )
)";

fn name(rest: &str) -> String {
    format!("@Request[Microsoft.ContainerRegistry/registries/repositories:name] {rest}")
}

fn allows(condition: &str, action: Action, repository: Option<&str>) -> bool {
    let scope = match repository {
        Some(name) => format!("{REGISTRY}/repositories/{}", name.replace('/', ":")),
        None => REGISTRY.to_owned(),
    };
    condition.parse::<Condition>().unwrap().allows(action, &scope.parse().unwrap())
}

#[test]
fn a_condition_holds_for_its_repository_and_lets_other_actions_pass() {
    for (action, repository, expected) in [
        (Action::CONTENT_READ, Some("team/app"), true),
        (Action::CONTENT_READ, Some("Team/App"), true),
        (Action::REPOSITORY_METADATA_READ, Some("team/app"), true),
        (Action::CONTENT_READ, Some("team/app2"), false),
        (Action::CONTENT_READ, Some("team"), false),
        (Action::CONTENT_READ, None, false),
        // The condition speaks of two actions alone; whether the role has others is the role's matter.
        (Action::CONTENT_WRITE, Some("other"), true),
        (Action::CATALOG_READ, None, true),
    ] {
        assert_eq!(allows(ONE_REPOSITORY, action, repository), expected, "{action} {repository:?}");
    }
}

#[test]
fn texts_are_compared_as_their_operator_says() {
    for (rest, yes, no) in [
        ("StringEquals 'a/b'", "a/b", "A/b"),
        ("StringEqualsIgnoreCase 'A/b'", "a/B", "a"),
        ("StringNotEquals 'a'", "b", "a"),
        ("StringStartsWith 'prod/'", "prod/web", "product"),
        ("StringStartsWithIgnoreCase 'PROD/'", "prod/web", "test/prod/web"),
        ("StringNotStartsWith 'prod/'", "test/web", "prod/web"),
        ("StringLike 'a*c?'", "abcd", "abc"),
        ("StringLikeIgnoreCase 'A*'", "abc", "bac"),
        ("StringNotLike '*secret*'", "plain", "my-secret-thing"),
        (r"StringLike 'a\*b'", "a*b", "axb"),
        ("ForAnyOfAnyValues:StringEquals {'a', 'b'}", "b", "c"),
        ("ForAnyOfAllValues:StringNotEquals {'a', 'b'}", "c", "a"),
        ("ForAllOfAnyValues:StringStartsWith {'a/', 'b/'}", "b/x", "c/x"),
        ("ForAllOfAllValues:StringNotStartsWith {'a/', 'b/'}", "c/x", "b/x"),
    ] {
        assert!(allows(&name(rest), Action::CONTENT_READ, Some(yes)), "{rest} {yes}");
        assert!(!allows(&name(rest), Action::CONTENT_READ, Some(no)), "{rest} {no}");
    }
    let turned = "'a' StringEquals @Resource[Microsoft.ContainerRegistry/registries/repositories:name]";
    assert!(allows(turned, Action::CONTENT_READ, Some("a")));
}

#[test]
fn what_has_no_value_grants_nothing() {
    for condition in [
        name("StringEquals 'a'"),
        name("StringNotEquals 'a'"),
        format!("!({})", name("StringEquals 'a'")),
        format!("{} OR !({})", name("StringEquals 'a'"), name("StringEquals 'a'")),
        format!("Exists {} AND 'a' StringEquals 'a'", name("")),
    ] {
        assert!(!allows(&condition, Action::CATALOG_READ, None), "{condition}");
    }
    assert!(allows(&format!("!(Exists {})", name("")), Action::CATALOG_READ, None));
    assert!(allows("'a' StringEquals 'a' || 'a' StringEquals 'b'", Action::CATALOG_READ, None));
    assert!(!allows("'a' StringEquals 'a' && NOT 'a' StringEquals 'a'", Action::CATALOG_READ, None));
}

/// What is no condition.
const WRONG: &[&str] = &[
    "",
    "(",
    "'a' StringEquals",
    "'a' StringEquals 'b",
    "'a' StringEquals 'b' 'c'",
    "'a' StringEquals {'b', 'c'}",
    "'a' StringEquals 'b' AND 'a' StringEquals 'b' OR 'a' StringEquals 'b'",
    "'a' NumericEquals 'b'",
    "'a' ForNoneOfAnyValues:StringEquals 'b'",
    "SubOperationMatches{'Blob.List'}",
    "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a] StringEquals 'b'",
    "@Request Microsoft",
    "ActionMatches{Microsoft}",
    "ActionMatches{'a', 'b'}",
    "Exists 'a'",
    "1 NumericEquals 1",
    "true",
    "#",
    "'a' & 'b'",
    "{'a' 'b'} ForAnyOfAnyValues:StringEquals 'a'",
];

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let refused = |text: &str| text.parse::<Condition>().unwrap_err().to_string();
    let table: String = WRONG.iter().map(|text| format!("{text}\n    {}\n", refused(text))).collect();
    expect_test::expect![[r#"

            at character 1 of the condition, ActionMatches, Exists, an attribute, or a text in single quotes is expected
        (
            at character 2 of the condition, ActionMatches, Exists, an attribute, or a text in single quotes is expected
        'a' StringEquals
            at character 17 of the condition, ActionMatches, Exists, an attribute, or a text in single quotes is expected
        'a' StringEquals 'b
            at character 20 of the condition, the quote that ends a text is expected
        'a' StringEquals 'b' 'c'
            at character 22 of the condition, the end, AND or OR is expected
        'a' StringEquals {'b', 'c'}
            at character 18 of the condition, one value, or a quantifier such as ForAnyOfAnyValues: before the operator is expected
        'a' StringEquals 'b' AND 'a' StringEquals 'b' OR 'a' StringEquals 'b'
            at character 47 of the condition, parentheses are needed between AND and OR
        'a' NumericEquals 'b'
            "NumericEquals" is not evaluated here; use StringEquals, StringStartsWith or StringLike, with Not and IgnoreCase as needed
        'a' ForNoneOfAnyValues:StringEquals 'b'
            "ForNoneOfAnyValues" is not evaluated here; use StringEquals, StringStartsWith or StringLike, with Not and IgnoreCase as needed
        SubOperationMatches{'Blob.List'}
            "SubOperationMatches" is not evaluated here; use StringEquals, StringStartsWith or StringLike, with Not and IgnoreCase as needed
        @Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a] StringEquals 'b'
            the attribute "@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a]" has no value here; only @Request[Microsoft.ContainerRegistry/registries/repositories:name] has one
        @Request Microsoft
            at character 9 of the condition, an attribute such as @Request[...] is expected
        ActionMatches{Microsoft}
            at character 15 of the condition, an action in braces and quotes, such as {'Microsoft.ContainerRegistry/registries/pull/read'} is expected
        ActionMatches{'a', 'b'}
            at character 18 of the condition, a closing brace is expected
        Exists 'a'
            at character 11 of the condition, an attribute behind Exists is expected
        1 NumericEquals 1
            at character 1 of the condition, ActionMatches, Exists, an attribute, or a text in single quotes is expected
        true
            at character 1 of the condition, ActionMatches, Exists, an attribute, or a text in single quotes is expected
        #
            at character 1 of the condition, a function, an attribute, a text in single quotes or a sign is expected
        'a' & 'b'
            at character 6 of the condition, && or || is expected
        {'a' 'b'} ForAnyOfAnyValues:StringEquals 'a'
            at character 6 of the condition, a comma or a closing brace is expected
    "#]].assert_eq(&table);
}

#[test]
fn no_condition_is_too_much_to_read() {
    for deep in ["(", "!", "NOT ", "{", "'", "@Request[", "ActionMatches{", "'a' StringEquals 'a' AND "] {
        assert!(deep.repeat(700).parse::<Condition>().is_err(), "{deep}");
    }
    assert_eq!("(".repeat(9000).parse::<Condition>(), Err(ConditionError::TooLong));
    let nested = |depth: usize| {
        format!("{}'a' StringEquals 'a'{}", "(".repeat(depth), ")".repeat(depth)).parse::<Condition>()
    };
    assert!(nested(24).is_ok());
    assert_eq!(nested(25), Err(ConditionError::TooComplex));
    let many = vec!["'a' StringEquals 'a'"; 201].join(" OR ");
    assert_eq!(many.parse::<Condition>(), Err(ConditionError::TooComplex));
}

#[test]
fn likeness_ends_on_hostile_patterns() {
    let pattern = format!("StringLike '{}b'", "*a".repeat(400));
    assert!(!allows(&name(&pattern), Action::CONTENT_READ, Some(&"a".repeat(250))));
}

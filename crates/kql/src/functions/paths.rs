//! JSON paths that name a member of a bag.

/// The names that a key of a bag stands for: those above the last, and the last. A key that begins with `$.` or `$[` is a
/// path; any other is the name itself.
pub(crate) fn names_of(key: &str) -> (Vec<&str>, &str) {
    let mut names = path(key).unwrap_or_else(|| vec![key]);
    let last = names.pop().unwrap_or(key);
    (names, last)
}

/// The names of a path; nothing if it is none.
fn path(key: &str) -> Option<Vec<&str>> {
    let mut rest = key.strip_prefix('$')?;
    let mut names = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            names.push(behind.get(..end).filter(|name| !name.is_empty())?);
            rest = behind.get(end..)?;
        } else {
            let (inside, behind) = rest.strip_prefix('[')?.split_once(']')?;
            let inside = inside.trim();
            let quoted = |quote: char| inside.strip_prefix(quote)?.strip_suffix(quote);
            names.push(quoted('\'').or_else(|| quoted('"'))?);
            rest = behind;
        }
    }
    Some(names).filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::names_of;

    #[test]
    fn a_path_leads_below_names() {
        assert_eq!(names_of("a.b"), (vec![], "a.b"));
        assert_eq!(names_of("$.a.b"), (vec!["a"], "b"));
        assert_eq!(names_of("$['x.y'].b[\"c\"]"), (vec!["x.y", "b"], "c"));
        for name in ["$", "$.", "$[1]", "$x", "$.a[", ""] {
            assert_eq!(names_of(name), (vec![], name));
        }
    }
}

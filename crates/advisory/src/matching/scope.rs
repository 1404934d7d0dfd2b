//! Whether a statement concerns a package at all: its module stream, its machine, its source.
//!
//! The same package name exists in several module streams of a Red Hat release with versions that grow independently:
//! `nodejs` 14 is not repaired by what repairs `nodejs` 16, and not affected because of it. What is not known of the
//! package makes the statement unclear and never silent.

use super::{Query, Side};
use crate::advisory::OF_NO_MODULE;
use crate::snapshot::Entry;

/// Whether a statement concerns a package.
pub(super) enum Scope {
    /// It does.
    Applies,
    /// It is about another package of the same name, and nothing is to be said of it.
    Silent,
    /// It does not, as a clause.
    Elsewhere(String),
    /// It is not known, as a clause.
    Unclear(String),
}

/// Whether an entry concerns the package of the query.
pub(super) fn scope(query: &Query<'_>, entry: &Entry<'_>, side: Side) -> Scope {
    if !entry.is_conditional() {
        return match side {
            Side::Package => Scope::Applies,
            Side::Source => Scope::Silent,
        };
    }
    let particulars = entry.particulars();
    let of_source = particulars.architectures.iter().any(|machine| machine == "src");
    if of_source != (side == Side::Source) {
        return Scope::Silent;
    }
    let is_for =
        |machine: &str| particulars.architectures.iter().any(|named| named == machine || named == "noarch");
    match query.architecture {
        Some(machine) if !of_source && !particulars.architectures.is_empty() && !is_for(machine) => {
            let named = particulars.architectures.join(", ");
            return Scope::Elsewhere(format!(
                "the advisory is about {named}, and the package is for {machine}"
            ));
        }
        Some(_) | None => {}
    }
    let Some(module) = particulars.module else { return Scope::Applies };
    if module == OF_NO_MODULE {
        return match query.module.filter(|stream| !stream.is_empty()) {
            Some(stream) => Scope::Elsewhere(format!(
                "the advisory tells this package from that of modules, and the package is of {stream}"
            )),
            None => Scope::Applies,
        };
    }
    match query.module {
        Some(stream) if is_stream(stream, &module) => Scope::Applies,
        Some(stream) => {
            Scope::Elsewhere(format!("the advisory is about module {module}, and the package is of {stream}"))
        }
        None if query.version.contains(".module") => {
            Scope::Unclear(format!("whether the package is of module {module} is not known"))
        }
        None => {
            Scope::Elsewhere(format!("the advisory is about module {module}, and the package is of none"))
        }
    }
}

/// Whether a module label, `nodejs:16:8040020210708131418:522a0ee4`, is of the stream `nodejs:16`.
fn is_stream(label: &str, stream: &str) -> bool {
    label.strip_prefix(stream).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

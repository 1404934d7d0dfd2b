//! Window functions: taken out of the expression around them, and computed by a relation below it.

use super::{Binder, Bound, Row, arguments_fault};
use crate::diagnostic::Span;
use crate::plan::{Expr, Field, Node, Relation};
use crate::syntax::{Assignment, Name};
use crate::value::{Kind, Value};
use crate::windows::{Window, WindowCall, WindowFunction};

/// What has been taken out of the expressions of the operator that is being bound.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// The columns that the operator's rows have by themselves.
    width: usize,
    calls: Vec<WindowCall>,
    kinds: Vec<Kind>,
}

impl Binder<'_> {
    /// From here on expressions over rows of these columns may hold window functions.
    pub(super) fn allow_windows(&mut self, fields: &[Field]) -> Option<Taken> {
        self.windows.replace(Taken { width: fields.len(), ..Taken::default() })
    }

    /// Puts what was taken out below the operator, and goes back to what was before.
    pub(super) fn windowed(&mut self, node: Node, before: Option<Taken>) -> Node {
        let taken = std::mem::replace(&mut self.windows, before);
        let Some(Taken { calls, kinds, .. }) = taken.filter(|taken| !taken.calls.is_empty()) else {
            return node;
        };
        let mut fields = node.fields.clone();
        for (at, kind) in kinds.into_iter().enumerate() {
            fields.push(Field { hidden: true, ..Field::new(format!("\0window{at}"), kind) });
        }
        Node { fields, relation: Relation::Windows { input: Box::new(node), calls } }
    }

    pub(super) fn window_call(
        &mut self,
        function: &'static WindowFunction,
        name: &Name,
        arguments: &[Assignment],
        span: Span,
        row: Row<'_>,
    ) -> Bound<(Expr, Kind)> {
        let (mut bound, mut kinds) = (Vec::new(), Vec::new());
        for argument in arguments {
            let (expr, kind) = self.expression(&argument.value, row)?;
            bound.push(expr);
            kinds.push(kind);
        }
        self.check_arguments(function.signature, &name.text, &kinds, arguments, name.span)?;
        let kind = function.returns.unwrap_or_else(|| kinds.first().copied().unwrap_or(Kind::Dynamic));
        // Among strings there is no null: before the first row and behind the last there is the empty one.
        if matches!(function.window, Window::Before | Window::Behind) && kind == Kind::String {
            let missing = [Expr::Literal(Value::Long(1)), Expr::Literal(Value::text(""))];
            let given = bound.len().saturating_sub(1);
            bound.extend(missing.into_iter().skip(given));
        }
        match &mut self.windows {
            Some(taken) if taken.width == row.fields.len() => {
                taken.calls.push(WindowCall { window: function.window, arguments: bound });
                taken.kinds.push(kind);
                Ok((Expr::Column(taken.width + taken.calls.len() - 1), kind))
            }
            _ => {
                let message = format!(
                    "`{}` is about rows in their order; it stands in `extend`, `project`, `serialize` or `where`",
                    function.name
                );
                Err(arguments_fault(span, message))
            }
        }
    }
}

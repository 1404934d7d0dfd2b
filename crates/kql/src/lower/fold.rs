//! Rows that are alike, taken as one.
//!
//! A `summarize` that counts the rows of a table needs none of them twice: a table that knows how many rows share what
//! the query reads gives each such group once, with its number. This works through filters, projections and patterns,
//! which do the same to rows that are alike, and for aggregates that count or do not care how often a row comes.
//!
//! Three kinds of needs may differ among the rows of a group, and the table is told which they are (see [`Fold`]):
//!
//! * of an identifier the query often reads the stem alone, and the text behind it does not matter;
//! * `dcount` asks how many values there are, and not which;
//! * what only conditions read that the table has checked itself does not matter any more.
//!
//! Whether that holds for the first two is seen only in the rows. If it does not, the step forgets what it has and
//! begins anew with single rows: a fold is never more than a short cut.

use super::hints::{Hint, find_hints};
use crate::plan::{AggregateCall, Expr};
use crate::stem::StemTest;
use crate::step::Step;
use crate::syntax::BinaryOperator;
use crate::table::{Fold, ScanRequest};

/// A `summarize` over folded rows.
#[derive(Debug, Clone)]
pub(crate) struct FoldedStep {
    pub(crate) input: Step,
    pub(crate) keys: Vec<Expr>,
    pub(crate) aggregates: Vec<AggregateCall>,
    /// Where the number of rows stands.
    pub(crate) weight: usize,
    /// For each aggregate, whether its argument is the number of different values already.
    pub(crate) counted: Vec<bool>,
    /// What the table is asked for.
    pub(crate) request: ScanRequest,
}

/// How a value of the table is read.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    /// As a whole, by something.
    whole: bool,
    /// By tests that its stem may decide.
    stem: bool,
    /// By `dcount`.
    counted: bool,
    /// By conditions that the table knows of.
    filtered: bool,
}

impl Use {
    fn is_stem(self) -> bool {
        self.stem && !self.whole && !self.counted && !self.filtered
    }

    fn is_distinct(self) -> bool {
        self.counted && !self.whole && !self.stem && !self.filtered
    }

    fn is_free(self) -> bool {
        !self.whole && !self.stem && !self.counted
    }
}

/// What a value of a row is a copy of.
#[derive(Debug, Clone, Copy)]
struct Copy {
    slot: usize,
    /// And not its text.
    exactly: bool,
}

type Copies = Vec<Option<Copy>>;

/// The same over folded rows, if there can be such a thing.
pub(super) fn fold(input: &Step, keys: &[Expr], aggregates: &[AggregateCall]) -> Option<Box<FoldedStep>> {
    if !aggregates.iter().all(|call| call.aggregate.folds()) {
        return None;
    }
    let mut uses = Uses { of: Vec::new(), stems: Vec::new() };
    let copies = uses.of_step(input)?;
    keys.iter().for_each(|key| uses.read(key, &copies));
    for call in aggregates {
        match counted(call, &copies) {
            Some(copy) => uses.at(copy.slot).counted = true,
            None => call.arguments.iter().for_each(|argument| uses.read(argument, &copies)),
        }
    }
    let (step, weight, request) = uses.rewrite(input)?;
    let mut folded = Vec::new();
    let mut is_counted = Vec::new();
    for call in aggregates {
        let slot = counted(call, &copies).filter(|copy| uses.get(copy.slot).is_distinct());
        is_counted.push(slot.is_some());
        let arguments = match (slot, call.arguments.first()) {
            (Some(_), Some(argument)) => vec![bare(argument, weight)?],
            _ => call.arguments.iter().map(|argument| shifted(argument, weight)).collect(),
        };
        folded.push(AggregateCall { arguments, ..call.clone() });
    }
    Some(Box::new(FoldedStep {
        input: step,
        keys: keys.iter().map(|key| shifted(key, weight)).collect(),
        aggregates: folded,
        weight,
        counted: is_counted,
        request,
    }))
}

/// What is counted, if an aggregate counts the different values of what is a copy.
fn counted(call: &AggregateCall, copies: &Copies) -> Option<Copy> {
    if !call.aggregate.counts_distinct() {
        return None;
    }
    copy_of(call.arguments.first()?, copies)
}

/// What an expression copies.
fn copy_of(expr: &Expr, copies: &Copies) -> Option<Copy> {
    match expr {
        Expr::Column(at) => copies.get(*at).copied().flatten(),
        Expr::Call(function, arguments) if function.name == "tostring" => {
            let copy = copy_of(arguments.first()?, copies)?;
            Some(Copy { exactly: false, ..copy })
        }
        _ => None,
    }
}

/// The column in an expression that copies it, in a row that has the weight at a position.
fn bare(expr: &Expr, weight: usize) -> Option<Expr> {
    match expr {
        Expr::Column(_) => Some(shifted(expr, weight)),
        Expr::Call(_, arguments) => bare(arguments.first()?, weight),
        _ => None,
    }
}

/// The expression over rows that have one more value at a position.
fn shifted(expr: &Expr, weight: usize) -> Expr {
    match expr {
        Expr::Column(at) if *at >= weight => Expr::Column(at + 1),
        other => other.map_children(|child| shifted(child, weight)),
    }
}

/// A test that a stem may decide, and the column of the text.
fn stem_test(expr: &Expr) -> Option<(usize, StemTest)> {
    match expr {
        Expr::Regex(text, regex) => match &**text {
            Expr::Column(at) => Some((*at, StemTest::Matches(regex.clone()))),
            _ => None,
        },
        Expr::Binary(BinaryOperator::Text(operator), text, wanted) => match (&**text, &**wanted) {
            (Expr::Column(at), Expr::Literal(wanted)) => {
                Some((*at, StemTest::of_operator(*operator, wanted.as_str()?)?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// How the values of the table are used, by their place in its rows.
struct Uses {
    of: Vec<Use>,
    stems: Vec<bool>,
}

impl Uses {
    fn at(&mut self, slot: usize) -> &mut Use {
        if self.of.len() <= slot {
            self.of.resize(slot + 1, Use::default());
        }
        &mut self.of[slot]
    }

    fn get(&self, slot: usize) -> Use {
        self.of.get(slot).copied().unwrap_or_default()
    }

    fn has_stem(&self, copy: Option<Copy>) -> Option<usize> {
        let copy = copy.filter(|copy| copy.exactly)?;
        self.stems.get(copy.slot).copied().unwrap_or(false).then_some(copy.slot)
    }

    /// An expression that is evaluated.
    fn read(&mut self, expr: &Expr, copies: &Copies) {
        if let Some((at, _)) = stem_test(expr)
            && let Some(slot) = self.has_stem(copies.get(at).copied().flatten())
        {
            self.at(slot).stem = true;
            return;
        }
        if let Expr::Column(at) = expr {
            if let Some(copy) = copies.get(*at).copied().flatten() {
                self.at(copy.slot).whole = true;
            }
            return;
        }
        for child in expr.children() {
            self.read(child, copies);
        }
    }

    /// What the values of a step's rows are copies of. Nothing for a step that does more than look at row by row.
    fn of_step(&mut self, step: &Step) -> Option<Copies> {
        match step {
            Step::Scan(scan) => {
                self.stems.clone_from(&scan.stems);
                Some((0..scan.needs.len()).map(|slot| Some(Copy { slot, exactly: true })).collect())
            }
            Step::Filter { input, condition } => {
                let copies = self.of_step(input)?;
                let request = request_of(input)?;
                for part in parts(condition) {
                    match known_to(request, part, &copies) {
                        // What a stem decides needs no help of the table.
                        Some(slot) if self.stems.get(slot) != Some(&true) => self.at(slot).filtered = true,
                        _ => self.read(part, &copies),
                    }
                }
                Some(copies)
            }
            Step::Project { input, values } => {
                let copies = self.of_step(input)?;
                let made = values.iter().map(|value| copy_of(value, &copies)).collect();
                for value in values.iter().filter(|value| copy_of(value, &copies).is_none()) {
                    self.read(value, &copies);
                }
                Some(made)
            }
            Step::Parse { input, text, cutter, .. } => {
                let mut copies = self.of_step(input)?;
                match self.has_stem(copy_of(text, &copies)) {
                    Some(slot) if cutter.open_ended() => self.at(slot).stem = true,
                    _ => self.read(text, &copies),
                }
                copies.resize(copies.len() + cutter.columns().len(), None);
                Some(copies)
            }
            _ => None,
        }
    }

    /// The step over folded rows, the position of their weight, and what the table is asked for.
    fn rewrite(&self, step: &Step) -> Option<(Step, usize, ScanRequest)> {
        Some(match step {
            Step::Scan(scan) => {
                let mut scan = scan.clone();
                let slots = scan.needs.len();
                let which = |test: fn(Use) -> bool| (0..slots).filter(|slot| test(self.get(*slot))).collect();
                scan.request.fold = Some(Fold {
                    stems: which(Use::is_stem),
                    distinct: which(Use::is_distinct),
                    free: which(Use::is_free),
                });
                for (slot, text) in scan.texts.iter_mut().enumerate() {
                    *text &= !self.get(slot).is_distinct();
                }
                scan.texts.push(false);
                let request = scan.request.clone();
                (Step::Scan(scan), slots, request)
            }
            Step::Filter { input, condition } => {
                let copies = self.copies(input)?;
                let (input, weight, request) = self.rewrite(input)?;
                let condition = self.tested(condition, &copies, weight);
                (Step::Filter { input: Box::new(input), condition }, weight, request)
            }
            Step::Project { input, values } => {
                let copies = self.copies(input)?;
                let (input, weight, request) = self.rewrite(input)?;
                let mut made = Vec::with_capacity(values.len() + 1);
                for value in values {
                    let is_distinct =
                        copy_of(value, &copies).is_some_and(|copy| self.get(copy.slot).is_distinct());
                    made.push(if is_distinct {
                        bare(value, weight)?
                    } else {
                        self.tested(value, &copies, weight)
                    });
                }
                made.push(Expr::Column(weight));
                (Step::Project { input: Box::new(input), values: made }, values.len(), request)
            }
            Step::Parse { input, text, cutter, filter, .. } => {
                let copies = self.copies(input)?;
                let (input, weight, request) = self.rewrite(input)?;
                let slot = self.has_stem(copy_of(text, &copies));
                let stem = slot.is_some_and(|slot| self.get(slot).is_stem());
                let (text, cutter) = (shifted(text, weight), cutter.clone());
                let input = Box::new(input);
                (Step::Parse { input, text, cutter, filter: *filter, stem }, weight, request)
            }
            _ => return None,
        })
    }

    fn copies(&self, step: &Step) -> Option<Copies> {
        Self { of: Vec::new(), stems: self.stems.clone() }.of_step(step)
    }

    /// The expression over folded rows, with tests of stems in the place of tests of whole texts.
    fn tested(&self, expr: &Expr, copies: &Copies, weight: usize) -> Expr {
        if let Some((at, test)) = stem_test(expr)
            && let Some(slot) = self.has_stem(copies.get(at).copied().flatten())
            && self.get(slot).is_stem()
        {
            return Expr::Stem(Box::new(shifted(&Expr::Column(at), weight)), test);
        }
        match expr {
            Expr::Column(_) => shifted(expr, weight),
            other => other.map_children(|child| self.tested(child, copies, weight)),
        }
    }
}

/// What the table below is asked for.
fn request_of(step: &Step) -> Option<&ScanRequest> {
    match step {
        Step::Scan(scan) => Some(&scan.request),
        Step::Filter { input, .. } | Step::Project { input, .. } | Step::Parse { input, .. } => {
            request_of(input)
        }
        _ => None,
    }
}

/// The parts of a condition that all have to hold.
fn parts(condition: &Expr) -> Vec<&Expr> {
    match condition {
        Expr::And(left, right) => parts(left).into_iter().chain(parts(right)).collect(),
        other => vec![other],
    }
}

/// The place of the value that a part of a condition compares, if the table knows the same condition: it is one
/// comparison of a value of the table, or of its text, with a literal.
fn known_to(request: &ScanRequest, part: &Expr, copies: &Copies) -> Option<usize> {
    let needle = match part {
        Expr::Binary(operator, left, _) if *operator != BinaryOperator::Or => left,
        Expr::In { needle, .. } => needle,
        _ => return None,
    };
    let copy = copy_of(needle, copies)?;
    let mut hints = Vec::new();
    find_hints(part, &mut hints);
    let [Hint { path, comparison, values, .. }] = hints.as_slice() else { return None };
    let need = request.needs.get(copy.slot)?;
    let is_same = |condition: &crate::Condition| {
        condition.need == *need && condition.comparison == *comparison && condition.values == *values
    };
    (path.is_empty() && request.conditions.iter().any(is_same)).then_some(copy.slot)
}

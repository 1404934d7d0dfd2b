//! Queries of the corpus that were changed by chance: a token dropped, doubled, swapped, misspelt, or all behind it cut.
//!
//! Few of these mean anything, so that they say how faults are seen, and where. The corpus itself has to agree in every
//! line; here a few of a hundred may differ, for the reasons that are explained there.

use super::{Judgement, same_place};
use kql::{Limits, NoTables, compile};

/// How many are made. The service judges some sixty in a second.
pub(crate) const QUERIES: usize = 600;

/// Of a hundred queries, at least so many are judged alike, and of those that both refuse, as many at one place.
const ALIKE: usize = 95;

/// Numbers that look like chance, the same every time (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end.max(1) as u64).unwrap()
    }
}

/// The places of the tokens of a query behind a place: words, texts, and single signs.
fn tokens(query: &str, from: usize) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut quote = None;
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    for (at, letter) in query.char_indices().filter(|(at, _)| *at >= from) {
        let end = at + letter.len_utf8();
        let goes_on = quote.is_some()
            || found.last().is_some_and(|(start, last)| {
                *last == at && is_word(letter) && query[*start..].starts_with(is_word)
            });
        if quote == Some(letter) {
            quote = None;
        } else if quote.is_none() && matches!(letter, '\'' | '"') {
            quote = Some(letter);
        }
        if goes_on {
            found.last_mut().unwrap().1 = end;
        } else if !letter.is_whitespace() {
            found.push((at, end));
        }
    }
    found
}

/// A query with one slip of the hand; none where it is too short for one.
fn changed(query: &str, from: usize, chance: &mut Chance) -> Option<String> {
    let tokens = tokens(query, from);
    let at = 1 + chance.below(tokens.len().checked_sub(2).filter(|count| *count > 0)?);
    let ((start, end), (next, behind)) = (tokens[at], tokens[at + 1]);
    let (before, token, after) = (&query[..start], &query[start..end], &query[end..]);
    Some(match chance.below(5) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{token} {token}{after}"),
        2 => before.trim_end().to_owned(),
        3 => format!("{before}{}{}{token}{}", &query[next..behind], &query[end..next], &query[behind..]),
        _ if token.is_ascii() && token.starts_with(char::is_alphabetic) => {
            let slip = chance.below(token.len());
            format!("{before}{}q{}{after}", &token[..slip], &token[slip + 1..])
        }
        _ => return None,
    })
}

/// The queries, out of those that both take as they are.
pub(crate) fn queries(good: &[(&str, usize)]) -> Vec<String> {
    let mut chance = Chance(7);
    let mut made = Vec::new();
    while made.len() < QUERIES {
        let (query, from) = good[chance.below(good.len())];
        made.extend(changed(query, from, &mut chance));
    }
    made
}

/// What there is to say where too many are judged otherwise.
pub(crate) fn judged_otherwise(queries: &[String], judgements: &[Judgement]) -> Option<String> {
    let (mut same, mut refused, mut placed) = (0, 0, 0);
    let mut others = Vec::new();
    for (query, judgement) in queries.iter().zip(judgements) {
        let ours = compile(query, &NoTables, &Limits::default());
        let is_same = ours.is_err() != judgement.errors.is_empty();
        same += usize::from(is_same);
        match ours {
            Err(faults) if !judgement.errors.is_empty() => {
                refused += 1;
                let at_one_place = same_place(query, &faults[0], judgement);
                placed += usize::from(at_one_place);
                if !at_one_place {
                    others.push(format!("another place: {query}\n  {}", faults[0]));
                }
            }
            Err(faults) => others.push(format!("refused: {query}\n  {}", faults[0])),
            Ok(_) if !is_same => {
                others.push(format!("accepted: {query}\n  {}", judgement.errors[0].message));
            }
            Ok(_) => {}
        }
    }
    let is_enough = same * 100 >= queries.len() * ALIKE && placed * 100 >= refused * ALIKE;
    let figures = format!("{same} of {} alike, {placed} of {refused} at one place", queries.len());
    (!is_enough).then(|| format!("{figures}\n{}", others.join("\n")))
}

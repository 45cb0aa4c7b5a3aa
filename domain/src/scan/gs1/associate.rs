//! Which elements must stand together, and which must not.
use super::Span;
use crate::scan::problem::{Class, Problem};

/// Checks the elements of one symbol against each other.
///
/// # Errors
/// The first refusal: one identifier with two values, two that exclude each other, or a digital
/// signature beside a key without the serial that it must sign.
pub(super) fn check(spans: &[Span<'_>]) -> Result<Option<Problem>, Problem> {
    for (n, span) in spans.iter().enumerate() {
        if spans[..n].iter().any(|s| s.ai == span.ai && s.value != span.value) {
            return Err(Problem::at(Class::RepeatedAi, span.ai));
        }
    }
    for span in spans {
        let mut excluded = span.entry.ex.split(',').filter(|p| !p.is_empty());
        if excluded.any(|pattern| present(spans, pattern, span.ai)) {
            return Err(Problem::at(Class::Association, span.ai));
        }
    }
    // Source: the GS1 syntax engine's rule that a DigSig needs a serialised key.
    if spans.iter().any(|s| s.ai == "8030") {
        let bare = |s: &&Span<'_>| match s.ai {
            "253" | "255" => s.value.len() == 13,
            "8003" => s.value.len() == 14,
            _ => false,
        };
        if let Some(span) = spans.iter().find(bare) {
            return Err(Problem::at(Class::Other, span.ai));
        }
    }
    let lonely = spans.iter().find(|span| {
        !span.entry.req.iter().all(|groups| {
            groups.split(',').any(|group| group.split('+').all(|p| present(spans, p, span.ai)))
        })
    });
    Ok(lonely.map(|span| Problem::at(Class::MissingRequisiteAi, span.ai)))
}

/// Is there an element of this identifier or pattern (`31nn`), other than `own` for a pattern?
fn present(spans: &[Span<'_>], pattern: &str, own: &str) -> bool {
    let stem = pattern.trim_end_matches('n');
    if stem.len() == pattern.len() {
        return spans.iter().any(|s| s.ai == pattern);
    }
    spans.iter().any(|s| s.ai.len() == pattern.len() && s.ai.starts_with(stem) && s.ai != own)
}

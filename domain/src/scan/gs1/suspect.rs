//! A wedge that loses the separator makes a lot swallow the serial: look for a second reading.
use chrono::NaiveDate;

use super::{Span, check_parts, element};

/// Could the last value of a text without any separator be a shorter value and further elements?
///
/// A text with a separator comes from a reader that sends them, so nothing is lost there.
pub(super) fn swallowed(last: &Span<'_>, today: NaiveDate) -> bool {
    let (min, max) = last.entry.lengths();
    if min == max || last.entry.predefined || whole(last) {
        return false;
    }
    (min.max(1)..last.value.len()).any(|at| {
        let (head, tail) = last.value.split_at(at);
        check_parts(last.entry.parts, head, today).is_ok() && elements(head, tail, today)
    })
}

/// A US drug code in AI 715 is whole with 10, 11 or 12 digits, whatever digits those are.
fn whole(span: &Span<'_>) -> bool {
    span.ai == "715"
        && matches!(span.value.len(), 10..=12)
        && span.value.bytes().all(|b| b.is_ascii_digit())
}

/// Is the tail nothing but valid elements? Digits alone are no sign of a company's own element,
/// since 90 to 99 take anything.
fn elements(head: &str, tail: &str, today: NaiveDate) -> bool {
    let only_digits = head.bytes().chain(tail.bytes()).all(|b| b.is_ascii_digit());
    let mut rest = tail;
    while !rest.is_empty() {
        match element(rest, today) {
            Ok((span, _)) if only_digits && span.ai.starts_with('9') => return false,
            Ok((_, after)) => rest = after,
            Err(_) => return false,
        }
    }
    true
}

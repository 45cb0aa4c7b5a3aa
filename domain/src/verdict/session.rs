//! The cart and who signs on at it: check 1.

use super::{Check, Objection};
use crate::schedule::policy::Giving;
use crate::time::{Instant, MICROS_PER_SECOND, SECONDS_PER_MINUTE};

/// Check 1: what the cart's clock showed against the server's at the same moment. A wrong clock
/// puts every typed time and every dose charted without the server into the wrong window.
#[must_use]
pub fn clock_objection(giving: Giving, cart: Instant, server: Instant) -> Option<Objection> {
    let off = cart.micros_since(server).unsigned_abs();
    let second = MICROS_PER_SECOND.unsigned_abs();
    if off <= u64::from(giving.clock_variance_max_s) * second {
        return None;
    }
    let minutes = off.div_ceil(second * SECONDS_PER_MINUTE.unsigned_abs());
    let minutes = i64::try_from(minutes).unwrap_or(i64::MAX);
    Some(Objection::new(Check::ClockVariance).with("minutes", minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_as_far_as_the_home_allows_and_no_second_more() {
        let giving = Giving { clock_variance_max_s: 120, ..Default::default() };
        let here = Instant::from_micros(1_793_600_000_000_000);
        for (off_s, minutes) in [
            (0, None),
            (120, None),
            (-120, None),
            (121, Some(3)),
            (-121, Some(3)),
            (180, Some(3)),
            (7200, Some(120)),
        ] {
            let found = clock_objection(giving, here.plus_seconds(off_s).unwrap(), here);
            let told = found.as_ref().map(|o| (o.code, &o.params["minutes"]));
            let wanted = minutes.map(|m| (Check::ClockVariance, crate::verdict::Param::Int(m)));
            assert_eq!(told, wanted.as_ref().map(|(c, p)| (*c, p)), "{off_s} s");
        }
        assert!(clock_objection(giving, Instant::MAX, Instant::MIN).is_some());
    }
}

//! The witness: schedules expanded a second time, from the documents alone.

pub(crate) mod calendar;
pub(crate) mod case;
pub(crate) mod naive;
pub(crate) mod random;
pub(crate) mod zone;

//! The two coupon formats (AI 8110 and 8112): never a drug, but checked as the dictionary demands.
use chrono::NaiveDate;

use super::{date, lint};
use crate::scan::problem::Class;

struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a str, Class> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Class::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    fn digit(&mut self, allowed: &str) -> Result<usize, Class> {
        let digit = self.take(1)?;
        match digit.parse() {
            Ok(number) if allowed.contains(digit) => Ok(number),
            _ => Err(Class::Other),
        }
    }

    /// A length indicator, then that many digits and `more`.
    fn counted(&mut self, allowed: &str, more: usize) -> Result<&'a str, Class> {
        let length = self.digit(allowed)?;
        self.take(length + more)
    }

    /// Is this optional field next? Fields come in ascending order of their numbers.
    fn field(&mut self, number: char) -> bool {
        match self.0.strip_prefix(number) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn purchase(&mut self) -> Result<(), Class> {
        self.counted("12345", 0)?;
        self.digit("012349")?;
        self.take(3)?;
        Ok(())
    }

    fn further_purchase(&mut self) -> Result<(), Class> {
        self.purchase()?;
        match self.digit("01234569")? {
            9 => {}
            indicator => {
                self.take(indicator + 6)?;
            }
        }
        Ok(())
    }

    fn date(&mut self, today: NaiveDate) -> Result<NaiveDate, Class> {
        date::yymmdd(self.take(6)?, today, false).ok_or(Class::BadDate)
    }

    fn end(&self) -> Result<(), Class> {
        if self.0.is_empty() { Ok(()) } else { Err(Class::Other) }
    }
}

/// North American coupon code, AI 8110.
pub(super) fn code(text: &str, today: NaiveDate) -> Result<(), Class> {
    if !lint::digits(text) {
        return Err(Class::Charset);
    }
    let mut coupon = Reader(text);
    coupon.counted("0123456", 6).map_err(|_| Class::Gcp)?;
    coupon.take(6)?;
    coupon.counted("12345", 0)?;
    coupon.purchase()?;
    if coupon.field('1') {
        coupon.digit("0123")?;
        coupon.further_purchase()?;
    }
    if coupon.field('2') {
        coupon.further_purchase()?;
    }
    let expires = if coupon.field('3') { Some(coupon.date(today)?) } else { None };
    if coupon.field('4') {
        let starts = coupon.date(today)?;
        if expires.is_some_and(|expires| expires < starts) {
            return Err(Class::BadDate);
        }
    }
    if coupon.field('5') {
        coupon.counted("0123456789", 6)?;
    }
    if coupon.field('6') {
        coupon.counted("1234567", 6)?;
    }
    if coupon.field('9') {
        coupon.digit("01256")?;
        coupon.digit("012")?;
        coupon.take(1)?;
        coupon.digit("01")?;
    }
    coupon.end()
}

/// Positive offer file coupon, AI 8112.
pub(super) fn positive_offer(text: &str) -> Result<(), Class> {
    if !lint::digits(text) {
        return Err(Class::Charset);
    }
    let mut coupon = Reader(text);
    coupon.digit("01")?;
    coupon.counted("0123456", 6)?;
    coupon.take(6)?;
    coupon.counted("0123456789", 6)?;
    coupon.end()
}

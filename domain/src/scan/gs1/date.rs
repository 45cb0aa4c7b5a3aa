//! Dates and times of element strings.
use chrono::{Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime};

/// YYMMDD as a date; day 00 is the last day of the month where `day_zero` allows it.
///
/// The century is chosen so that the year lies between 49 before and 50 after this one.
/// Source: GS1 General Specifications 7.12.
pub(in crate::scan) fn yymmdd(text: &str, today: NaiveDate, day_zero: bool) -> Option<NaiveDate> {
    if text.len() != 6 || !super::lint::digits(text) {
        return None;
    }
    let number = |part: &str| part.parse::<u32>().ok();
    let (yy, month, day) = (number(&text[..2])?, number(&text[2..4])?, number(&text[4..])?);
    civil(year(yy, today)?, month, day, day_zero)
}

/// YYMMDDhhmm as a civil time.
pub(in crate::scan) fn yymmdd_hhmm(text: &str, today: NaiveDate) -> Option<NaiveDateTime> {
    let (date, time) = text.split_at_checked(6)?;
    Some(yymmdd(date, today, false)?.and_time(hhmm(time)?))
}

/// YYJJJ as a date: the day of the year from 001 on.
pub(in crate::scan) fn yyjjj(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    if text.len() != 5 || !super::lint::digits(text) {
        return None;
    }
    let (yy, day) = text.split_at(2);
    NaiveDate::from_yo_opt(year(yy.parse().ok()?, today)?, day.parse().ok()?)
}

/// YYYYMMDD as a date; day 00 is the last day of the month where `day_zero` allows it.
pub(in crate::scan) fn yyyymmdd(text: &str, day_zero: bool) -> Option<NaiveDate> {
    if text.len() != 8 || !super::lint::digits(text) {
        return None;
    }
    let (year, rest) = text.split_at(4);
    civil(year.parse().ok()?, rest[..2].parse().ok()?, rest[2..].parse().ok()?, day_zero)
}

/// HHMM as a time of the day.
pub(super) fn hhmm(text: &str) -> Option<NaiveTime> {
    if text.len() != 4 || !super::lint::digits(text) {
        return None;
    }
    NaiveTime::from_hms_opt(text[..2].parse().ok()?, text[2..].parse().ok()?, 0)
}

fn year(yy: u32, today: NaiveDate) -> Option<i32> {
    let yy = i32::try_from(yy).ok()?;
    let this = today.year();
    let century = this - this.rem_euclid(100);
    Some(match yy - this.rem_euclid(100) {
        51..=99 => century - 100 + yy,
        -99..=-50 => century + 100 + yy,
        _ => century + yy,
    })
}

fn civil(year: i32, month: u32, day: u32, day_zero: bool) -> Option<NaiveDate> {
    if day == 0 && day_zero {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        return first.checked_add_months(Months::new(1))?.pred_opt();
    }
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centuries_slide_with_today() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        for (text, want) in [
            ("760101", Some("2076-01-01")),
            ("770101", Some("1977-01-01")),
            ("000200", Some("2000-02-29")),
            ("270200", Some("2027-02-28")),
            ("281200", Some("2028-12-31")),
            ("270229", None),
            ("271301", None),
        ] {
            let got = yymmdd(text, today, true).map(|d| d.to_string());
            assert_eq!(got.as_deref(), want, "{text}");
        }
        assert_eq!(yymmdd("270200", today, false), None);
        let late = NaiveDate::from_ymd_opt(2099, 1, 1).unwrap();
        assert_eq!(yymmdd("490101", late, true), NaiveDate::from_ymd_opt(2149, 1, 1));
    }
}

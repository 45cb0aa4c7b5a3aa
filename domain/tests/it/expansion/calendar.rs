//! The civil calendar as a list of days, written out one after the other.

use std::sync::LazyLock;

use emar_domain::time::{CivilDate, Weekday};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) weekday: Weekday,
}

const FIRST_YEAR: i32 = 1960;
/// 1970-01-01 in the list.
const EPOCH: i64 = 3_653;

/// 1960 to 2059. The first of January 1960 was a Friday.
static DAYS: LazyLock<Vec<Day>> = LazyLock::new(|| {
    let mut days = Vec::new();
    let mut week = Weekday::ALL.into_iter().cycle().skip(4);
    for year in FIRST_YEAR..2060 {
        for month in 1..=12 {
            for day in 1..=month_length(year, month) {
                days.push(Day { year, month, day, weekday: week.next().unwrap() });
            }
        }
    }
    days
});

pub(crate) fn month_length(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 => 29,
        2 => 28,
        _ => 31,
    }
}

/// The day so many days after 1970-01-01.
pub(crate) fn day(number: i64) -> Day {
    DAYS[usize::try_from(number + EPOCH).unwrap()]
}

/// The day of this second on a wall clock, in days since 1970-01-01.
pub(crate) fn day_of(wall: i64) -> i64 {
    wall.div_euclid(86_400)
}

pub(crate) fn number_of(date: CivilDate) -> i64 {
    let year_begin = |year: i32| (FIRST_YEAR..year).map(year_length).sum::<i64>() - EPOCH;
    let months = (1..date.month()).map(|month| i64::from(month_length(date.year(), month)));
    year_begin(date.year()) + months.sum::<i64>() + i64::from(date.day()) - 1
}

fn year_length(year: i32) -> i64 {
    if year % 4 == 0 { 366 } else { 365 }
}

pub(crate) fn date_text(number: i64) -> String {
    let Day { year, month, day, .. } = day(number);
    format!("{year}-{month:02}-{day:02}")
}

/// `2026-03-08T02:30`, with seconds when there are any.
pub(crate) fn wall_text(wall: i64) -> String {
    let (number, second) = (day_of(wall), wall.rem_euclid(86_400));
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let text = format!("{}T{hour:02}:{minute:02}", date_text(number));
    if second == 0 { text } else { format!("{text}:{second:02}") }
}

/// `2026-03-08T03:30:00-04:00`.
pub(crate) fn local_text(wall: i64, offset: i64) -> String {
    let mut text = wall_text(wall);
    if wall % 60 == 0 {
        text.push_str(":00");
    }
    let (sign, size) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    text.push_str(&format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60));
    if size % 60 != 0 {
        text.push_str(&format!(":{:02}", size % 60));
    }
    text
}

#[test]
fn the_list_agrees_with_known_days() {
    for (text, number, weekday) in [
        ("1970-01-01", 0, Weekday::Thu),
        ("2000-02-29", 11_016, Weekday::Tue),
        ("2026-11-22", 20_779, Weekday::Sun),
    ] {
        assert_eq!(number_of(CivilDate::parse(text).unwrap()), number);
        assert_eq!((date_text(number).as_str(), day(number).weekday), (text, weekday));
    }
    assert_eq!(local_text(-1, -2_670), "1969-12-31T23:59:59-00:44:30");
}

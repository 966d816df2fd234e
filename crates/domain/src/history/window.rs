//! Spans of time: how far back a question goes, into which cells it is drawn, and which rows answer it.
//!
//! All boundaries are unix ms and multiples of their width, so days are UTC's. A cell holds whole rows of the level that
//! answers its window; nothing is ever split in proportion.

use super::{MINUTE_MS, Times};
use crate::problem::{Code, Problem};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How far back: 24 hours, 7, 30, 90 days, or a year of 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "HistoryWindow")]
pub enum Window {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// How much time one row sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Minute,
    Hour,
    Day,
}

/// From the first ms to before the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub until: i64,
}

/// One cell of a strip: the shares, which together are 1, of how it was between two instants (unix ms).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    #[ts(type = "number")]
    pub from: i64,
    #[ts(type = "number")]
    pub until: i64,
    pub up: f64,
    pub degraded: f64,
    pub down: f64,
    /// Nobody looked, or the looks said nothing.
    pub unknown: f64,
}

/// For how long rows are kept. Changes of health are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    /// Days that can be seen by the minute; 1 at least.
    pub minute_days: u32,
    /// Days that can be seen by the hour; 2 at least, since days are made of them.
    pub hour_days: u32,
    /// Years that can be seen by the day; 1 at least.
    pub day_years: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { minute_days: 1, hour_days: 31, day_years: 10 }
    }
}

impl Window {
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }

    /// The rows that answer it.
    pub fn level(self) -> Level {
        match self {
            Self::Day => Level::Minute,
            Self::Week | Self::Month => Level::Hour,
            Self::Quarter | Self::Year => Level::Day,
        }
    }

    /// The width of a cell, some rows: 96, 84, 90, 90 and 73 of them make the windows.
    fn cell(self) -> i64 {
        match self {
            Self::Day => 15 * MINUTE_MS,
            Self::Week => 2 * HOUR_MS,
            Self::Month => 8 * HOUR_MS,
            Self::Quarter => DAY_MS,
            Self::Year => 5 * DAY_MS,
        }
    }

    /// The window itself: it ends now and begins with a row of its level, so that it may be a part of one short.
    pub fn span(self, now: i64) -> Span {
        let end = -floor(-now, self.level().width());
        Span { from: end - self.days() * DAY_MS, until: now }
    }

    /// Its cells, oldest first; the last one lasts until now.
    pub fn cells(self, now: i64) -> Vec<Span> {
        let Span { from, until } = self.span(now);
        let starts = (0..).map(|number| from + number * self.cell()).take_while(|start| *start < until);
        starts.map(|start| Span { from: start, until: (start + self.cell()).min(until) }).collect()
    }

    /// Which rows cover the window up to the minute `open` that is not written yet: coarse ones where they are made
    /// already, finer ones from there on.
    pub fn slices(self, now: i64, open: i64) -> Vec<(Level, Span)> {
        let mut from = self.span(now).from;
        let ends = [
            (Level::Day, floor(open, DAY_MS)),
            (Level::Hour, floor(open, HOUR_MS)),
            (Level::Minute, open.min(now)),
        ];
        let mut slices = Vec::new();
        for (level, until) in ends.into_iter().filter(|(level, _)| *level <= self.level()) {
            if from < until {
                slices.push((level, Span { from, until }));
                from = until;
            }
        }
        slices
    }
}

impl Level {
    pub fn width(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
        }
    }

    /// The row of this level in which an instant lies.
    pub fn span(self, at: i64) -> Span {
        let from = floor(at, self.width());
        Span { from, until: from.saturating_add(self.width()) }
    }

    /// The sheet of this level in which an instant lies: as much as one row of the coarser level, or thirty days.
    pub fn sheet(self, at: i64) -> Span {
        let width = match self {
            Self::Minute => HOUR_MS,
            Self::Hour => DAY_MS,
            Self::Day => Window::Month.days() * DAY_MS,
        };
        let from = floor(at, width);
        Span { from, until: from.saturating_add(width) }
    }

    /// The place of an instant's row in its sheet.
    pub fn place(self, at: i64) -> u8 {
        let place = (at - self.sheet(at).from) / self.width();
        u8::try_from(place).unwrap_or_default()
    }

    /// The row at a place of the sheet that begins at an instant.
    pub fn row(self, sheet: i64, place: u8) -> Span {
        self.span(sheet.saturating_add(i64::from(place) * self.width()))
    }
}

impl Retention {
    /// Refuses to keep less than what the coarser rows are made of.
    pub fn check(self) -> Result<Self, Problem> {
        let least = [
            ("minuteDays", self.minute_days, 1),
            ("hourDays", self.hour_days, 2),
            ("dayYears", self.day_years, 1),
        ];
        match least.into_iter().find(|(_, days, least)| days < least) {
            Some((field, days, least)) => Err(Problem::new(Code::FieldInvalid)
                .arg("field", field)
                .arg("value", days)
                .arg("example", least)),
            None => Ok(self),
        }
    }

    /// Sheets of the level that begin before this instant can go.
    pub fn keeps_from(self, level: Level, now: i64) -> i64 {
        let days = match level {
            Level::Minute => i64::from(self.minute_days),
            Level::Hour => i64::from(self.hour_days),
            Level::Day => i64::from(self.day_years) * Window::Year.days(),
        };
        level.sheet(now - days * DAY_MS).from
    }
}

/// Draws rows, each by the instant that it begins at, into the window's cells.
pub fn strip(window: Window, now: i64, rows: impl IntoIterator<Item = (i64, Times)>) -> Vec<Cell> {
    let spans = window.cells(now);
    let first = window.span(now).from;
    let mut times = vec![Times::default(); spans.len()];
    for (start, row) in rows {
        let number = usize::try_from((start - first).div_euclid(window.cell())).ok();
        if let Some(cell) = number.and_then(|number| times.get_mut(number)) {
            cell.merge(row);
        }
    }
    spans.into_iter().zip(times).map(|(span, times)| cell(span, times)).collect()
}

fn cell(Span { from, until }: Span, times: Times) -> Cell {
    // More can only be known than has passed where a clock was put back.
    let whole = (until - from).max(times.known()) as f64;
    let share = |ms: i64| ms as f64 / whole;
    let (up, degraded, down) = (share(times.up), share(times.degraded), share(times.down));
    Cell { from, until, up, degraded, down, unknown: share(whole as i64 - times.known()) }
}

fn floor(at: i64, width: i64) -> i64 {
    // What was kept may say any instant.
    at.saturating_sub(at.rem_euclid(width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Health;
    use proptest::prelude::*;

    /// 2026-03-05 14:07:30 UTC.
    const NOW: i64 = 1_772_719_650_000;

    #[test]
    fn a_window_is_answered_by_coarse_rows_and_by_finer_ones_where_these_are_not_made_yet() {
        let (day, hour) = (floor(NOW, DAY_MS), floor(NOW, HOUR_MS));
        let open = floor(NOW, MINUTE_MS);
        let ends =
            |window: Window| window.slices(NOW, open).into_iter().map(|(level, span)| (level, span.until));
        assert_eq!(ends(Window::Day).collect::<Vec<_>>(), [(Level::Minute, open)]);
        assert_eq!(ends(Window::Month).collect::<Vec<_>>(), [(Level::Hour, hour), (Level::Minute, open)]);
        assert_eq!(
            ends(Window::Year).collect::<Vec<_>>(),
            [(Level::Day, day), (Level::Hour, hour), (Level::Minute, open)]
        );
        // Nobody has looked for two days: what was open then is still open.
        let stale = open - 2 * DAY_MS;
        assert_eq!(Window::Day.slices(NOW, stale), []);
        assert_eq!(Window::Year.slices(NOW, stale).last().map(|(_, span)| span.until), Some(stale));
    }

    #[test]
    fn less_than_what_days_are_made_of_cannot_be_kept() {
        assert!(Retention::default().check().is_ok());
        for (minute_days, hour_days, day_years) in [(0, 31, 1), (1, 1, 1), (1, 31, 0)] {
            let problem = Retention { minute_days, hour_days, day_years }.check().unwrap_err();
            assert_eq!(problem.code, Code::FieldInvalid);
        }
    }

    fn any_window() -> impl Strategy<Value = Window> {
        prop::sample::select(Window::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn every_row_has_its_place_in_one_sheet(at in NOW..NOW + 400 * DAY_MS) {
            for level in [Level::Minute, Level::Hour, Level::Day] {
                let sheet = level.sheet(at);
                prop_assert!((sheet.from..sheet.until).contains(&at));
                prop_assert_eq!(level.row(sheet.from, level.place(at)), level.span(at));
            }
            // What is added up to a coarser row is one sheet.
            prop_assert_eq!(Level::Minute.sheet(at), Level::Hour.span(at));
            prop_assert_eq!(Level::Hour.sheet(at), Level::Day.span(at));
        }

        #[test]
        fn cells_cover_the_window_exactly_and_hold_whole_rows(window in any_window(), now in NOW..NOW + 400 * DAY_MS) {
            let (cells, span) = (window.cells(now), window.span(now));
            prop_assert_eq!(cells.len() as i64, window.days() * DAY_MS / window.cell());
            prop_assert_eq!((cells[0].from, cells[cells.len() - 1].until), (span.from, now));
            prop_assert!(cells.windows(2).all(|pair| pair[0].until == pair[1].from));
            prop_assert!(cells.iter().all(|cell| cell.from < cell.until));
            prop_assert!(cells.iter().all(|cell| cell.from % window.level().width() == 0));
            prop_assert!(window.days() * DAY_MS - (now - span.from) < window.level().width());
        }

        #[test]
        fn slices_follow_on_one_another_up_to_the_open_minute(window in any_window(), now in NOW..NOW + 400 * DAY_MS) {
            let open = floor(now, MINUTE_MS);
            let mut from = window.span(now).from;
            for (level, span) in window.slices(now, open) {
                prop_assert_eq!(span.from, from);
                prop_assert_eq!((span.from % level.width(), span.until % level.width()), (0, 0));
                from = span.until;
            }
            prop_assert_eq!(from, open.max(window.span(now).from));
        }

        #[test]
        fn what_a_window_needs_is_kept(window in any_window(), now in NOW..NOW + 400 * DAY_MS) {
            let from = window.span(now).from;
            prop_assert!(Retention::default().keeps_from(window.level(), now) <= from);
        }

        #[test]
        fn a_cell_is_one_whole_and_a_gap_is_unknown(
            window in any_window(),
            now in NOW..NOW + 400 * DAY_MS,
            rows in prop::collection::btree_map(0i64..2_000, (0i64..=1_000, 0i64..=1_000), 0..200),
        ) {
            let (width, first) = (window.level().width(), window.span(now).from);
            let rows: Vec<(i64, Times)> = rows.into_iter().map(|(number, (up, down))| {
                let mut times = Times::default();
                times.add(Health::Up, up * width / 2_000);
                times.add(Health::Down, down * width / 2_000);
                (first + number * width, times)
            }).filter(|(start, _)| start + width <= now).collect();
            for cell in strip(window, now, rows.iter().copied()) {
                let parts = [cell.up, cell.degraded, cell.down, cell.unknown];
                prop_assert!((parts.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                prop_assert!(parts.iter().all(|part| (0.0..=1.0).contains(part)));
                if !rows.iter().any(|(start, _)| (cell.from..cell.until).contains(start)) {
                    prop_assert_eq!(cell.unknown, 1.0);
                }
            }
        }
    }
}

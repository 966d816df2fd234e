//! A sheet: the rows of one subject that make one row of the coarser level, in a few bytes.
//!
//! The minutes of an hour, the hours of a day, the days of a month of thirty. A row each would cost more in keys than
//! in what it says, and a page of history would take thousands of them.

use super::histogram::{read_varint, varint};
use super::{Histogram, Rollup, Times};

/// Rows by their place in the sheet, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    rows: Vec<(u8, Rollup)>,
}

impl Sheet {
    /// Puts a row into its place; one that was there is replaced.
    pub fn put(&mut self, place: u8, row: Rollup) {
        match self.rows.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(at) => self.rows[at].1 = row,
            Err(at) => self.rows.insert(at, (place, row)),
        }
    }

    /// Adds to the row at a place.
    pub fn add(&mut self, place: u8, more: &Rollup) {
        match self.rows.binary_search_by_key(&place, |(place, _)| *place) {
            Ok(at) => self.rows[at].1.merge(more),
            Err(at) => self.rows.insert(at, (place, more.clone())),
        }
    }

    /// Place and row, in order.
    pub fn into_rows(self) -> impl Iterator<Item = (u8, Rollup)> {
        self.rows.into_iter()
    }

    /// All rows as one of the coarser level.
    pub fn sum(&self) -> Rollup {
        let mut sum = Rollup::default();
        self.rows.iter().for_each(|(_, row)| sum.merge(row));
        sum
    }

    /// For each row its place, the three times in ms, the histogram.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (place, Rollup { times: Times { up, degraded, down }, latency }) in &self.rows {
            bytes.push(*place);
            for ms in [up, degraded, down] {
                varint(&mut bytes, u32::try_from(*ms).unwrap_or_default());
            }
            latency.write(&mut bytes);
        }
        bytes
    }

    /// What [`Sheet::to_bytes`] wrote; of damaged bytes, the rows before the damage.
    pub fn from_bytes(mut bytes: &[u8]) -> Self {
        let mut sheet = Self::default();
        while let Some((place, row)) = read(&mut bytes) {
            sheet.put(place, row);
        }
        sheet
    }
}

fn read(bytes: &mut &[u8]) -> Option<(u8, Rollup)> {
    let (place, rest) = bytes.split_first()?;
    *bytes = rest;
    let [up, degraded, down] = [read_varint(bytes)?, read_varint(bytes)?, read_varint(bytes)?].map(i64::from);
    Some((*place, Rollup { times: Times { up, degraded, down }, latency: Histogram::read(bytes)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_row() -> impl Strategy<Value = Rollup> {
        let times = (0i64..=60_000, 0i64..=60_000, 0i64..=86_400_000);
        (times, prop::collection::vec(0u32.., 0..30)).prop_map(|((up, degraded, down), answers)| {
            let mut row = Rollup { times: Times { up, degraded, down }, ..Rollup::default() };
            answers.into_iter().for_each(|millis| row.latency.add(millis));
            row
        })
    }

    proptest! {
        #[test]
        fn it_is_read_as_it_was_written(rows in prop::collection::btree_map(0u8..60, any_row(), 0..60)) {
            let sheet = Sheet { rows: rows.into_iter().collect() };
            prop_assert_eq!(Sheet::from_bytes(&sheet.to_bytes()), sheet);
        }

        #[test]
        fn adding_up_is_associative(a in any_row(), b in any_row(), c in any_row()) {
            let sum = |rows: &[&Rollup]| {
                let places = (0u8..).zip(rows.iter().map(|row| (*row).clone()));
                Sheet { rows: places.collect() }.sum()
            };
            prop_assert_eq!(sum(&[&sum(&[&a, &b]), &c]), sum(&[&a, &sum(&[&b, &c])]));
            prop_assert_eq!(sum(&[&a, &b, &c]), sum(&[&c, &b, &a]));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            Sheet::from_bytes(&bytes).sum();
        }
    }
}

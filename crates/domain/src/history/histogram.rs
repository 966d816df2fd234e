//! How long answers took, kept in a few bytes: counts in buckets whose width grows with the value.
//!
//! Eight buckets to each power of two, so that what is read back is at most 1/16 off, whatever the value. Adding up
//! two histograms loses nothing, which is what lets minutes become hours and hours days; averages and percentiles
//! could not be added up like that.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Buckets to a power of two, as bits.
const FINE: u32 = 3;

/// Counts of milliseconds, by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: BTreeMap<u8, u32>,
}

impl Histogram {
    pub fn add(&mut self, millis: u32) {
        self.count(bucket(millis), 1);
    }

    pub fn merge(&mut self, other: &Self) {
        other.counts.iter().for_each(|(bucket, count)| self.count(*bucket, *count));
    }

    fn count(&mut self, bucket: u8, more: u32) {
        let count = self.counts.entry(bucket).or_default();
        *count = count.saturating_add(more);
    }

    /// How many answers were counted.
    pub fn total(&self) -> u64 {
        self.counts.values().map(|count| u64::from(*count)).sum()
    }

    /// The milliseconds that `percent` of the answers did not exceed, at most 1/16 off; none without answers.
    pub fn percentile(&self, percent: u32) -> Option<u32> {
        let rank = (self.total() * u64::from(percent)).div_ceil(100).max(1);
        let mut passed = 0;
        self.counts.iter().find_map(|(bucket, count)| {
            passed += u64::from(*count);
            (passed >= rank).then(|| middle(*bucket))
        })
    }

    /// Pairs of the distance from the bucket before and the count, each as a varint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.counts.len() * 2);
        let mut before = 0;
        for (bucket, count) in &self.counts {
            varint(&mut bytes, u32::from(*bucket - before));
            varint(&mut bytes, *count);
            before = *bucket;
        }
        bytes
    }

    /// What [`Histogram::to_bytes`] wrote; of bytes that are not such, what comes before the first that makes no sense.
    pub fn from_bytes(mut bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let mut at = 0u32;
        while let (Some(distance), Some(count)) = (read_varint(&mut bytes), read_varint(&mut bytes)) {
            at = at.saturating_add(distance);
            let Ok(bucket) = u8::try_from(at) else { break };
            if bucket > self::bucket(u32::MAX) {
                break;
            }
            found.count(bucket, count);
        }
        found
    }
}

/// In documents: pairs of bucket and count.
impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.counts)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<(u8, u32)>::deserialize(deserializer)?;
        let mut found = Self::default();
        pairs
            .into_iter()
            .filter(|(at, _)| *at <= bucket(u32::MAX))
            .for_each(|(at, count)| found.count(at, count));
        Ok(found)
    }
}

/// Small values have a bucket each; from there on the leading bit and the [`FINE`] bits after it count.
fn bucket(millis: u32) -> u8 {
    let number = match millis.checked_ilog2() {
        Some(exponent) if exponent >= FINE => {
            let shift = exponent - FINE;
            (shift << FINE) + (millis >> shift)
        }
        _ => millis,
    };
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// The value in the middle of a bucket.
fn middle(bucket: u8) -> u32 {
    let number = u32::from(bucket);
    let Some(shift) = (number >> FINE).checked_sub(1) else { return number };
    let lowest = (number - (shift << FINE)) << shift;
    lowest + ((1 << shift) >> 1)
}

fn varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0u32;
    for shift in (0..32).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u32::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u32]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.add(*value));
        histogram
    }

    fn merged(one: &Histogram, other: &Histogram) -> Histogram {
        let mut sum = one.clone();
        sum.merge(other);
        sum
    }

    #[test]
    fn percentiles_of_known_answers() {
        let hundred: Vec<u32> = (1..=100).collect();
        let table: [(&[u32], u32, Option<u32>); 6] = [
            (&[], 50, None),
            (&[0], 99, Some(0)),
            (&[3, 3, 3, 7], 50, Some(3)),
            (&[3, 3, 3, 7], 99, Some(7)),
            (&hundred, 50, Some(50)),
            (&[5, 5, 5, 5, 5, 5, 5, 5, 5, 8000], 95, Some(7936)),
        ];
        for (values, percent, expected) in table {
            assert_eq!(of(values).percentile(percent), expected, "{percent} % of {values:?}");
        }
    }

    #[test]
    fn a_usual_minute_takes_a_few_bytes() {
        let minute: Vec<u32> = (0..20).map(|look| 11 + look % 5).collect();
        assert!(of(&minute).to_bytes().len() <= 12);
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_a_sixteenth_off_at_most(value: u32) {
            let read = u64::from(of(&[value]).percentile(50).unwrap());
            prop_assert!(read.abs_diff(u64::from(value)) * 16 <= u64::from(value));
        }

        #[test]
        fn adding_up_is_associative_and_keeps_every_answer(
            a in prop::collection::vec(0u32.., 0..20),
            b in prop::collection::vec(0u32.., 0..20),
            c in prop::collection::vec(0u32.., 0..20),
        ) {
            let (x, y, z) = (of(&a), of(&b), of(&c));
            let left = merged(&merged(&x, &y), &z);
            prop_assert_eq!(&left, &merged(&x, &merged(&y, &z)));
            prop_assert_eq!(&left, &merged(&merged(&z, &x), &y));
            prop_assert_eq!(left.total(), (a.len() + b.len() + c.len()) as u64);
        }

        #[test]
        fn percentiles_do_not_fall(values in prop::collection::vec(0u32.., 1..50), low in 0u32..=100, high in 0u32..=100) {
            let histogram = of(&values);
            prop_assert!(histogram.percentile(low.min(high)) <= histogram.percentile(low.max(high)));
        }

        #[test]
        fn it_is_written_and_read_as_it_was(values in prop::collection::vec(0u32.., 0..50)) {
            let histogram = of(&values);
            prop_assert_eq!(&Histogram::from_bytes(&histogram.to_bytes()), &histogram);
            let text = serde_json::to_string(&histogram).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Histogram>(&text).unwrap(), &histogram);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let read = Histogram::from_bytes(&bytes);
            prop_assert!(read.percentile(99).is_some() == (read.total() > 0));
        }
    }
}

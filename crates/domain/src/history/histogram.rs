//! How long answers took, kept in a few bytes: counts in buckets whose width grows with the value.
//!
//! Eight buckets to each power of two, so that what is read back is at most 1/16 off, whatever the value. Adding up
//! two histograms loses nothing, which is what lets minutes become hours and hours days; averages and percentiles
//! could not be added up like that.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Buckets to a power of two, as bits.
const FINE: u32 = 3;

/// Counts of milliseconds, by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// By bucket, each once.
    counts: Vec<(u8, u32)>,
}

impl Histogram {
    pub fn add(&mut self, millis: u32) {
        self.count(bucket(millis), 1);
    }

    pub fn merge(&mut self, other: &Self) {
        // Both are in order: one walk through both.
        let mut at = 0;
        for (bucket, count) in &other.counts {
            while self.counts.get(at).is_some_and(|(own, _)| own < bucket) {
                at += 1;
            }
            match self.counts.get_mut(at) {
                Some((own, sum)) if own == bucket => *sum = sum.saturating_add(*count),
                _ => self.counts.insert(at, (*bucket, *count)),
            }
        }
    }

    fn count(&mut self, bucket: u8, more: u32) {
        match self.counts.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(more),
            Err(at) => self.counts.insert(at, (bucket, more)),
        }
    }

    /// How many answers were counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|(_, count)| u64::from(*count)).sum()
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

    /// How many buckets follow, then of each the distance from the one before and the count; all of it varints.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        varint(bytes, u32::try_from(self.counts.len()).unwrap_or_default());
        let mut before = 0;
        for (bucket, count) in &self.counts {
            varint(bytes, u32::from(*bucket - before));
            varint(bytes, *count);
            before = *bucket;
        }
    }

    /// What [`Histogram::write`] wrote, taken off the front; none of bytes that are not such.
    pub(super) fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(read_varint(bytes)?).ok()?;
        let mut counts = Vec::with_capacity(length.min(usize::from(bucket(u32::MAX))));
        let mut at = 0u32;
        for _ in 0..length {
            at = at.checked_add(read_varint(bytes)?)?;
            let bucket = u8::try_from(at).ok().filter(|at| *at <= bucket(u32::MAX))?;
            if counts.last().is_some_and(|(before, _)| *before >= bucket) {
                return None;
            }
            counts.push((bucket, read_varint(bytes)?));
        }
        Some(Self { counts })
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

pub(super) fn varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

pub(super) fn read_varint(bytes: &mut &[u8]) -> Option<u32> {
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
        let mut bytes = Vec::new();
        of(&minute).write(&mut bytes);
        assert!(bytes.len() <= 12, "{bytes:?}");
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
            let mut bytes = Vec::new();
            histogram.write(&mut bytes);
            let mut left = bytes.as_slice();
            prop_assert_eq!(Histogram::read(&mut left), Some(histogram.clone()));
            prop_assert!(left.is_empty());
            let text = serde_json::to_string(&histogram).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Histogram>(&text).unwrap(), &histogram);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            if let Some(read) = Histogram::read(&mut bytes.as_slice()) {
                prop_assert!(read.percentile(99).is_some() == (read.total() > 0));
            }
        }
    }
}

//! Chance that can be had again: numbers that follow from a seed, and nothing else.
//!
//! Written out here (splitmix64, public domain), so that a seed means the same case in every version of every crate.

pub struct Chance(u64);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `limit` without it; 0 where there is nothing to choose from.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// From 1 to `limit`, with it.
    pub fn up_to(&mut self, limit: u64) -> u64 {
        1 + self.next() % limit.max(1)
    }

    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of them, each as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, from: &[(usize, T)]) -> T {
        let mut left = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in from {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        from[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_same_case_for_ever() {
        let mut chance = Chance::of(1);
        assert_eq!([chance.below(1_000), chance.below(1_000), chance.below(1_000)], [465, 519, 590]);
        assert!((0..100).all(|_| (1..=3).contains(&chance.up_to(3))));
        assert_eq!(chance.weighted(&[(0, 'a'), (5, 'b')]), 'b');
    }
}

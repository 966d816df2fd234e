//! Whose clock is off: certificates are "not yet valid" then, or expired, and etcd elects for ever.
//!
//! The machines and this computer vote, and who stands apart from the middle is wrong. So neither a laptop with a flat
//! battery nor one bad machine makes all the others look guilty.

use crate::observed::{Observed, Seen};
use crate::problem::{Code, Problem};

/// A kubelet renews its lease every ten seconds; an older one may still be that of a clock that is right.
const RENEWED_MS: i64 = 15_000;

/// A node whose lease is older by itself is not Ready any more, and is told as such.
const LIMIT_MS: i64 = 60_000;

/// The median of the machines' skews and of this computer's, which is zero; of two middle ones, the one nearer to this
/// computer. Milliseconds.
pub fn middle(machines: &[i64]) -> i64 {
    let mut votes = machines.to_vec();
    votes.push(0);
    votes.sort_unstable();
    let (low, high) = (votes[(votes.len() - 1) / 2], votes[votes.len() / 2]);
    if low.abs() <= high.abs() { low } else { high }
}

/// Whose clocks are off by the leases of the nodes that are Ready: [`Code::ClockSkewed`] for each machine, or
/// [`Code::OwnClockSkewed`] where it is this computer that stands apart.
pub fn wrong_clocks(observed: &Observed) -> Vec<Problem> {
    let Some(Seen::Seen { value: renewed, at }) = &observed.clocks else { return Vec::new() };
    let skew = |renewed: i64| match renewed.saturating_sub(*at) {
        ahead @ 0.. => ahead,
        behind => behind.saturating_add(RENEWED_MS).min(0),
    };
    let ready = observed.nodes().iter().filter(|node| node.ready);
    let skews: Vec<(&str, i64)> =
        ready.filter_map(|node| Some((node.name.as_str(), skew(*renewed.get(&node.name)?)))).collect();
    let middle = middle(&skews.iter().map(|(_, skew)| *skew).collect::<Vec<_>>());
    let wrong = |skew: i64| skew.saturating_abs() >= LIMIT_MS;
    let off = |problem: Problem, skew: i64| problem.arg("seconds", skew / 1_000);
    if wrong(middle) {
        return vec![off(Problem::new(Code::OwnClockSkewed), -middle)];
    }
    let apart = skews.into_iter().map(|(node, skew)| (node, skew.saturating_sub(middle)));
    apart
        .filter(|(_, skew)| wrong(*skew))
        .map(|(node, skew)| off(Problem::new(Code::ClockSkewed).arg("machine", node), skew))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::tests::{NOW, desired, now, well};
    use crate::exposure::Reach;

    /// By when each of three nodes renewed its lease, seconds from now: who is wrong, by how many seconds.
    fn wrong(renewed: [i64; 3]) -> Vec<(String, String)> {
        let mut observed = well(&desired(Reach::Lan));
        let at = |seconds: i64| NOW.saturating_add(seconds.saturating_mul(1_000));
        let names = ["pi-1", "pi-2", "pi-3"].map(str::to_owned);
        observed.clocks = Some(now(names.into_iter().zip(renewed.map(at)).collect()));
        let said = |problem: Problem| {
            let own = problem.code == Code::OwnClockSkewed;
            let machine = if own { "own".into() } else { problem.args["machine"].clone() };
            (machine, problem.args["seconds"].clone())
        };
        wrong_clocks(&observed).into_iter().map(said).collect()
    }

    #[test]
    fn who_stands_apart_is_wrong() {
        let said = |machine: &str, seconds: &str| vec![(machine.to_owned(), seconds.to_owned())];
        assert!(wrong([-3, -9, 0]).is_empty());
        assert!(wrong([-40, -50, 30]).is_empty(), "a lease that was not renewed in time is no clock");
        assert_eq!(said("pi-2", "3600"), wrong([-3, 3_600, -8]));
        assert_eq!(said("pi-3", "-7185"), wrong([-3, -4, -7_200]));
        assert_eq!(said("own", "-3599"), wrong([3_600, 3_601, 3_599]));
        for any in [i64::MIN, i64::MAX] {
            assert_eq!("pi-1", wrong([any, 0, 0])[0].0, "whatever a lease says");
        }
    }

    #[test]
    fn a_node_that_is_away_has_an_old_lease_and_no_wrong_clock() {
        let mut observed = well(&desired(Reach::Lan));
        observed.clocks = Some(now([("pi-2".to_owned(), NOW - 600_000)].into()));
        assert_eq!(1, wrong_clocks(&observed).len());
        let Some(Seen::Seen { value, .. }) = &mut observed.nodes else { panic!() };
        value[1].ready = false;
        assert!(wrong_clocks(&observed).is_empty());
    }
}

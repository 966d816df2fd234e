//! Which spots are one machine.
//!
//! The rules, strongest first: one boot id is one machine; one network card is one machine unless it shows
//! different host keys (proxy ARP, or several machines behind one card); one host key is one machine unless it
//! shows on several cards that are up at once, since clones of a disk image look just so. An announcement that
//! names the addresses of both cards settles that question; nothing else does.

use super::{Mac, spot::Spot};

/// More bare addresses than this behind one card are a router's proxy ARP, not a machine with many addresses.
pub(super) const MANY: usize = 8;

/// Splits spots that may be connected into machines: lists of indices into `spots`, each ascending.
///
/// `met` says whether two cards were ever up at the same time.
pub(super) fn partition(spots: &[&Spot], met: impl Fn(Mac, Mac) -> bool) -> Vec<Vec<usize>> {
    let mut sets = Sets((0..spots.len()).collect());
    join_boots(spots, &mut sets);
    join_cards(spots, &mut sets);
    join_keys(spots, &mut sets, met);
    sets.lists()
}

fn join_boots(spots: &[&Spot], sets: &mut Sets) {
    pairs(spots.len(), |a, b| {
        let boot = |i: usize| spots[i].machine.as_ref().map(|(_, boot)| boot).filter(|boot| !boot.is_empty());
        if boot(a).is_some() && boot(a) == boot(b) {
            sets.join(a, b);
        }
    });
}

/// On one card, spots with agreeing keys are one machine. Those without any key belong to it when it is the only
/// one behind the card, and else stay together as the card's own machine: the router.
fn join_cards(spots: &[&Spot], sets: &mut Sets) {
    let same_card = |a: usize, b: usize| spots[a].mac.is_some() && spots[a].mac == spots[b].mac;
    let keyed = |i: usize| !spots[i].keys.is_empty();
    let mut crowded: Vec<Mac> = Vec::new();
    pairs(spots.len(), |a, b| {
        if same_card(a, b) && spots[a].contradicts(spots[b]) {
            crowded.extend(spots[a].mac);
        }
    });
    let bare = |mac: Mac| spots.iter().filter(|spot| spot.mac == Some(mac) && !spot.has_substance()).count();
    crowded.extend(spots.iter().filter_map(|spot| spot.mac).filter(|&mac| bare(mac) > MANY));
    let crowded: Vec<bool> =
        spots.iter().map(|spot| spot.mac.is_some_and(|mac| crowded.contains(&mac))).collect();
    pairs(spots.len(), |a, b| {
        let alike = spots[a].shares_key(spots[b]) || !keyed(a) && !keyed(b);
        if same_card(a, b) && (alike || !crowded[a]) {
            sets.join(a, b);
        }
    });
}

fn join_keys(spots: &[&Spot], sets: &mut Sets, met: impl Fn(Mac, Mac) -> bool) {
    let up_together = |a: usize, b: usize| match (spots[a].mac, spots[b].mac) {
        (Some(one), Some(two)) if one != two => {
            met(one, two) || spots[a].card_round.is_some() && spots[a].card_round == spots[b].card_round
        }
        _ => false,
    };
    let announced = |a: usize, b: usize| {
        spots[a].announced_with.contains(&spots[b].ip) && spots[b].announced_with.contains(&spots[a].ip)
    };
    for a in 0..spots.len() {
        let sharers: Vec<usize> = (0..spots.len()).filter(|&b| spots[a].shares_key(spots[b])).collect();
        // One doubtful pair is enough to trust this key no more than the cards.
        let doubtful = sharers.iter().any(|&b| {
            sharers.iter().any(|&c| up_together(b, c) && !announced(b, c) && sets.root(b) != sets.root(c))
        });
        if !doubtful {
            sharers.iter().for_each(|&b| sets.join(a, b));
        }
    }
}

fn pairs(count: usize, mut visit: impl FnMut(usize, usize)) {
    for a in 0..count {
        for b in a + 1..count {
            visit(a, b);
        }
    }
}

/// Disjoint sets; each element points at a smaller one of its set or at itself.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&self, mut element: usize) -> usize {
        while self.0[element] != element {
            element = self.0[element];
        }
        element
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn lists(&self) -> Vec<Vec<usize>> {
        let mut lists: Vec<Vec<usize>> = vec![Vec::new(); self.0.len()];
        for element in 0..self.0.len() {
            lists[self.root(element)].push(element);
        }
        lists.retain(|list| !list.is_empty());
        lists
    }
}

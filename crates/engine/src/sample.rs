//! The rest between two looks, in which one way after the other is tried alone: what breaks for all of them shows in whichever
//! is next.
//!
//! A look tries every way at once, and what names lead to is asked for in turns. A way that has become another since ends the
//! rest, and the turns: the look that follows asks for everything.

use crate::Engine;
use crate::diagnose::path_of;
use portico_domain::change::Desired;
use portico_domain::exposure::{Exposure, Reach};
use portico_domain::flow::{Health, flow};
use portico_domain::observed::{Observed, Source};
use portico_domain::problem::Code;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// From one try to the next.
const BEAT: Duration = Duration::from_secs(1);

/// Whatever keeps changing, all names are asked for at most so often.
const ASK_ALL_EVERY: Duration = Duration::from_secs(10);

/// Whose turn it is.
#[derive(Default)]
pub(crate) struct Sample {
    turn: usize,
    asked_all: Option<Instant>,
}

impl Engine {
    /// Ends after `whole`, or when it is told of a change, which it then says, or once a way is found to be another than
    /// `last` saw it. What is tried is tried to its end: whoever counts requests has to know of it.
    pub(crate) async fn rest(
        &self,
        whole: Duration,
        sample: &mut Sample,
        last: Option<Arc<(Desired, Observed)>>,
        changed: &Notify,
    ) -> bool {
        let end = Instant::now() + whole;
        loop {
            let beat = if last.is_some() { end.min(Instant::now() + BEAT) } else { end };
            tokio::select! {
                () = changed.notified() => return true,
                () = tokio::time::sleep_until(beat) => {}
            }
            let Some((desired, observed)) = last.as_deref().filter(|_| beat < end) else { return false };
            if self.try_next(sample, desired, observed).await {
                return false;
            }
        }
    }

    /// Tries those whose turn it is; whether they have become others. Then all are asked anew, if it is time to.
    async fn try_next(&self, sample: &mut Sample, desired: &Desired, observed: &Observed) -> bool {
        let alone = Desired { exposures: sample.next(&desired.exposures), ..desired.clone() };
        let ways: Vec<Source> =
            alone.exposures.iter().map(|exposure| path_of(&alone, exposure, observed, false)).collect();
        let mut now = observed.clone();
        now.update(self.observe(&ways, alone.cluster.as_ref()).await);
        let is_another = hops(&alone, &now) != hops(&alone, observed);
        if is_another && sample.asked_all.is_none_or(|at| at.elapsed() >= ASK_ALL_EVERY) {
            sample.asked_all = Some(Instant::now());
            self.inner.turns.end();
        }
        is_another
    }
}

impl Sample {
    /// One way at home and one through the internet, each in its turn.
    fn next(&mut self, all: &[Exposure]) -> Vec<Exposure> {
        let turn = self.turn;
        self.turn = turn.wrapping_add(1);
        let one = |reach| {
            let those: Vec<&Exposure> = all.iter().filter(|exposure| exposure.reach == reach).collect();
            those.get(turn.checked_rem(those.len())?).copied().cloned()
        };
        [Reach::Lan, Reach::Public].into_iter().filter_map(one).collect()
    }
}

/// How each hop of these ways is, and why, in what is seen.
fn hops(desired: &Desired, observed: &Observed) -> Vec<(String, Health, Option<Code>)> {
    let graph = flow(desired, observed, observed.at);
    graph.hops.into_iter().map(|hop| (hop.id, hop.health, hop.reason.map(|problem| problem.code))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exposure(name: &str, reach: &str) -> Exposure {
        let backend = serde_json::json!({"kind": "service", "namespace": "apps", "name": name, "port": 80});
        let hostname = format!("{name}.example.test");
        let document =
            serde_json::json!({"name": name, "hostname": hostname, "reach": reach, "backend": backend});
        serde_json::from_value(document).expect("an exposure")
    }

    #[test]
    fn each_way_has_its_turn_beside_one_of_the_other_kind() {
        let all =
            [exposure("a", "lan"), exposure("b", "public"), exposure("c", "lan"), exposure("d", "public")];
        let mut sample = Sample::default();
        let mut next = |of: &[Exposure]| -> Vec<String> {
            sample.next(of).into_iter().map(|exposure| exposure.name).collect()
        };
        assert_eq!([next(&all), next(&all), next(&all)], [["a", "b"], ["c", "d"], ["a", "b"]]);
        assert_eq!([next(&all[..1]), next(&all[..1])], [["a"], ["a"]], "alone of its kind");
        assert!(next(&[]).is_empty());
    }
}

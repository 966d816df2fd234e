//! Whether the machines are there at all, felt twice a second: one that loses its power says nothing, and Kubernetes waits
//! for 40 s before it calls a node away.
//!
//! Felt by a connection to a port where nobody listens: the machine's own kernel refuses it, no program is woken and
//! nothing is logged. Where a firewall swallows it, the web port is tried. A machine that never answered so is not judged,
//! and none is while nobody answers: that says more about this computer's own network.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use portico_domain::observed::Observed;
use portico_world::lan::is_there;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// Discard, where nobody listens since decades, and HTTP.
const PORTS: [u16; 2] = [9, 80];

/// From an answer to the next question.
const BEAT: Duration = Duration::from_millis(500);

/// A question without an answer is asked again after this, `TRIES` times in all; a late answer to any of them counts.
const AGAIN: Duration = Duration::from_millis(150);
const TRIES: u32 = 6;

/// By address, whether the machine answered last.
type Felt = BTreeMap<IpAddr, bool>;

#[derive(Default)]
pub(crate) struct Pulse {
    felt: Arc<watch::Sender<Felt>>,
    feeling: HashMap<IpAddr, AbortOnDropHandle<()>>,
}

impl Pulse {
    /// Feels for the machines of what was seen last, and no others.
    pub(crate) fn follow(&mut self, observed: &Observed) {
        let addresses: BTreeSet<IpAddr> = observed.nodes().iter().filter_map(|node| node.address).collect();
        // Who is left out because the cluster cannot be asked is there all the same.
        if addresses.is_empty() {
            return;
        }
        self.feeling.retain(|address, _| addresses.contains(address));
        self.felt.send_if_modified(|felt| {
            let before = felt.len();
            felt.retain(|address, _| addresses.contains(address));
            felt.len() != before
        });
        for address in addresses {
            let feel = || AbortOnDropHandle::new(tokio::spawn(feel(address, self.felt.clone())));
            self.feeling.entry(address).or_insert_with(feel);
        }
    }

    /// The machines that gave an answer before and give none now.
    pub(crate) fn away(&self) -> BTreeSet<IpAddr> {
        away(&self.felt.borrow())
    }

    pub(crate) fn listen(&self) -> Listener {
        Listener(self.felt.subscribe())
    }
}

/// Hears of machines that fall silent and that come back.
pub(crate) struct Listener(watch::Receiver<Felt>);

impl Listener {
    /// Waits until it is others that are silent; false when nobody feels for them any more.
    pub(crate) async fn changed(&mut self) -> bool {
        let before = away(&self.0.borrow_and_update());
        self.0.wait_for(|felt| away(felt) != before).await.is_ok()
    }

    pub(crate) fn away(&self) -> BTreeSet<IpAddr> {
        away(&self.0.borrow())
    }
}

fn away(felt: &Felt) -> BTreeSet<IpAddr> {
    if !felt.values().any(|there| *there) {
        return BTreeSet::new();
    }
    felt.iter().filter(|(_, there)| !**there).map(|(address, _)| *address).collect()
}

async fn feel(address: IpAddr, felt: Arc<watch::Sender<Felt>>) {
    let mut ports = PORTS.iter().copied().cycle();
    let mut port = PORTS[0];
    loop {
        let there = answers(address, port).await;
        felt.send_if_modified(|felt| match felt.get_mut(&address) {
            Some(known) => std::mem::replace(known, there) != there,
            None if there => felt.insert(address, true).is_none(),
            None => {
                port = ports.next().unwrap_or(port);
                false
            }
        });
        tokio::time::sleep(BEAT).await;
    }
}

async fn answers(address: IpAddr, port: u16) -> bool {
    let ask = async |number: u32| {
        tokio::time::sleep(AGAIN * number).await;
        is_there(address, port, AGAIN * (TRIES - number)).await
    };
    let mut asked: FuturesUnordered<_> = (0..TRIES).map(ask).collect();
    while let Some(there) = asked.next().await {
        if there {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_away_while_nobody_answers() {
        let at = |last: u8| IpAddr::from([192, 168, 1, last]);
        assert_eq!(BTreeSet::new(), away(&Felt::new()));
        assert_eq!(BTreeSet::from([at(2)]), away(&Felt::from([(at(1), true), (at(2), false)])));
        assert_eq!(BTreeSet::new(), away(&Felt::from([(at(1), false), (at(2), false)])));
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let here = IpAddr::from([127, 0, 0, 1]);
        let listener = std::net::TcpListener::bind((here, 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        assert!(answers(here, port).await);
        drop(listener);
        assert!(answers(here, port).await);
    }
}

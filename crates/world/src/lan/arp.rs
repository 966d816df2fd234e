//! Finding hosts by asking for each address ourselves, where the system lets us (CAP_NET_RAW).
//!
//! Every silent address is asked eight times, so that loss costs tenths of a second rather than the seconds
//! that the kernel's own timer takes. Whatever is heard on the way counts too: who asks or answers is there.

use super::{Scan, Target, sockets::ArpSocket};
use portico_domain::host::{Mac, Sighting, subnet};
use std::{collections::HashMap, net::Ipv4Addr, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// Frames per millisecond.
const PER_TICK: usize = 20;
/// The same in subnets of thousands, which would take minutes else.
const PER_TICK_LARGE: usize = 30;
/// Times that a silent address is asked, in small subnets and in large ones.
const TRIES: u32 = 8;
const TRIES_LARGE: u32 = 2;
const SMALL: u64 = 4_096;
/// From the beginning of one try to the next.
const BETWEEN: Duration = Duration::from_millis(130);
/// For the last answers.
const LAST: Duration = Duration::from_millis(500);

/// The cards that answered for each address.
type Heard = HashMap<Ipv4Addr, Vec<Mac>>;

/// Asks every address of a target and reports who answers.
pub(super) async fn sweep(scan: &Arc<Scan>, target: Target, socket: ArpSocket) {
    let Some(link) = &target.link else { return };
    let total = subnet::addresses(target.net);
    let (tries, per_tick) = if total <= SMALL { (TRIES, PER_TICK) } else { (TRIES_LARGE, PER_TICK_LARGE) };
    let mut heard = Heard::new();
    for _ in 0..tries {
        let begun = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        let mut silent = target.net.hosts().filter(|ip| !scan.own.contains(ip)).peekable();
        while silent.peek().is_some() {
            tokio::select! {
                biased;
                found = hear(scan, &target, &socket) => note(scan, &mut heard, found),
                _ = tick.tick() => {
                    for ip in silent.by_ref().filter(|ip| !heard.contains_key(ip)).take(per_tick) {
                        // A full queue is a lost frame, and the next try makes up for it.
                        _ = socket.send(&request(link.mac, link.address, ip));
                    }
                }
            }
        }
        scan.settled(total / u64::from(tries));
        listen(scan, &target, &socket, &mut heard, begun + BETWEEN).await;
    }
    listen(scan, &target, &socket, &mut heard, Instant::now() + LAST).await;
}

async fn listen(scan: &Arc<Scan>, target: &Target, socket: &ArpSocket, heard: &mut Heard, until: Instant) {
    loop {
        tokio::select! {
            () = sleep_until(until) => return,
            found = hear(scan, target, socket) => note(scan, heard, found),
        }
    }
}

fn note(scan: &Arc<Scan>, heard: &mut Heard, (ip, mac): (Ipv4Addr, Mac)) {
    let cards = heard.entry(ip).or_default();
    // A second card that answers for an address is told too: the inventory flags it.
    if cards.len() < 4 && !cards.contains(&mac) {
        cards.push(mac);
        scan.saw(Sighting::Neighbour { ip: ip.into(), mac });
        scan.found(ip.into());
    }
}

/// The next sender of an ARP frame that has an address of the target.
async fn hear(scan: &Scan, target: &Target, socket: &ArpSocket) -> (Ipv4Addr, Mac) {
    let mut frame = [0; 64];
    loop {
        match socket.receive(&mut frame).await {
            Ok(length) => {
                let sender = sender(&frame[..length]);
                if let Some(found) =
                    sender.filter(|(ip, _)| target.net.contains(ip) && !scan.own.contains(ip))
                {
                    return found;
                }
            }
            // The interface went down: silence until the sweep is over.
            Err(_) => std::future::pending::<()>().await,
        }
    }
}

/// Who sent an ARP request or reply for IPv4 over Ethernet, if the frame is one.
fn sender(frame: &[u8]) -> Option<(Ipv4Addr, Mac)> {
    let body = frame.get(14..42)?;
    let ethernet_ipv4 = body[..6] == [0, 1, 8, 0, 6, 4] && body[6] == 0 && matches!(body[7], 1 | 2);
    let mac = Mac(body[8..14].try_into().ok()?);
    let ip = Ipv4Addr::from(<[u8; 4]>::try_from(&body[14..18]).ok()?);
    (ethernet_ipv4 && mac.is_card() && !ip.is_unspecified()).then_some((ip, mac))
}

/// A broadcast frame that asks who has `ip`, padded to Ethernet's least length.
fn request(mac: Mac, from: Ipv4Addr, ip: Ipv4Addr) -> [u8; 60] {
    let mut frame = [0; 60];
    frame[..6].fill(0xff);
    frame[6..12].copy_from_slice(&mac.0);
    frame[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame[22..28].copy_from_slice(&mac.0);
    frame[28..32].copy_from_slice(&from.octets());
    frame[38..42].copy_from_slice(&ip.octets());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_read_from_requests_and_replies_alone() {
        let mac = Mac([0xb8, 0x27, 0xeb, 0, 0, 1]);
        let from = Ipv4Addr::new(192, 168, 1, 5);
        let good = request(mac, from, Ipv4Addr::new(192, 168, 1, 9));
        assert_eq!(sender(&good), Some((from, mac)));
        let mut reply = good;
        reply[21] = 2;
        assert_eq!(sender(&reply), Some((from, mac)));
        for (at, value, why) in [
            (21, 3, "reverse ARP"),
            (15, 6, "another link layer"),
            (16, 6, "another protocol"),
            (18, 8, "another address length"),
            (22, 1, "a group address as sender"),
        ] {
            let mut bad = good;
            bad[at] = value;
            assert_eq!(sender(&bad), None, "{why}");
        }
        let probe = request(mac, Ipv4Addr::UNSPECIFIED, from);
        assert_eq!(sender(&probe), None, "an address probe has no sender address yet");
        for cut in 0..42 {
            assert_eq!(sender(&good[..cut]), None, "cut at {cut}");
        }
    }
}

//! Finding hosts without privileges: the kernel resolves each address that a datagram is sent to, and tells
//! every program that listens who answered.
//!
//! Limits that shape this file: the neighbour table is the whole machine's, so the number of unresolved entries
//! at a time is bounded (a full table drops other programs' traffic and says so only in the kernel log); an
//! unresolved datagram holds its socket's buffer, so there are many sockets; an entry that the table holds
//! already gives no event, so it is proven by an answer. The kernel asks three times, a second apart, and then
//! says that nobody answered: that is one round, and loss on the link asks for more.

use super::{
    LanError, Scan, Target,
    neighbours::{Entry, Heard, Neighbours},
};
use netlink_packet_route::neighbour::NeighbourState;
use portico_domain::host::{Mac, Sighting, subnet};
use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

/// Datagrams per second, and the most that are sent at once after a pause.
const RATE: f64 = 20_000.0;
const BURST: f64 = 100.0;
/// The same for asking again in small subnets. A burst of broadcasts is itself a cause of loss, in access points and in
/// every queue that copies it to many ports; who was missed in one must not be asked in another one.
const AGAIN_RATE: f64 = 500.0;
const AGAIN_BURST: f64 = 5.0;
/// Seconds that an unresolved entry stays: three tries. In large subnets this and the window set the rate.
const UNRESOLVED: f64 = 3.05;
/// Unresolved datagrams of one socket are bounded by its send buffer, about 270 empty ones.
const SOCKETS: usize = 64;
/// The discard service; an empty datagram to a port that refuses it does nothing.
const PORT: u16 = 9;
/// Three tries of the kernel, a second apart, and some air for its event.
const VERDICT: Duration = Duration::from_millis(3_600);
/// An answer that took this long answered the kernel's second or third try: frames get lost here.
const RETRIED: Duration = Duration::from_millis(900);
/// Subnets up to this size are asked in several rounds.
const SMALL: u64 = 4_096;
/// A cached entry is given this long to show life: five seconds until the kernel doubts it, three to ask.
const CACHED: Duration = Duration::from_millis(8_600);

struct Sweep<'a> {
    scan: &'a Arc<Scan>,
    /// Interface index of each target.
    targets: &'a [Target],
    neighbours: Neighbours,
    sockets: Vec<UdpSocket>,
    next_socket: usize,
    /// Sent and not decided: when, and in which round.
    pending: HashMap<Ipv4Addr, (Instant, u32)>,
    again: VecDeque<(Ipv4Addr, u32)>,
    up: HashMap<Ipv4Addr, Mac>,
    /// In the table before anything was sent, with its state then.
    cached: HashMap<Ipv4Addr, (Mac, NeighbourState)>,
    proofs: JoinSet<Option<(Ipv4Addr, Mac)>>,
    /// Unresolved entries allowed at a time while nobody is found.
    window: usize,
    small: bool,
    lossy: bool,
    /// Datagrams that may be sent now, and when that was reckoned.
    allowance: f64,
    reckoned: Instant,
}

/// Asks every address of the targets and reports who answers. Ends after the last verdict.
pub(super) async fn sweep(scan: &Arc<Scan>, targets: &[Target]) -> Result<(), LanError> {
    if targets.is_empty() {
        return Ok(());
    }
    let total: u64 = targets.iter().map(|target| subnet::addresses(target.net)).sum();
    let sockets: io::Result<Vec<_>> = (0..SOCKETS).map(|_| socket()).collect();
    let mut sweep = Sweep {
        scan,
        targets,
        neighbours: Neighbours::subscribe()?,
        sockets: sockets.map_err(LanError::Send)?,
        next_socket: 0,
        pending: HashMap::new(),
        again: VecDeque::new(),
        up: HashMap::new(),
        cached: HashMap::new(),
        proofs: JoinSet::new(),
        window: 0,
        small: total <= SMALL,
        lossy: false,
        allowance: 0.0,
        reckoned: Instant::now(),
    };
    let held = sweep.read_table().await?;
    sweep.window = window(held);
    sweep.ask_everyone().await
}

fn socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// How many unresolved entries the table can take beside what it holds, with room left for everybody else.
fn window(held: usize) -> usize {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    // Only the first network namespace shows its limit; the default is the same for all.
    let limit = read("/proc/sys/net/ipv4/neigh/default/gc_thresh3").and_then(|text| text.trim().parse().ok());
    let limit: usize = limit.unwrap_or(1024);
    let everywhere = read("/proc/net/stat/arp_cache")
        .and_then(|text| usize::from_str_radix(text.lines().nth(1)?.split_whitespace().next()?, 16).ok());
    limit.saturating_sub(limit / 16).saturating_sub(held.max(everywhere.unwrap_or(0))).max(64)
}

impl Sweep<'_> {
    /// Reads the table once, starts proving what it holds, and returns its size.
    async fn read_table(&mut self) -> Result<usize, LanError> {
        self.neighbours.ask_all()?;
        let mut held = 0;
        let until = tokio::time::Instant::now() + Duration::from_millis(500);
        while let Ok(heard) = tokio::time::timeout_at(until, self.neighbours.hear()).await {
            let heard = heard?;
            held += heard.entries.len();
            for entry in &heard.entries {
                let holds = !matches!(entry.state, NeighbourState::Failed | NeighbourState::Incomplete);
                if let Some(mac) = entry.mac.filter(|_| holds && self.concerns(entry)) {
                    self.cached.insert(entry.ip, (mac, entry.state));
                }
            }
            if heard.dumped {
                break;
            }
        }
        let ssh = self.scan.options.ssh_port;
        for (&ip, &(mac, _)) in &self.cached {
            self.proofs.spawn(async move { answers(ip, ssh).await.then_some((ip, mac)) });
        }
        Ok(held)
    }

    fn concerns(&self, entry: &Entry) -> bool {
        let on = |target: &&Target| target.link.as_ref().is_some_and(|link| link.index == entry.index);
        self.targets.iter().filter(on).any(|target| target.net.contains(&entry.ip))
            && !self.scan.own.contains(&entry.ip)
    }

    async fn ask_everyone(&mut self) -> Result<(), LanError> {
        let started = Instant::now();
        let mut fresh = order(self.targets, &self.scan.gateways)
            .filter(|ip| !self.scan.own.contains(ip) && !self.cached.contains_key(ip))
            .collect::<VecDeque<_>>();
        self.scan.settled((self.cached.len() + self.scan.own.len()) as u64);
        let mut tick = tokio::time::interval(Duration::from_millis(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut doubts_over = false;
        loop {
            let open = self.pending.len() < self.room() && !(fresh.is_empty() && self.again.is_empty());
            let waiting_for_cached =
                self.cached.keys().any(|ip| !self.up.contains_key(ip)) && started.elapsed() < CACHED;
            if !open && self.pending.is_empty() && self.proofs.is_empty() {
                if !doubts_over {
                    doubts_over = true;
                    self.believe_the_kernel();
                }
                if !waiting_for_cached {
                    return Ok(());
                }
            }
            let pause = if open { Duration::from_millis(1) } else { Duration::from_millis(50) };
            tokio::select! {
                biased;
                heard = self.neighbours.hear() => {
                    let heard = heard?;
                    self.take(heard)?;
                }
                Some(proof) = self.proofs.join_next() => {
                    if let Ok(Some((ip, mac))) = proof {
                        self.is_up(ip, mac);
                    }
                }
                _ = tick.tick(), if open => self.send_some(&mut fresh)?,
                () = tokio::time::sleep(pause), if !open => {}
            }
            self.expire();
        }
    }

    /// Unresolved entries allowed now: whoever is found keeps an entry.
    fn room(&self) -> usize {
        self.window.saturating_sub(self.up.len()).max(16)
    }

    fn send_some(&mut self, fresh: &mut VecDeque<Ipv4Addr>) -> Result<(), LanError> {
        let (rate, burst) = match (self.small, fresh.is_empty()) {
            (true, false) => (RATE, BURST),
            (true, true) => (AGAIN_RATE, AGAIN_BURST),
            (false, _) => (self.room() as f64 / UNRESOLVED, BURST),
        };
        let passed = std::mem::replace(&mut self.reckoned, Instant::now()).elapsed();
        self.allowance = (self.allowance + rate * passed.as_secs_f64()).min(burst);
        while self.allowance >= 1.0 && self.pending.len() < self.room() {
            let Some((ip, round)) = fresh.pop_front().map(|ip| (ip, 1)).or_else(|| self.again.pop_front())
            else {
                break;
            };
            if self.up.contains_key(&ip) {
                continue;
            }
            self.allowance -= 1.0;
            match self.send(ip) {
                Ok(()) => _ = self.pending.insert(ip, (Instant::now(), round)),
                Err(error) => match error.raw_os_error() {
                    // The table or the buffers are full: ask less at a time, and this one later.
                    Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => {
                        self.window = (self.window * 3 / 4).max(16);
                        self.again.push_back((ip, round));
                        break;
                    }
                    Some(libc::EHOSTUNREACH | libc::ENETUNREACH | libc::ECONNREFUSED | libc::EACCES) => {
                        self.scan.settled(1)
                    }
                    _ => return Err(LanError::Send(error)),
                },
            }
        }
        Ok(())
    }

    fn send(&mut self, ip: Ipv4Addr) -> io::Result<()> {
        let mut last = Ok(());
        for _ in 0..4 {
            self.next_socket = (self.next_socket + 1) % self.sockets.len();
            last = self.sockets[self.next_socket].send_to(&[], (ip, PORT)).map(drop);
            if !last.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                break;
            }
        }
        last
    }

    fn take(&mut self, heard: Heard) -> Result<(), LanError> {
        if heard.lost {
            self.neighbours.ask_all()?;
        }
        for entry in heard.entries {
            if !self.concerns(&entry) {
                continue;
            }
            match (entry.state, entry.mac) {
                (NeighbourState::Failed, _) => self.failed(entry.ip),
                (NeighbourState::Reachable, Some(mac)) => self.is_up(entry.ip, mac),
                // An entry that is new since the table was read stands for a frame that came in since.
                (NeighbourState::Stale | NeighbourState::Delay | NeighbourState::Probe, Some(mac))
                    if !self.cached.contains_key(&entry.ip) =>
                {
                    self.is_up(entry.ip, mac);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn is_up(&mut self, ip: Ipv4Addr, mac: Mac) {
        if let Some((sent, _)) = self.pending.remove(&ip) {
            self.scan.settled(1);
            self.lossy |= sent.elapsed() > RETRIED;
        }
        if self.up.insert(ip, mac).is_none() {
            self.scan.saw(Sighting::Neighbour { ip: ip.into(), mac });
            self.scan.found(IpAddr::V4(ip));
        }
    }

    /// One round without an answer. Small subnets are asked again: twice in all when nothing suggests loss, and
    /// three times when too few answered to tell, and four times when an answer came late.
    fn failed(&mut self, ip: Ipv4Addr) {
        // The kernel gave up on a machine that it knew: gone, unless it answers as if it were new.
        if self.cached.remove(&ip).is_some() && !self.up.contains_key(&ip) {
            self.again.push_back((ip, 1));
        }
        let Some((_, round)) = self.pending.remove(&ip) else { return };
        let rounds = match (self.small, self.lossy) {
            (true, true) => 4,
            (true, false) if self.up.len() < 4 => 3,
            (true, false) => 2,
            (false, _) => 1,
        };
        if round < rounds {
            self.again.push_back((ip, round + 1));
        } else {
            self.scan.settled(1);
        }
    }

    /// Verdicts whose event got lost.
    fn expire(&mut self) {
        let late: Vec<Ipv4Addr> = self
            .pending
            .iter()
            .filter(|(_, (sent, _))| sent.elapsed() > VERDICT)
            .map(|(ip, _)| *ip)
            .collect();
        late.into_iter().for_each(|ip| self.failed(ip));
    }

    /// Cached entries that answered nothing of ours, but that the kernel itself had confirmed less than its
    /// reachable time (15 to 45 s) before the scan: a machine whose firewall is silent must not vanish from the
    /// second of two scans. Not so when its card has answered at another address since.
    fn believe_the_kernel(&mut self) {
        let confirmed: Vec<(Ipv4Addr, Mac)> = self
            .cached
            .iter()
            .filter(|(_, (mac, state))| {
                *state == NeighbourState::Reachable && !self.up.values().any(|elsewhere| elsewhere == mac)
            })
            .map(|(ip, (mac, _))| (*ip, *mac))
            .collect();
        confirmed.into_iter().for_each(|(ip, mac)| self.is_up(ip, mac));
    }
}

/// All addresses, those first where hosts are likely: in the own and the gateways' /24.
fn order<'a>(targets: &'a [Target], gateways: &'a [Ipv4Addr]) -> impl Iterator<Item = Ipv4Addr> + 'a {
    let near = move |target: &Target, ip: Ipv4Addr| {
        let own = target.link.iter().map(|link| link.address);
        own.chain(gateways.iter().copied()).any(|known| known.octets()[..3] == ip.octets()[..3])
    };
    let all = |target: &'a Target| target.net.hosts();
    let first = targets.iter().flat_map(move |target| all(target).filter(move |ip| near(target, *ip)));
    first.chain(targets.iter().flat_map(move |target| all(target).filter(move |ip| !near(target, *ip))))
}

/// Whether an address that the table knows answers anything now: a refused datagram, or a TCP answer of any kind.
async fn answers(ip: Ipv4Addr, ssh: u16) -> bool {
    let by_udp = async {
        let Ok(socket) = tokio::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await else { return false };
        if socket.connect((ip, PORT)).await.is_err() {
            return false;
        }
        for _ in 0..3 {
            // A refusal that is reported on sending belongs to the datagram before.
            if socket.send(&[]).await.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
                return true;
            }
            match timeout(Duration::from_millis(400), socket.recv(&mut [0; 64])).await {
                Ok(Ok(_)) => return true,
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => return true,
                Ok(Err(_)) | Err(_) => {}
            }
        }
        false
    };
    let by_tcp = async {
        match timeout(Duration::from_millis(1_200), TcpStream::connect((ip, ssh))).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => {
                matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset)
            }
            Err(_) => false,
        }
    };
    tokio::pin!(by_udp, by_tcp);
    tokio::select! {
        yes = &mut by_udp => yes || by_tcp.await,
        yes = &mut by_tcp => yes || by_udp.await,
    }
}

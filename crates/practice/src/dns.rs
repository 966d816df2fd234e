//! Name servers on loopback, UDP and TCP: the authoritative one of the account's zones, and two resolvers.
//!
//! The *public* resolver stands for 1.1.1.1, the *system* one for the router at home, which may drop private
//! addresses from answers (rebinding protection), keep old answers, and know the names of the LAN. What the zones
//! answer is in `answers`. There is no recursion into the real world: other names do not exist.

mod answers;

pub(crate) use answers::{standing, zone_of};

use crate::cloudflare::{Cloud, is_unreachable};
use crate::fault::{Fault, Faults, Service};
use answers::Found;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::PTR;
use hickory_proto::rr::{RData, RecordType};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a server's answers are subject to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Switches {
    /// Leaves private addresses out of answers, as routers with rebinding protection do.
    pub drop_private: bool,
    /// Keeps answers as long as their time to live says, "there is no such name" included.
    pub cache: bool,
}

/// Which of the three servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Authoritative,
    Public,
    System,
}

/// What the resolver at home knows at the moment; `*.` stands for every name below.
pub type Hosts = Box<dyn Fn() -> Vec<(Ipv4Addr, String)> + Send + Sync>;

/// A running name server; it ends when this is dropped.
pub struct DnsServer {
    /// The same port for UDP and TCP.
    pub address: SocketAddr,
    server: Arc<Server>,
    _stop: DropGuard,
}

struct Server {
    role: Role,
    cloud: Cloud,
    faults: Faults,
    /// Names of the LAN, which the system resolver alone knows.
    hosts: Hosts,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    switches: Switches,
    kept: HashMap<(String, RecordType), (i64, Found)>,
}

impl DnsServer {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had for both UDP and TCP.
    pub async fn start(role: Role, cloud: Cloud, faults: Faults, hosts: Hosts) -> io::Result<Self> {
        let (udp, tcp) = bind().await?;
        let address = udp.local_addr()?;
        let server = Arc::new(Server { role, cloud, faults, hosts, state: Mutex::default() });
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(serve_udp(udp, server.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(serve_tcp(tcp, server.clone())));
        Ok(Self { address, server, _stop: stop.drop_guard() })
    }

    /// Changes the switches from the next question on, and forgets all kept answers.
    pub fn switch(&self, switches: Switches) {
        let mut state = self.server.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { switches, kept: HashMap::new() };
    }
}

/// UDP and TCP on one port: the kernel chooses for UDP, and TCP may then be taken by someone else.
async fn bind() -> io::Result<(Arc<UdpSocket>, TcpListener)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..16 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((Arc::new(udp), tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn serve_udp(socket: Arc<UdpSocket>, server: Arc<Server>) {
    let mut buffer = [0; 4_096];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        let (question, server, socket) = (buffer[..length].to_vec(), server.clone(), socket.clone());
        tokio::spawn(async move {
            if let Some(answer) = server.answer(&question, true).await {
                // A client that is gone needs no answer.
                let _ = socket.send_to(&answer, peer).await;
            }
        });
    }
}

async fn serve_tcp(listener: TcpListener, server: Arc<Server>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let server = server.clone();
        tokio::spawn(async move {
            // The client ends the conversation by closing, which reads as an error.
            let _ = converse(stream, &server).await;
        });
    }
}

async fn converse(mut stream: TcpStream, server: &Server) -> io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        let Some(answer) = server.answer(&question, false).await else { return Ok(()) };
        stream.write_u16(u16::try_from(answer.len()).unwrap_or(u16::MAX)).await?;
        stream.write_all(&answer).await?;
    }
}

impl Server {
    /// The bytes to send back; none is silence.
    async fn answer(&self, question: &[u8], datagram: bool) -> Option<Vec<u8>> {
        let request = Message::from_vec(question).ok()?;
        let query = request.queries.first()?.clone();
        if request.metadata.message_type != MessageType::Query || request.metadata.op_code != OpCode::Query {
            return None;
        }
        let name = query.name().to_ascii().to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        let role = serde_json::to_value(self.role).ok()?;
        let call = format!("{} {} {name}", role.as_str()?, query.query_type());
        let mut found = None;
        let mut torn = false;
        match self.faults.next(Service::Dns, &call) {
            None | Some(Fault::Hold | Fault::HoldAfter) => {}
            Some(Fault::Slow { ms } | Fault::SlowAfter { ms }) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
            }
            Some(Fault::DropBefore | Fault::DropAfter) => return None,
            Some(Fault::Error { status, .. }) => {
                found = Some(Found::empty(ResponseCode::from_low((status & 0xf) as u8)));
            }
            Some(Fault::RateLimit { .. }) => found = Some(Found::empty(ResponseCode::Refused)),
            Some(Fault::HtmlError { .. }) => found = Some(Found::empty(ResponseCode::ServFail)),
            Some(Fault::Torn | Fault::Corrupt | Fault::Partial) => torn = true,
        }
        let found = found.unwrap_or_else(|| self.find(name, query.query_type()));
        let mut response = Message::response(request.metadata.id, OpCode::Query);
        response.metadata.recursion_desired = request.metadata.recursion_desired;
        response.metadata.recursion_available = self.role != Role::Authoritative;
        response.metadata.authoritative = self.role == Role::Authoritative;
        response.metadata.response_code = found.code;
        response.add_query(query);
        response.add_answers(found.answers);
        response.add_authorities(found.authority);
        if request.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(1_232);
            response.set_edns(edns);
        }
        let bytes = response.to_vec().ok()?;
        if datagram && bytes.len() > usize::from(request.max_payload()) {
            return response.truncate().to_vec().ok();
        }
        Some(if torn { bytes[..bytes.len() / 2].to_vec() } else { bytes })
    }

    fn find(&self, name: &str, kind: RecordType) -> Found {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let switches = state.switches;
        let now = self.cloud.clock.now();
        let key = (name.to_owned(), kind);
        if let Some((until, kept)) = state.kept.get(&key).filter(|_| switches.cache)
            && now < *until
        {
            return kept.clone();
        }
        let known = if self.role == Role::System { self.lan(name, kind) } else { None };
        // The router at home has nobody to ask, which it forgets at once.
        if self.role == Role::System && known.is_none() && self.faults.is_cut_off() {
            return Found::empty(ResponseCode::ServFail);
        }
        let zones = || answers::lookup(&self.cloud.state().holds.zones, name, kind);
        let mut found = known.or_else(zones).unwrap_or_else(|| {
            Found::empty(match self.role {
                Role::Authoritative => ResponseCode::Refused,
                Role::Public | Role::System => ResponseCode::NXDomain,
            })
        });
        if switches.drop_private {
            found.answers.retain(|record| !record.data.ip_addr().is_some_and(is_unreachable));
        }
        if switches.cache {
            state.kept.insert(key, (now + i64::from(found.ttl()) * 1_000, found.clone()));
        }
        found
    }

    /// Names and addresses of the LAN, forward and reverse.
    fn lan(&self, name: &str, kind: RecordType) -> Option<Found> {
        let mut found = Found::empty(ResponseCode::NoError);
        let hosts = (self.hosts)();
        let is = |host: &String| match host.strip_prefix('*') {
            Some(below) => name.ends_with(below),
            None => name == host,
        };
        for (address, host) in &hosts {
            if is(host) && kind == RecordType::A {
                found.answers.push(answers::record(name, 60, RData::A((*address).into())));
            }
            if name == reverse(*address) && kind == RecordType::PTR {
                found.answers.push(answers::record(name, 60, RData::PTR(PTR(answers::fqdn(host)))));
            }
        }
        let known = hosts.iter().any(|(address, host)| is(host) || name == reverse(*address));
        known.then_some(found)
    }
}

fn reverse(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

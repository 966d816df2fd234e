//! Names of addresses, as the network's resolver tells them.
//!
//! A name is decoration here: short patience, one try, and no name when in doubt.

use hickory_resolver::TokioResolver;
use hickory_resolver::net::client::{Client, ClientHandle};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::udp::UdpClientStream;
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_millis(1_500);

pub(super) enum Resolver {
    System(Box<TokioResolver>),
    /// Asked directly: the resolver itself would call every loopback address localhost, and a rehearsal's machines
    /// have such addresses.
    Server(SocketAddr),
}

/// The first of the given servers, else the system's resolver. None when the system has none.
pub(super) fn resolver(servers: &[SocketAddr]) -> Option<Resolver> {
    if let Some(server) = servers.first() {
        return Some(Resolver::Server(*server));
    }
    let mut builder = TokioResolver::builder_tokio().ok()?;
    builder.options_mut().timeout = PATIENCE;
    builder.options_mut().attempts = 1;
    builder.build().ok().map(|resolver| Resolver::System(Box::new(resolver)))
}

impl Resolver {
    pub async fn name_of(&self, ip: IpAddr) -> Option<String> {
        let asked = async {
            match self {
                Self::System(resolver) => name_in(resolver.reverse_lookup(ip).await.ok()?.answers()),
                Self::Server(server) => {
                    let provider = TokioRuntimeProvider::default();
                    let stream = UdpClientStream::builder(*server, provider).build();
                    let (mut client, background) = Client::<TokioRuntimeProvider>::from_sender(stream);
                    let _background = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(background));
                    let answer = client.query(Name::from(ip), DNSClass::IN, RecordType::PTR).await.ok()?;
                    name_in(&answer.answers)
                }
            }
        };
        timeout(PATIENCE, asked).await.ok()?
    }
}

fn name_in(records: &[Record]) -> Option<String> {
    records.iter().find_map(|record| match &record.data {
        RData::PTR(name) => Some(name.to_string()),
        _ => None,
    })
}

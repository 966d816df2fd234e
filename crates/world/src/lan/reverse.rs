//! Names of addresses, as the network's resolver tells them.
//!
//! A name is decoration here: short patience, one try, and no name when in doubt.

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_millis(1_500);

pub(super) struct Resolver(TokioResolver);

/// The system's resolver, or the given ones. None when the system has none.
pub(super) fn resolver(servers: &[SocketAddr]) -> Option<Resolver> {
    let mut builder = if servers.is_empty() {
        TokioResolver::builder_tokio().ok()?
    } else {
        let servers = servers.iter().map(|server| {
            let mut connection = ConnectionConfig::udp();
            connection.port = server.port();
            NameServerConfig::new(server.ip(), true, vec![connection])
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    builder.options_mut().timeout = PATIENCE;
    builder.options_mut().attempts = 1;
    builder.build().ok().map(Resolver)
}

impl Resolver {
    pub async fn name_of(&self, ip: IpAddr) -> Option<String> {
        let lookup = timeout(PATIENCE, self.0.reverse_lookup(ip)).await.ok()?.ok()?;
        lookup.answers().iter().find_map(|record| match &record.data {
            RData::PTR(name) => Some(name.to_string()),
            _ => None,
        })
    }
}

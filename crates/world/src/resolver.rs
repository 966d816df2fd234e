//! Asking DNS servers by address: the zone's own, a public one, the system's.
//!
//! No cache: each question is about now. What the difference between two answers means is for `domain`.

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::rdata::svcb::SvcParamKey;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use portico_domain::problem::{Code, Problem};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    #[error("the resolver could not be set up: {0}")]
    Setup(String),
    #[error("{name} could not be looked up: {cause}")]
    Lookup { name: String, cause: String },
}

impl From<&ResolverError> for Problem {
    fn from(error: &ResolverError) -> Self {
        match error {
            ResolverError::Setup(cause) => Problem::new(Code::ResolveFailed).detail(cause),
            ResolverError::Lookup { name, cause } => {
                Problem::new(Code::ResolveFailed).arg("hostname", name).detail(cause)
            }
        }
    }
}

/// Public resolvers of different owners, for where none are set.
const PUBLIC: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)), IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9))];

/// The well-known public resolvers.
pub fn public() -> Vec<SocketAddr> {
    PUBLIC.iter().map(|address| SocketAddr::new(*address, 53)).collect()
}

/// Asks `servers` for the addresses of `name`; an empty list asks the system's servers.
///
/// A name that does not exist has no addresses: that is an answer, not an error.
pub async fn addresses(servers: &[SocketAddr], name: &str) -> Result<Vec<IpAddr>, ResolverError> {
    let resolver = build(servers)?;
    let mut found = Vec::new();
    for kind in [RecordType::A, RecordType::AAAA] {
        let answer = lookup(&resolver, name, kind).await?;
        found.extend(answer.iter().filter_map(RData::ip_addr));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The addresses of the name servers of the zone that holds `name`, found by walking up from it; asked at the system's
/// resolver, since everybody else starts there, too.
pub async fn authorities(name: &str) -> Result<Vec<SocketAddr>, ResolverError> {
    let resolver = build(&[])?;
    let mut zone = name.trim_end_matches('.');
    loop {
        let servers = lookup(&resolver, zone, RecordType::NS).await?;
        let names: Vec<String> = servers
            .iter()
            .filter_map(|data| match data {
                RData::NS(server) => Some(server.0.to_string()),
                _ => None,
            })
            .collect();
        let mut found = Vec::new();
        for server in &names {
            found.extend(lookup(&resolver, server, RecordType::A).await?.iter().filter_map(RData::ip_addr));
        }
        if !found.is_empty() {
            return Ok(found.into_iter().map(|address| SocketAddr::new(address, 53)).collect());
        }
        zone = match zone.split_once('.') {
            Some((_, parent)) if parent.contains('.') => parent,
            _ => return Err(ResolverError::Lookup { name: name.into(), cause: "no name servers".into() }),
        };
    }
}

/// Whether a name tells browsers to use Encrypted Client Hello: an `ech` parameter in its HTTPS record.
pub async fn has_ech(servers: &[SocketAddr], name: &str) -> Result<bool, ResolverError> {
    let answer = lookup(&build(servers)?, name, RecordType::HTTPS).await?;
    let has_ech = |data: &RData| match data {
        RData::HTTPS(record) => {
            record.0.svc_params.iter().any(|(key, _)| matches!(key, SvcParamKey::EchConfigList))
        }
        _ => false,
    };
    Ok(answer.iter().any(has_ech))
}

/// The answer's data; none where there is no such name or no such record.
async fn lookup(resolver: &TokioResolver, name: &str, kind: RecordType) -> Result<Vec<RData>, ResolverError> {
    let absolute = format!("{}.", name.trim_end_matches('.'));
    match resolver.lookup(absolute.as_str(), kind).await {
        Ok(answer) => Ok(answer.answers().iter().map(|record| record.data.clone()).collect()),
        Err(error) if error.is_no_records_found() || error.is_nx_domain() => Ok(Vec::new()),
        Err(error) => Err(ResolverError::Lookup { name: name.into(), cause: error.to_string() }),
    }
}

fn build(servers: &[SocketAddr]) -> Result<TokioResolver, ResolverError> {
    let mut builder = if servers.is_empty() {
        Resolver::builder_tokio().map_err(|error| ResolverError::Setup(error.to_string()))?
    } else {
        let servers = servers.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
                .map(|mut connection| {
                    connection.port = server.port();
                    connection
                })
                .to_vec();
            NameServerConfig::new(server.ip(), true, connections)
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        Resolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.cache_size = 0;
    options.attempts = 2;
    options.timeout = Duration::from_secs(2);
    builder.build().map_err(|error| ResolverError::Setup(error.to_string()))
}

//! Asking DNS servers by address: the zone's own, a public one, the system's.
//!
//! No cache: each question is about now. What the difference between two answers means is for `domain`.

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RecordType;
use hickory_resolver::{Resolver, TokioResolver};
use portico_domain::problem::{Code, Problem};
use std::net::{IpAddr, SocketAddr};
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

/// Asks `servers` for the addresses of `name`; an empty list asks the system's servers.
///
/// A name that does not exist has no addresses: that is an answer, not an error.
pub async fn addresses(servers: &[SocketAddr], name: &str) -> Result<Vec<IpAddr>, ResolverError> {
    let resolver = build(servers)?;
    let absolute = format!("{}.", name.trim_end_matches('.'));
    let mut found = Vec::new();
    for kind in [RecordType::A, RecordType::AAAA] {
        match resolver.lookup(absolute.as_str(), kind).await {
            Ok(answer) => found.extend(answer.answers().iter().filter_map(|record| record.data.ip_addr())),
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => {}
            Err(error) => return Err(ResolverError::Lookup { name: name.into(), cause: error.to_string() }),
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
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
    options.timeout = Duration::from_secs(3);
    builder.build().map_err(|error| ResolverError::Setup(error.to_string()))
}

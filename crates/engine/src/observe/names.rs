//! Looking at Cloudflare: records by zone, tunnels, Access.
//!
//! Calls are few, since all of Portico shares one budget: zones and the ids of tunnels are remembered for a minute, and
//! a zone's records and an account's logins come in one list, however many names are asked for.

use crate::Engine;
use portico_domain::access::AccessState;
use portico_domain::dns::{Hostname, Zone, zone_of};
use portico_domain::observed::{NameRecords, Observed, Seen, Source};
use portico_domain::problem::{Code, Problem};
use portico_world::cloudflare::CloudflareError;
use std::collections::BTreeMap;

type Named<T> = BTreeMap<String, Seen<T>>;

impl Engine {
    /// The records of every name, one list for each zone that holds some of them.
    pub(super) async fn records(&self, sources: &[&Source]) -> Named<NameRecords> {
        let mut found = Named::new();
        let names = sources.iter().filter_map(|source| match source {
            Source::Records { hostname } => Some(hostname),
            _ => None,
        });
        let mut zones: BTreeMap<String, (Zone, Vec<Hostname>)> = BTreeMap::new();
        for (name, zone) in self.zones_of(names).await {
            match zone {
                Ok((zone, name)) => zones.entry(zone.id.clone()).or_insert((zone, Vec::new())).1.push(name),
                Err(why) => _ = found.insert(name, Seen::Unseen { why }),
            }
        }
        for (zone, names) in zones.into_values() {
            let asked = async {
                let cloudflare = self.inner.outside.cloudflare().await?;
                cloudflare.zone_records(&zone.id).await.map_err(|error| Problem::from(&error))
            };
            let all = self.seen(asked).await;
            for name in names {
                let of_name = match &all {
                    Seen::Unseen { why } => Seen::Unseen { why: why.clone() },
                    Seen::Seen { value, at } => {
                        let (wild, named): (Vec<_>, Vec<_>) = value
                            .iter()
                            .filter(|record| record.name == name.as_str() || record.name.starts_with("*."))
                            .cloned()
                            .partition(|record| record.name.starts_with("*."));
                        let value = NameRecords {
                            zone_id: zone.id.clone(),
                            zone: zone.name.clone(),
                            account_id: zone.account_id.clone(),
                            records: named,
                            wildcards: wild,
                        };
                        Seen::Seen { value, at: *at }
                    }
                };
                found.insert(name.to_string(), of_name);
            }
        }
        found
    }

    /// What stands in front of every name, two lists for each account.
    pub(super) async fn logins(&self, sources: &[&Source]) -> Named<AccessState> {
        let mut found = Named::new();
        let names = sources.iter().filter_map(|source| match source {
            Source::Access { hostname } => Some(hostname),
            _ => None,
        });
        let mut accounts: BTreeMap<String, Vec<Hostname>> = BTreeMap::new();
        for (name, zone) in self.zones_of(names).await {
            match zone {
                Ok((zone, name)) => accounts.entry(zone.account_id).or_default().push(name),
                Err(why) => _ = found.insert(name, Seen::Unseen { why }),
            }
        }
        for (account, names) in accounts {
            let asked = async {
                let cloudflare = self.inner.outside.cloudflare().await?;
                cloudflare.access(&account, &names).await.map_err(|error| match error {
                    CloudflareError::Missing { .. } => Problem::new(Code::AccessNotSetUp),
                    other => Problem::from(&other),
                })
            };
            match self.seen(asked).await {
                Seen::Unseen { why } => {
                    let unseen = || Seen::Unseen { why: why.clone() };
                    found.extend(names.iter().map(|name| (name.to_string(), unseen())));
                }
                Seen::Seen { value, at } => {
                    let states = value.into_iter().map(|value| Seen::Seen { value, at });
                    found.extend(names.iter().map(Hostname::to_string).zip(states));
                }
            }
        }
        found
    }

    /// The zone of each name; nobody is asked where there is no name.
    async fn zones_of<'a>(
        &self,
        names: impl Iterator<Item = &'a String>,
    ) -> Vec<(String, Result<(Zone, Hostname), Problem>)> {
        let names: Vec<&String> = names.collect();
        if names.is_empty() {
            return Vec::new();
        }
        let zones = self.inner.outside.zones().await;
        let held = |name: &str| {
            let zones = zones.as_deref().map_err(Problem::clone)?;
            let name = Hostname::parse(name)?;
            Ok((zone_of(&name, zones)?.clone(), name))
        };
        names.into_iter().map(|name| (name.clone(), held(name))).collect()
    }

    pub(super) async fn ask_cloudflare(&self, source: &Source, seen: &mut Observed) {
        let outside = &self.inner.outside;
        match source {
            Source::TunnelId(name) => {
                seen.tunnel_ids.insert(name.clone(), self.seen(outside.tunnel_id(name)).await);
            }
            Source::Tunnel(name) => {
                let asked = async {
                    let Some(id) = outside.tunnel_id(name).await? else { return Ok(None) };
                    let cloudflare = outside.cloudflare().await?;
                    let tunnel = cloudflare.tunnel(&id).await.map_err(|error| Problem::from(&error))?;
                    if tunnel.is_none() {
                        outside.forget_names().await;
                    }
                    Ok(tunnel)
                };
                seen.tunnels.insert(name.clone(), self.seen(asked).await);
            }
            Source::TunnelToken(name) => {
                let asked = async {
                    let Some(id) = outside.tunnel_id(name).await? else { return Ok(None) };
                    let cloudflare = outside.cloudflare().await?;
                    let token = cloudflare.tunnel_token(&id).await.map_err(|error| Problem::from(&error))?;
                    Ok(Some(portico_domain::digest::sha256(token.expose().as_bytes())))
                };
                seen.tunnel_tokens.insert(name.clone(), self.seen(asked).await);
            }
            Source::TunnelState(name) => {
                seen.tunnel_states.insert(name.clone(), self.seen(outside.tunnel_state(name)).await);
            }
            _ => {}
        }
    }
}

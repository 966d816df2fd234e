//! Which hops are down only because another one is: the cause is red, what hangs below it says so and stays quiet.
//!
//! A cause is always a hop of the picture. Where what explains a hop is not drawn, the hop is the cause.

use super::{FlowGraph, Health, Hop, HopKind};
use crate::problem::Code;
use std::collections::HashMap;

type Down<'a> = HashMap<&'a str, &'a Hop>;

pub fn explain(graph: &mut FlowGraph) {
    let down: Down<'_> = graph
        .hops
        .iter()
        .filter(|hop| hop.health == Health::Down)
        .map(|hop| (hop.id.as_str(), hop))
        .collect();
    let edges = graph.edges.iter().map(|edge| (edge.from.as_str(), edge.to.as_str()));
    let mut behind: HashMap<&str, &str> = edges.filter(|(_, to)| to.starts_with("pods/")).collect();
    behind.extend(graph.paths.iter().filter_map(|path| {
        let find = |kind: &str| path.hops.iter().find(|id| id.starts_with(kind)).map(String::as_str);
        Some((find("name/")?, find("certificate/")?))
    }));
    let because: Vec<Option<String>> = graph
        .hops
        .iter()
        .map(|hop| {
            (hop.health == Health::Down).then(|| cause(hop, &down, &behind)).flatten().map(str::to_owned)
        })
        .collect();
    for (hop, because) in graph.hops.iter_mut().zip(because) {
        hop.because = because;
    }
}

/// `behind`: the pods of a service, and the certificate of a name.
fn cause<'a>(hop: &Hop, down: &Down<'a>, behind: &HashMap<&str, &str>) -> Option<&'a str> {
    let find = |id: &str| down.get_key_value(id).map(|(id, _)| *id);
    match hop.kind {
        HopKind::Worker | HopKind::Machine => None,
        _ if hop.reason.as_ref().is_some_and(|reason| reason.code == Code::NodeNotReady) => {
            let node = hop.reason.as_ref().and_then(|reason| reason.args.get("node"))?;
            find(&format!("node/{node}")).or_else(|| find(&format!("way-in/{node}")))
        }
        // Without a tunnel no cloudflared is ready: that is how it tells. There is none where there is no internet.
        HopKind::Cloudflared => find("tunnel").or_else(|| find("internet")),
        // A service is as well as the pods behind it.
        HopKind::Service => find(behind.get(hop.id.as_str())?),
        // The name comes last: until there is a certificate, nobody is led to the service.
        HopKind::LanRecord
            if hop.reason.as_ref().is_some_and(|reason| reason.code == Code::RecordMissing) =>
        {
            find(behind.get(hop.id.as_str())?)
        }
        _ => None,
    }
}

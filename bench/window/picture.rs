//! `picture [SERVICES] [MACHINES]`: how long the diagram takes to be built, in Rust, of everything that was seen; for
//! `bench/window/run`.
//!
//! An invented homelab of which everything was seen: every fifth service is public, the others have a certificate and
//! answer over every machine but the first, each with two pods.

use portico_domain::certificate::{CertificateChain, Link};
use portico_domain::change::Desired;
use portico_domain::cluster::{ClusterDocument, K3s, Options, Release};
use portico_domain::dns::{Answers, Hostname};
use portico_domain::exposure::{Backend, Exposure, Reach, Tls};
use portico_domain::flow::{endpoints_key, flow};
use portico_domain::observed::{
    EndpointState, HttpAnswer, LanPath, NodeState, Observed, PublicPath, Seen, TlsAnswer,
};
use portico_domain::tunnel::TunnelState;
use serde_json::json;
use std::error::Error;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

const NOW: i64 = 1_800_000_000_000;
const ROUNDS: usize = 200;

fn seen<T>(value: T) -> Seen<T> {
    Seen::Seen { value, at: NOW }
}

fn machine(number: usize) -> NodeState {
    let server = ("node-role.kubernetes.io/control-plane".to_owned(), "true".to_owned());
    NodeState {
        name: format!("pi-{number}"),
        ready: true,
        reason: String::new(),
        version: "v1.34.4+k3s1".into(),
        address: Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, number as u8))),
        labels: (number == 1).then_some(server).into_iter().collect(),
        pressures: Vec::new(),
        taints: Vec::new(),
    }
}

fn exposure(number: usize) -> Result<Exposure, Box<dyn Error>> {
    Ok(Exposure {
        name: format!("service-{number}"),
        hostname: Hostname::parse(&format!("service-{number}.example.test"))
            .map_err(|why| format!("{why:?}"))?,
        reach: if number.is_multiple_of(5) { Reach::Public } else { Reach::Lan },
        tls: Tls::Terminated,
        access: Vec::new(),
        backend: Backend::Echo { image: "echo:1".into() },
    })
}

fn look(observed: &mut Observed, exposure: &Exposure, number: usize, workers: &[NodeState]) {
    let (host, addresses) =
        (exposure.hostname.to_string(), workers.iter().filter_map(|worker| worker.address));
    let all = Ok(addresses.clone().collect::<Vec<_>>());
    let answers = Answers { authoritative: all.clone(), public: all.clone(), system: all };
    let http = HttpAnswer { status: 200, millis: 3, location: None };
    match exposure.reach {
        Reach::Public => {
            observed.public_paths.insert(host, seen(PublicPath { answers, http: Ok(http) }));
        }
        Reach::Lan => {
            let shown = TlsAnswer {
                names: vec![host.clone()],
                issuer: "R3".into(),
                not_after: NOW + 60 * 86_400_000,
                millis: 4,
            };
            let path = LanPath {
                answers,
                http: addresses.clone().map(|address| (address, Ok(http.clone()))).collect(),
                tls: addresses.map(|address| (address, Ok(shown.clone()))).collect(),
            };
            observed.lan_paths.insert(host, seen(path));
            let secret = format!("{}-tls", exposure.name);
            let ready = json!({"metadata": {"name": secret}, "status": {"conditions": [
                {"type": "Ready", "status": "True", "reason": "Ready", "message": ""}]}});
            let chain = CertificateChain::new(
                exposure.namespace(),
                &secret,
                None,
                vec![Link::of("Certificate", &ready)],
            );
            observed.certificates.insert(format!("{}/{secret}", exposure.namespace()), seen(chain));
        }
    }
    let pods = (0..2).map(|pod| EndpointState {
        pod: Some(format!("{}-{pod}", exposure.name)),
        node: workers.get((number + pod) % workers.len()).map(|worker| worker.name.clone()),
        ready: true,
    });
    observed.endpoints.insert(endpoints_key(exposure), seen(pods.collect()));
}

fn main() -> Result<(), Box<dyn Error>> {
    let words = std::env::args().skip(1);
    let sizes: Result<Vec<usize>, _> = words.map(|word| word.parse()).collect();
    let sizes = sizes.map_err(|_| "picture [SERVICES] [MACHINES], both of them whole numbers")?;
    let (services, machines) =
        (sizes.first().copied().unwrap_or(200), sizes.get(1).copied().unwrap_or(20).clamp(2, 250));
    let nodes: Vec<NodeState> = (1..=machines).map(machine).collect();
    let mut desired = Desired {
        cluster: Some(ClusterDocument {
            version: 1,
            name: "home".into(),
            k3s: K3s { release: Release::Channel("stable".into()), folder: None },
            machines: Vec::new(),
            options: Options::default(),
        }),
        ..Desired::default()
    };
    desired.stack.tunnel = Some("home".into());
    let mut observed = Observed { at: NOW, nodes: Some(seen(nodes.clone())), ..Observed::default() };
    let tunnel = TunnelState { status: "healthy".into(), connectors: 2 };
    observed.tunnel_states.insert("home".into(), seen(Some(tunnel)));
    for number in 0..services {
        let one = exposure(number)?;
        look(&mut observed, &one, number, &nodes[1..]);
        desired.exposures.push(one);
    }
    let mut took: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        black_box(flow(&desired, black_box(&observed), NOW));
        took.push(began.elapsed());
    }
    took.sort();
    let picture = flow(&desired, &observed, NOW);
    let ms = |at: usize| took[at].as_secs_f64() * 1000.0;
    println!("| {services} services on {machines} machines, built in Rust | least | median | p95 | goal |");
    println!("|---|---|---|---|---|");
    let (median, goal) = (ms(ROUNDS / 2), 5.0);
    let judged = match (services, machines) {
        (200, 20) if median > goal => format!("{goal} ms: missed"),
        (200, 20) => format!("{goal} ms"),
        _ => String::new(),
    };
    println!(
        "| {} hops, {} edges | {:.2} ms | {median:.2} ms | {:.2} ms | {judged} |",
        picture.hops.len(),
        picture.edges.len(),
        ms(0),
        ms(ROUNDS * 95 / 100),
    );
    Ok(())
}

//! Scans on loopback, where practice machines live: TCP alone, no privilege, no invented machines.

use futures::StreamExt;
use portico_domain::{
    host::{Fit, Host, Inventory, Sighting},
    problem::Code,
};
use portico_world::lan::{Discovery, ScanEvent, ScanOptions, discover, scan};
use russh::{
    keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, key::safe_rng},
    server::{self, Server as _},
};
use std::{net::Ipv4Addr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

struct Silent;

impl server::Handler for Silent {
    type Error = russh::Error;
}

impl server::Server for Silent {
    type Handler = Self;

    fn new_client(&mut self, _: Option<std::net::SocketAddr>) -> Self {
        Self
    }
}

/// SSH servers on one port of several loopback addresses; returns the port and each server's fingerprints.
async fn servers(addresses: &[Ipv4Addr]) -> (u16, Vec<Vec<String>>) {
    let mut port = 0;
    let mut fingerprints = Vec::new();
    for &address in addresses {
        let listener = tokio::net::TcpListener::bind((address, port)).await.unwrap();
        port = listener.local_addr().unwrap().port();
        let kinds = [Algorithm::Ed25519, Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }];
        let keys: Vec<_> = kinds.map(|kind| PrivateKey::random(&mut safe_rng(), kind).unwrap()).into();
        let mut shown: Vec<_> = keys.iter().map(|key| key.fingerprint(HashAlg::Sha256).to_string()).collect();
        shown.sort();
        fingerprints.push(shown);
        let config = Arc::new(server::Config { keys, ..server::Config::default() });
        tokio::spawn(async move { Silent.run_on_socket(config, &listener).await });
    }
    (port, fingerprints)
}

fn options(subnet: &str, port: u16) -> ScanOptions {
    ScanOptions {
        subnets: vec![subnet.parse().unwrap()],
        ssh_port: port,
        // Nothing listens on the discard port.
        api_port: 9,
        reverse_dns: false,
        ..ScanOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_on_loopback_are_found_with_every_key_and_nobody_else_is() {
    let addresses: Vec<Ipv4Addr> = (1..=5).map(|n| Ipv4Addr::new(127, 91, 3, n * 40)).collect();
    let (port, fingerprints) = servers(&addresses).await;
    let found =
        discover(options("127.91.3.0/24", port), Inventory::new(port, 9), CancellationToken::new()).unwrap();
    let events: Vec<Discovery> = found.collect().await;
    let Some(Discovery::Done { inventory, .. }) = events.last() else { panic!("no end") };
    let mut hosts: Vec<&Host> = inventory.hosts().collect();
    hosts.sort_by_key(|host| host.addresses.clone());
    assert_eq!(
        hosts.iter().map(|host| host.addresses[0]).collect::<Vec<_>>(),
        addresses,
        "loopback refuses for all"
    );
    for (host, expected) in hosts.iter().zip(&fingerprints) {
        let mut shown: Vec<_> = host.ssh[0].keys.iter().map(|key| key.fingerprint.clone()).collect();
        shown.sort();
        assert_eq!(&shown, expected);
        let ed25519 = host.ssh[0].keys.iter().find(|key| key.kind == "ssh-ed25519").unwrap();
        assert_eq!(host.id.as_str(), format!("key:{}", ed25519.fingerprint));
        assert!(host.ssh[0].banner.as_ref().unwrap().starts_with("SSH-2.0-"));
        assert_eq!(host.fit, Fit::Fit);
    }
    let last_progress = events.iter().rev().find_map(|event| match event {
        Discovery::Progress { done, total } => Some((*done, *total)),
        _ => None,
    });
    assert_eq!(last_progress, Some((254, 254)));
}

#[tokio::test]
async fn bad_subnets_are_refused_before_anything_is_sent() {
    let code = |subnets: &[&str]| {
        let subnets = subnets.iter().map(|text| text.parse().unwrap()).collect();
        scan(ScanOptions { subnets, ..ScanOptions::default() }, CancellationToken::new()).err().unwrap().code
    };
    assert_eq!(code(&["10.0.0.0/8"]), Code::SubnetTooLarge);
    assert_eq!(code(&["127.9.0.0/24", "127.9.0.128/25"]), Code::SubnetOverlap);
    assert_eq!(code(&["127.9.0.1/32"]), Code::SubnetEmpty);
}

#[tokio::test]
async fn a_scan_ends_when_it_is_cancelled() {
    // A server that accepts and says nothing would hold a visit for seconds.
    let listener = tokio::net::TcpListener::bind("127.91.4.7:0").await.unwrap();
    let cancel = CancellationToken::new();
    let mut events =
        scan(options("127.91.4.0/24", listener.local_addr().unwrap().port()), cancel.clone()).unwrap();
    let end = async {
        while let Some(event) = events.next().await {
            match event {
                ScanEvent::Sighting(Sighting::Port { .. }) => cancel.cancel(),
                ScanEvent::Done { .. } => return true,
                _ => {}
            }
        }
        false
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(2), end).await.expect("it ends at once"),
        "with Done as its last"
    );
}

//! Discovery on a link of its own: a scanning machine and others in network namespaces.
//!
//! Needs root and iproute2. Without them the tests say so and end; with CI=true that is a failure. The scan runs
//! in a process of its own inside the namespace (the `child` below), as an unprivileged user where raw ARP is
//! not what is tested. The other machines share one namespace, each with a network card of its own.

#![cfg(target_os = "linux")]

use futures::StreamExt;
use portico_domain::host::{Flag, Host, Inventory};
use portico_world::lan::{Discovery, Method, ScanOptions, discover};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};
use tokio_util::sync::CancellationToken;

const SUBNET: &str = "10.99.0.0/24";

/// The scanning namespace `-s` and the others' namespace `-h`, gone when dropped.
struct Link {
    name: String,
}

impl Link {
    /// None: not possible here, which has been said.
    fn with_machines(count: u8) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let tools = ["ip", "setpriv", "sysctl"].iter().all(|tool| {
            Command::new(tool).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        });
        let root =
            std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if !tools || !root {
            assert_ne!(
                std::env::var("CI").as_deref(),
                Ok("true"),
                "CI must be root and have iproute2, setpriv, sysctl"
            );
            eprintln!("NOT RUN: needs root, iproute2, setpriv and sysctl");
            return None;
        }
        let name = format!("lan{}-{}", std::process::id() % 100_000, NUMBER.fetch_add(1, Ordering::Relaxed));
        let link = Self { name };
        let (scan, hosts) = (link.scan(), link.hosts());
        batch(&[], &format!("netns add {scan}\nnetns add {hosts}"));
        let mut cards =
            "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\nlink set br0 up\n\
                         link set lo up\n"
                .to_owned();
        cards += &format!("link add lan type veth peer name eth0 netns {scan}\nlink set lan master br0 up\n");
        for n in 1..=count {
            cards += &format!(
                "link add h{n} address 52:54:00:00:00:{n:02x} type veth peer name p{n}\nlink set p{n} master br0 up\n"
            );
        }
        batch(&["-n", &hosts], &cards);
        // Each card answers for its own address alone, as cards of separate machines do.
        let settings = "net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=0 \
                        net.ipv4.conf.default.rp_filter=0 net.ipv4.ip_forward=1";
        run_in(&hosts, &format!("sysctl -q {settings}"));
        for n in 1..=count {
            batch(&["-n", &hosts], &format!("addr add {}/24 dev h{n}\nlink set h{n} up", address(n)));
        }
        batch(&["-n", &scan], "link set lo up\nlink set eth0 up\naddr add 10.99.0.254/24 dev eth0");
        Some(link)
    }

    fn scan(&self) -> String {
        format!("{}-s", self.name)
    }

    fn hosts(&self) -> String {
        format!("{}-h", self.name)
    }

    /// Runs a scan inside that begins and ends with the inventory in a file. Returns the machines at its end, the
    /// scanning one left out.
    fn discover(&self, method: &str, inventory: &Path) -> Vec<Host> {
        // Copied to where an unprivileged user can run it.
        let copy = inventory.with_extension("exe");
        std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.scan()]);
        if method != "raw" {
            command.args(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
        }
        let mut child = command
            .arg(&copy)
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .env("LAN_METHOD", method)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&std::fs::read(inventory).unwrap_or_default()).unwrap();
        let text = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let line = text.lines().find_map(|line| line.split_once("INVENTORY ")).map(|(_, json)| json);
        let line = line.unwrap_or_else(|| panic!("the child gave no inventory: {text}"));
        std::fs::write(inventory, line).unwrap();
        let inventory: Inventory = serde_json::from_str(line).unwrap();
        inventory.hosts().filter(|host| !host.flags.contains(&Flag::ThisMachine)).cloned().collect()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for name in [self.scan(), self.hosts()] {
            _ = Command::new("ip").args(["netns", "del", &name]).status();
        }
    }
}

fn address(n: u8) -> String {
    format!("10.99.0.{}", 5 + u16::from(n) * 10)
}

fn batch(arguments: &[&str], lines: &str) {
    let mut child =
        Command::new("ip").args(arguments).args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "ip {arguments:?}: {lines}");
}

fn run_in(namespace: &str, line: &str) {
    let words = line.split_whitespace();
    assert!(
        Command::new("ip").args(["netns", "exec", namespace]).args(words).status().unwrap().success(),
        "{line}"
    );
}

fn addresses(hosts: &[Host]) -> Vec<String> {
    let mut list: Vec<_> =
        hosts.iter().filter(|host| host.present).flat_map(|host| host.addresses.clone()).collect();
    list.sort();
    list.iter().map(ToString::to_string).collect()
}

/// A directory that an unprivileged user can enter.
fn open_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open).unwrap();
    directory
}

#[test]
#[ignore = "runs inside the namespace, started by the other tests"]
fn child() {
    let saved = std::io::read_to_string(std::io::stdin()).unwrap();
    let inventory = serde_json::from_str(&saved).unwrap_or_else(|_| Inventory::new(22, 6443));
    let method = match std::env::var("LAN_METHOD").as_deref() {
        Ok("raw") => Method::Raw,
        Ok("tcp") => Method::Tcp,
        _ => Method::Auto,
    };
    let options =
        ScanOptions { subnets: vec![SUBNET.parse().unwrap()], method, mdns: false, ..ScanOptions::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let inventory = runtime.block_on(async {
        let mut found = discover(options, inventory, CancellationToken::new()).unwrap();
        loop {
            match found.next().await {
                Some(Discovery::Done { inventory, .. }) => return inventory,
                Some(Discovery::Problem(problem)) => panic!("{problem}"),
                Some(_) => {}
                None => panic!("the stream ended without Done"),
            }
        }
    });
    println!("\nINVENTORY {}", serde_json::to_string(&inventory).unwrap());
}

#[test]
fn twenty_hosts_are_found_without_privileges_cold_and_cached() {
    let Some(link) = Link::with_machines(20) else { return };
    let directory = open_directory();
    let inventory = directory.path().join("inventory");
    let mut expected: Vec<String> = (1..=20).map(address).collect();
    let cold = link.discover("auto", &inventory);
    assert_eq!(addresses(&cold), expected);
    assert_eq!(cold.len(), 20, "one machine each");
    let machine = cold.iter().find(|host| host.addresses[0].to_string() == address(7)).unwrap();
    assert_eq!(machine.macs[0].to_string(), "52:54:00:00:00:07");
    assert_eq!(serde_json::to_value(&machine.fit).unwrap()["reasons"][0]["code"], "ssh-closed");

    // All are in the kernel's table now, where they give no event; one of them left, and one never was.
    batch(&["-n", &link.hosts()], "link set h3 down");
    // An entry that the kernel confirmed seconds ago would be believed; these are older.
    let left = format!("neigh replace {} lladdr 52:54:00:00:00:03 dev eth0 nud stale", address(3));
    batch(&["-n", &link.scan()], &left);
    batch(&["-n", &link.scan()], "neigh replace 10.99.0.200 lladdr 52:54:00:00:00:99 dev eth0 nud stale");
    expected.retain(|text| *text != address(3));
    let cached = link.discover("auto", &inventory);
    assert_eq!(addresses(&cached), expected);
    let gone = cached.iter().find(|host| !host.present).expect("what left is still listed");
    assert_eq!(gone.macs[0].to_string(), "52:54:00:00:00:03");
}

#[test]
fn tcp_alone_finds_them_too() {
    let Some(link) = Link::with_machines(20) else { return };
    let directory = open_directory();
    let expected: Vec<String> = (1..=20).map(address).collect();
    assert_eq!(addresses(&link.discover("tcp", &directory.path().join("inventory"))), expected);
}

#[test]
fn an_address_change_keeps_the_identity() {
    let Some(link) = Link::with_machines(3) else { return };
    let directory = open_directory();
    let inventory = directory.path().join("inventory");
    let before = link.discover("auto", &inventory);
    batch(
        &["-n", &link.hosts()],
        &format!("addr del {}/24 dev h2\naddr add 10.99.0.177/24 dev h2", address(2)),
    );
    let after = link.discover("auto", &inventory);
    let id = |hosts: &[Host], at: &str| {
        hosts
            .iter()
            .find(|host| host.present && host.addresses[0].to_string() == at)
            .map(|host| host.id.clone())
    };
    assert!(id(&before, &address(2)).is_some());
    assert_eq!(id(&before, &address(2)), id(&after, "10.99.0.177"));
    assert_eq!(after.len(), 3, "{after:?}");
}

#[test]
fn proxy_arp_and_duplicate_addresses_invent_nothing() {
    let Some(link) = Link::with_machines(4) else { return };
    let directory = open_directory();
    // The first machine answers for the upper half of the subnet, where nobody is.
    let hosts = link.hosts();
    batch(
        &["-n", &hosts],
        "link add far type veth peer name nowhere\nlink set far up\nlink set nowhere up\nroute add 10.99.0.128/25 dev far",
    );
    run_in(&hosts, "sysctl -q net.ipv4.conf.h1.proxy_arp=1 net.ipv4.neigh.h1.proxy_delay=0");
    // The way back to the scanning machine is not the dummy's.
    batch(&["-n", &hosts], "route add 10.99.0.254/32 dev h1");
    // The fourth has the third one's address, too.
    batch(&["-n", &hosts], &format!("addr add {}/24 dev h4", address(3)));
    for method in ["auto", "raw"] {
        let found = link.discover(method, &directory.path().join(method));
        let mut cards: Vec<_> = found.iter().flat_map(|host| &host.macs).map(|mac| mac.0[5]).collect();
        cards.sort();
        // The kernel keeps one card for an address, so one of the two that share it may stay unseen.
        cards.retain(|card| method == "raw" || *card != 3);
        let expected: &[u8] = if method == "raw" { &[1, 2, 3, 4] } else { &[1, 2, 4] };
        assert_eq!(cards, expected, "{method}: {found:#?}");
        assert!(found.len() <= 4, "{method}: {found:#?}");
        let router = found.iter().find(|host| host.macs[0].0[5] == 1).unwrap();
        let proxy =
            router.flags.iter().any(|flag| matches!(flag, Flag::ProxyArp { addresses } if *addresses > 100));
        assert!(proxy && router.addresses.len() == 1, "{method}: {router:#?}");
        if method == "raw" {
            let shared = Flag::DuplicateAddress { address: address(3).parse().unwrap() };
            let flagged = found.iter().filter(|host| host.flags.contains(&shared)).count();
            assert_eq!(flagged, 2, "both cards answer, and both are told of: {found:#?}");
        }
    }
}

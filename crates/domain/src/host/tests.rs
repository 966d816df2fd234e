//! Merging sightings into machines, by cases that happen on real networks.

use super::*;

const SSH: u16 = 22;

fn ip(last: u8) -> IpAddr {
    IpAddr::from([192, 168, 1, last])
}

fn mac(last: u8) -> Mac {
    Mac([0xb8, 0x27, 0xeb, 0, 0, last])
}

fn card(address: u8, of: u8) -> Sighting {
    Sighting::Neighbour { ip: ip(address), mac: mac(of) }
}

fn port(address: u8, port: u16, state: PortState) -> Sighting {
    Sighting::Port { ip: ip(address), port, state }
}

fn keys(address: u8, names: &[&str]) -> Sighting {
    let keys = names
        .iter()
        .map(|name| HostKey {
            kind: if name.starts_with('r') { "ssh-rsa" } else { "ssh-ed25519" }.to_owned(),
            fingerprint: format!("SHA256:{name}"),
        })
        .collect();
    Sighting::SshHostKeys { ip: ip(address), port: SSH, keys }
}

fn mdns(addresses: &[u8], name: &str) -> Sighting {
    Sighting::Mdns {
        ips: addresses.iter().map(|&last| ip(last)).collect(),
        name: name.to_owned(),
        service: "_ssh._tcp".to_owned(),
        instance: name.to_owned(),
        port: SSH,
    }
}

/// One line per host: id, addresses, cards, flags by their first word, `gone` if so.
fn listing(inventory: &Inventory) -> Vec<String> {
    let mut lines: Vec<String> = inventory
        .hosts()
        .map(|host| {
            let addresses: Vec<_> =
                host.addresses.iter().map(|ip| ip.to_string().replace("192.168.1", "")).collect();
            let cards: Vec<_> = host.macs.iter().map(|mac| mac.0[5].to_string()).collect();
            let flags: Vec<_> = host
                .flags
                .iter()
                .map(|flag| match flag {
                    Flag::ProxyArp { addresses } => format!("ProxyArp-{addresses}"),
                    flag => format!("{flag:?}"),
                })
                .map(|flag| flag.split([' ', '{']).next().unwrap_or_default().to_owned())
                .collect();
            let id = host.id.as_str().replace("b8:27:eb:00:00:", "").replace("SHA256:", "");
            let mut words = vec![id, "at".to_owned(), addresses.join(","), "cards".to_owned()];
            words.extend([
                cards.join(","),
                flags.join(","),
                if host.present { "" } else { "gone" }.to_owned(),
            ]);
            words.retain(|word| !word.is_empty());
            words.join(" ")
        })
        .collect();
    lines.sort();
    lines
}

/// Feeds scans of sightings and compares the machines at the end.
fn check(why: &str, scans: &[Vec<Sighting>], expected: &[&str]) {
    let mut inventory = Inventory::new(SSH, 6443);
    for (scan, sightings) in scans.iter().enumerate() {
        inventory.begin(scan as i64 * 1000);
        for sighting in sightings {
            inventory.take(sighting.clone(), scan as i64 * 1000 + 1);
        }
        inventory.finish();
    }
    assert_eq!(listing(&inventory), expected, "{why}");
    let saved = serde_json::to_string(&inventory).unwrap();
    let restored: Inventory = serde_json::from_str(&saved).unwrap();
    assert_eq!(listing(&restored), expected, "{why}, saved and restored");
}

#[test]
fn sightings_become_machines() {
    check("nothing seen", &[vec![]], &[]);
    check("a card is a machine", &[vec![card(5, 1)]], &["mac:01 at .5 cards 1"]);
    check("a key is a better name", &[vec![card(5, 1), keys(5, &["k"])]], &["key:k at .5 cards 1"]);
    check("whatever comes first", &[vec![keys(5, &["k"]), card(5, 1)]], &["key:k at .5 cards 1"]);
    check(
        "ed25519 names the machine, however low another fingerprint is",
        &[vec![keys(5, &["ra"]), keys(5, &["z"])]],
        &["key:z at .5 cards"],
    );
    check("several addresses on one card", &[vec![card(5, 1), card(6, 1)]], &["mac:01 at .5,.6 cards 1"]);
    check(
        "several addresses, keys seen at one",
        &[vec![card(5, 1), card(6, 1), keys(6, &["k"])]],
        &["key:k at .5,.6 cards 1"],
    );
    check(
        "two cards, two machines",
        &[vec![card(5, 1), card(6, 2)]],
        &["mac:01 at .5 cards 1", "mac:02 at .6 cards 2"],
    );
    check(
        "behind a router the key joins",
        &[vec![keys(5, &["k"]), keys(6, &["k"])]],
        &["key:k at .5,.6 cards"],
    );
    check(
        "an address alone is a stand-in",
        &[vec![port(5, 22, PortState::Open)]],
        &["address:192.168.1.5 at .5 cards"],
    );
    check("silence is no machine", &[vec![port(5, 22, PortState::Filtered)]], &[]);
    check("nor is what is merely said", &[vec![mdns(&[5], "pi"), Sighting::Gateway { ip: ip(5) }]], &[]);
    check(
        "it counts once something answers",
        &[vec![Sighting::Gateway { ip: ip(5) }, card(5, 1)]],
        &["mac:01 at .5 cards 1 Gateway"],
    );
    check(
        "a group address is no card",
        &[vec![Sighting::Neighbour { ip: ip(5), mac: Mac([1, 0, 0x5e, 0, 0, 1]) }]],
        &[],
    );
}

#[test]
fn identity_survives_a_new_address() {
    check(
        "known by its key",
        &[vec![card(5, 1), keys(5, &["k"])], vec![card(9, 1), keys(9, &["k"])]],
        &["key:k at .9 cards 1"],
    );
    check("known by its card", &[vec![card(5, 1)], vec![card(9, 1)]], &["mac:01 at .9 cards 1"]);
    check(
        "known by its card before its key is seen again",
        &[vec![card(5, 1), keys(5, &["k"])], vec![card(9, 1)]],
        &["key:k at .9 cards 1"],
    );
    check(
        "another machine takes the address over",
        &[vec![card(5, 1), keys(5, &["k"])], vec![card(5, 2), keys(5, &["l"]), card(9, 1), keys(9, &["k"])]],
        &["key:k at .9 cards 1", "key:l at .5 cards 2"],
    );
    check(
        "another machine takes the address over behind a router",
        &[vec![keys(5, &["k"])], vec![keys(5, &["l"])]],
        &["key:k at .5 cards gone", "key:l at .5 cards"],
    );
    check(
        "the card was replaced",
        &[vec![card(5, 1), keys(5, &["k"])], vec![card(5, 2), keys(5, &["k"])]],
        &["key:k at .5 cards 2"],
    );
    check("what left is gone", &[vec![card(5, 1)], vec![]], &["mac:01 at .5 cards 1 gone"]);
    check(
        "the same machine again",
        &[vec![card(5, 1), keys(5, &["k"])], vec![mdns(&[5], "pi"), card(5, 1), keys(5, &["k"])]],
        &["key:k at .5 cards 1"],
    );
    check(
        "installed anew: the card is known and the key is not",
        &[vec![card(5, 1), keys(5, &["k"])], vec![card(5, 1), keys(5, &["l"])]],
        &["key:l at .5 cards 1 HostKeyChanged"],
    );
}

#[test]
fn two_cards_with_one_key() {
    let clones = || vec![card(5, 1), keys(5, &["k"]), card(6, 2), keys(6, &["k"])];
    let apart = ["mac:01 at .5 cards 1 SharedHostKey", "mac:02 at .6 cards 2 SharedHostKey"];
    check("up at once: not merged, flagged", &[clones()], &apart);
    check(
        "and not in the next scan either, while one is missing",
        &[clones(), vec![card(5, 1), keys(5, &["k"])]],
        &["mac:01 at .5 cards 1 SharedHostKey", "mac:02 at .6 cards 2 SharedHostKey gone"],
    );
    let mut announced = clones();
    announced.push(mdns(&[5, 6], "pi.local."));
    check("one announcement with both addresses: one machine", &[announced], &["key:k at .5,.6 cards 1,2"]);
    let mut renamed = clones();
    renamed.extend([mdns(&[5], "pi.local."), mdns(&[6], "pi-2.local.")]);
    check("two announcements: clones", &[renamed], &apart);
    let machine = |address, boot: &str| Sighting::Machine {
        ip: ip(address),
        machine_id: "cloned".to_owned(),
        boot_id: boot.to_owned(),
    };
    let mut booted = clones();
    booted.extend([machine(5, "b1"), machine(6, "b1")]);
    check("one boot id: one machine", &[booted], &["key:k at .5,.6 cards 1,2"]);
    let mut cloned = clones();
    cloned.extend([machine(5, "b1"), machine(6, "b2")]);
    check("one machine id with two boot ids: clones", &[cloned], &apart);
    check(
        "an announcement alone, without a key, merges nothing: anybody can announce",
        &[vec![card(5, 1), card(6, 2), mdns(&[5, 6], "pi.local.")]],
        &["mac:01 at .5 cards 1", "mac:02 at .6 cards 2"],
    );
}

#[test]
fn one_address_with_two_cards_is_flagged() {
    check(
        "in one scan",
        &[vec![card(5, 1), card(5, 2)]],
        &["mac:01 at .5 cards 1 DuplicateAddress", "mac:02 at .5 cards 2 DuplicateAddress"],
    );
    check(
        "but not from one scan to the next",
        &[vec![card(5, 1)], vec![card(5, 2)]],
        &["mac:01 at .5 cards 1 gone", "mac:02 at .5 cards 2"],
    );
}

#[test]
fn proxy_arp_invents_no_machines() {
    let mut scan = vec![card(1, 1), Sighting::Gateway { ip: ip(1) }];
    scan.extend((2..=250).map(|address| card(address, 1)));
    scan.extend((2..=250).map(|address| port(address, 22, PortState::Filtered)));
    check(
        "a router that answers for all",
        std::slice::from_ref(&scan),
        &["mac:01 at .1 cards 1 ProxyArp-250,Gateway"],
    );
    scan.extend([
        port(30, 22, PortState::Open),
        keys(30, &["k"]),
        port(200, 22, PortState::Open),
        keys(200, &["l"]),
    ]);
    check(
        "machines behind it show their own keys",
        &[scan],
        &["key:k at .30 cards 1", "key:l at .200 cards", "mac:01 at .1 cards 1 ProxyArp-249,Gateway"],
    );
}

#[test]
fn fitness_is_told_with_its_reasons() {
    let banner = |text: &str| Sighting::SshBanner { ip: ip(5), port: SSH, banner: text.to_owned() };
    let open = || port(5, 22, PortState::Open);
    let debian = || banner("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3");
    let cases: Vec<(Vec<Sighting>, &str)> = vec![
        (vec![open(), debian()], r#"{"verdict":"fit"}"#),
        (vec![open()], r#"{"verdict":"maybe","reasons":[{"code":"ssh-not-seen","port":22}]}"#),
        (vec![], r#"{"verdict":"maybe","reasons":[{"code":"ssh-not-seen","port":22}]}"#),
        (
            vec![port(5, 22, PortState::Closed)],
            r#"{"verdict":"unfit","reasons":[{"code":"ssh-closed","port":22}]}"#,
        ),
        (
            vec![port(5, 22, PortState::Filtered)],
            r#"{"verdict":"unfit","reasons":[{"code":"ssh-silent","port":22}]}"#,
        ),
        (vec![open(), banner("")], r#"{"verdict":"unfit","reasons":[{"code":"not-ssh","port":22}]}"#),
        (
            vec![open(), banner("SSH-2.0-OpenSSH_for_Windows_9.5")],
            r#"{"verdict":"unfit","reasons":[{"code":"not-linux","banner":"SSH-2.0-OpenSSH_for_Windows_9.5"}]}"#,
        ),
        (
            vec![open(), banner("SSH-2.0-dropbear_2022.83")],
            r#"{"verdict":"maybe","reasons":[{"code":"small-ssh-server","banner":"SSH-2.0-dropbear_2022.83"}]}"#,
        ),
        (
            vec![open(), debian(), port(5, 6443, PortState::Open)],
            r#"{"verdict":"maybe","reasons":[{"code":"already-cluster","address":"192.168.1.5","port":6443}]}"#,
        ),
        (vec![open(), debian(), port(5, 6443, PortState::Closed)], r#"{"verdict":"fit"}"#),
        (
            vec![open(), debian(), Sighting::Gateway { ip: ip(5) }],
            r#"{"verdict":"maybe","reasons":[{"code":"gateway"}]}"#,
        ),
        (vec![open(), debian(), Sighting::Own { ip: ip(5), mac: None }], r#"{"verdict":"fit"}"#),
        (
            vec![open(), debian(), card(5, 2)],
            r#"{"verdict":"unfit","reasons":[{"code":"duplicate-address","address":"192.168.1.5"}]}"#,
        ),
    ];
    for (mut sightings, expected) in cases {
        let mut inventory = Inventory::new(SSH, 6443);
        inventory.begin(0);
        sightings.insert(0, card(5, 1));
        for sighting in sightings.iter().cloned() {
            inventory.take(sighting, 1);
        }
        let host = inventory.hosts().find(|host| host.macs == [mac(1)]).unwrap();
        assert_eq!(serde_json::to_string(&host.fit).unwrap(), expected, "{sightings:?}");
    }
}

#[test]
fn a_change_is_told_once_and_rows_can_be_replaced() {
    let mut inventory = Inventory::new(SSH, 6443);
    inventory.begin(0);
    assert_eq!(inventory.take(port(5, 22, PortState::Open), 1).len(), 1);
    assert_eq!(inventory.take(port(5, 22, PortState::Open), 2), [], "nothing new");
    assert_eq!(inventory.take(card(5, 1), 3), [HostId::from_mac(mac(1))]);
    let key = HostId::from_key("SHA256:k");
    assert_eq!(inventory.take(keys(5, &["k"]), 4), std::slice::from_ref(&key));
    let host = inventory.host(&key).unwrap();
    assert_eq!(host.formerly, [HostId::stand_in(ip(5)), HostId::from_mac(mac(1))]);
    assert_eq!((host.first_seen, host.last_seen), (1, 4));
    assert_eq!(inventory.hosts().count(), 1);
    assert_eq!(inventory.take(card(6, 2), 5).len(), 1);
    let changed = inventory.take(keys(6, &["k"]), 6);
    assert_eq!(
        changed,
        [HostId::from_mac(mac(1)), HostId::from_mac(mac(2))],
        "both halves of a split are told"
    );
    assert!(inventory.host(&key).is_none());
}

#[test]
fn hostile_text_is_bounded_and_cannot_mislead() {
    let mut inventory = Inventory::new(SSH, 6443);
    inventory.begin(0);
    let banner = format!("SSH-2.0-\u{1b}[2Jx\u{202e}{}", "A".repeat(9000));
    inventory.take(Sighting::SshBanner { ip: ip(5), port: SSH, banner }, 1);
    for n in 0..1000 {
        inventory.take(mdns(&[5], &format!("<script>{n}</script>{}.local.", "b".repeat(500))), 1);
        inventory.take(Sighting::ReverseDns { ip: ip(5), name: format!("n{n}\n.example.") }, 1);
        inventory.take(port(5, n, PortState::Open), 1);
        inventory.take(keys(5, &[&format!("r{n}")]), 1);
    }
    let host = inventory.hosts().next().unwrap();
    let text = serde_json::to_string(host).unwrap();
    assert!(!text.contains("\\u001b") && !text.contains('\u{202e}') && !text.contains("\\n"), "{text}");
    assert!(text.len() < 32_000, "{} bytes", text.len());
    assert_eq!(host.ssh[0].banner.as_ref().unwrap().chars().count(), 255);
}

#[test]
fn work_does_not_grow_with_the_number_of_made_up_machines() {
    // Half of them have a card each and share one key, the others share one card.
    let fill = |count: u32| {
        let mut inventory = Inventory::new(SSH, 6443);
        inventory.begin(0);
        let started = busy();
        for n in 0..count {
            let [_, _, high, low] = n.to_be_bytes();
            let address = IpAddr::from([10, 9, high, low]);
            let bytes = if n % 2 == 0 { [2, 0, 0, 0, high, low] } else { [2, 0, 0, 0, 0, 1] };
            inventory.take(Sighting::Neighbour { ip: address, mac: Mac(bytes) }, 1);
            if n % 2 == 0 {
                let key = HostKey { kind: "ssh-ed25519".to_owned(), fingerprint: "SHA256:same".to_owned() };
                inventory.take(Sighting::SshHostKeys { ip: address, port: SSH, keys: vec![key] }, 1);
            }
        }
        assert_eq!(inventory.hosts().count() as u32, count / 2 + 1, "a machine per card");
        busy() - started
    };
    let (few, many) = (fill(1_000), fill(10_000));
    assert!(
        many < 40 * few,
        "ten times as many took {many} ns after {few} ns; squared, it would be 100 times"
    );
}

/// Nanoseconds that this thread has computed for, which a busy machine does not stretch.
fn busy() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split_whitespace().next().and_then(|first| first.parse().ok());
    spent.unwrap_or_else(|| SINCE.elapsed().as_nanos() as u64)
}

static SINCE: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);

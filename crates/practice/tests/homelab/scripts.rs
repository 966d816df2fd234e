//! The product's scripts on the model: outputs, exit statuses, what stays the same when they run again.

use crate::support::{BINARY, BOOTSTRAP, Lab, script};
use portico_practice::homelab::{File, Listening, Machine, default_machines, raspberry_pi, sha256_hex};

const FIRST: &str = "cluster-init: true\ndisable:\n- traefik\n";

fn joined(server: &str) -> String {
    format!("server: https://{server}:6443\ntoken-file: /etc/rancher/k3s/join-token\n")
}

#[tokio::test]
async fn facts_tell_the_machines_apart() {
    let lab = Lab::of(default_machines()).await;
    let third = lab.script("pi-3", "facts", b"").await;
    assert_eq!(third.status, 0, "{third:?}");
    assert_eq!(third.values("cgroup.memory"), ["0"]);
    assert_eq!(third.values("cmdline.path"), ["/boot/firmware/cmdline.txt"]);
    assert!(third.values("k3s.owner").is_empty(), "{third:?}");
    let foreign = lab.script("attic", "facts", b"").await;
    assert_eq!(foreign.values("k3s.owner"), ["foreign"]);
    assert_eq!(foreign.values("k3s.version"), ["v1.31.5+k3s1"]);
    let nas = lab.key_login("admin", "nas", BOOTSTRAP, &script("facts", b"")).await;
    assert_eq!(nas.values("mem.total_kib"), ["393216"]);
    let refused = lab.place("attic", "/usr/local/bin/k3s", BINARY).await;
    assert_eq!(refused.status, 10, "{refused:?}");
    assert!(refused.stderr.starts_with("reason=foreign-k3s "), "{refused:?}");
}

#[tokio::test]
async fn a_file_is_placed_only_when_it_is_the_right_one() {
    let lab = Lab::of(vec![raspberry_pi("pi-1", 5)]).await;
    let placed = lab.place("pi-1", "/usr/local/bin/k3s", BINARY).await;
    assert_eq!(placed.values("placed"), [sha256_hex(BINARY)], "{placed:?}");

    let mut values =
        format!("/usr/local/bin/k3s\n0755\n1\n{}\n{}\n", sha256_hex(b"another"), BINARY.len()).into_bytes();
    values.extend_from_slice(BINARY);
    assert_eq!(lab.script("pi-1", "place-file", &values).await.status, 20);
    assert_eq!(lab.place("pi-1", "/etc/passwd", b"x").await.status, 10);

    let cut_short = format!("/usr/local/bin/k3s\n0755\n1\n{}\n{}\nhalf", sha256_hex(BINARY), BINARY.len());
    let short = lab.script("pi-1", "place-file", cut_short.as_bytes()).await;
    assert_eq!(short.status, 20, "{short:?}");
    assert!(short.stderr.contains("4 of "), "{short:?}");
    let part = "/usr/local/bin/k3s.portico-part";
    lab.homelab
        .change_machine("pi-1", |machine| machine.files.insert(part.to_owned(), File::of(b"half", 0o600)))
        .expect("pi-1 exists");
    assert_eq!(lab.script("pi-1", "remove-part", b"").await.values("removed"), [part]);
    assert!(lab.script("pi-1", "remove-part", b"").await.stdout.is_empty());

    lab.homelab.change_machine("pi-1", |machine| machine.disk_free_kib = 1).expect("pi-1 exists");
    let images = "/var/lib/rancher/k3s/agent/images/k3s.tar.zst";
    let full = lab.place("pi-1", images, &[7; 4096]).await;
    assert_eq!(full.status, 28, "{full:?}");
    assert!(full.stderr.contains("no space left for /var/lib"), "{full:?}");
}

#[tokio::test]
async fn a_server_and_three_agents_come_up_and_installing_again_changes_nothing() {
    let machines: Vec<Machine> = (1..=4).map(|number| raspberry_pi(&format!("pi-{number}"), 5)).collect();
    let lab = Lab::of(machines).await;
    let first = lab.install("pi-1", "server", FIRST, "").await;
    assert_eq!(first.status, 0, "{first:?}");
    let token = lab.script("pi-1", "token", b"").await;
    let token = token.values("token")[0].to_owned();
    assert!(token.starts_with("K10") && token.contains("::server:"), "the token has the secure form");
    let kubeconfig = lab.script("pi-1", "kubeconfig", b"").await;
    assert!(kubeconfig.stdout.contains("client-key-data"), "{}", kubeconfig.status);
    for agent in ["pi-2", "pi-3", "pi-4"] {
        let joined = lab.install(agent, "agent", &joined("127.77.0.11"), &token).await;
        assert_eq!(joined.status, 0, "{agent}: {joined:?}");
    }
    let generation = |name: &str| {
        lab.homelab.read(|state| {
            state.machine(name).and_then(|machine| machine.k3s.as_ref()).expect("K3s runs").generation
        })
    };
    let before = generation("pi-2");
    let again = lab.install("pi-2", "agent", &joined("127.77.0.11"), &token).await;
    assert_eq!(again.values("unchanged"), ["k3s-agent"], "{again:?}");
    assert_eq!(generation("pi-2"), before, "nothing was restarted");
    let facts = lab.script("pi-2", "facts", b"").await;
    assert_eq!(facts.values("k3s.unit"), ["k3s-agent\tactive\tenabled\t/usr/local/bin/k3s agent"]);
    assert_eq!(facts.values("k3s.started_with"), facts.values("k3s.config"));
    assert!(facts.values("listen").contains(&"tcp\t*\t10250\tk3s-agent"), "{facts:?}");
}

#[tokio::test]
async fn what_stops_k3s_is_in_the_journal_in_its_own_words() {
    let mut busy = raspberry_pi("busy", 5);
    busy.listening.push(Listening {
        protocol: "tcp".to_owned(),
        address: "0.0.0.0".to_owned(),
        port: 6443,
        process: "haproxy".to_owned(),
    });
    let mut full = raspberry_pi("full", 5);
    full.disk_free_kib = 100 * 1024;
    let mut dark = raspberry_pi("dark", 4);
    dark.cgroup_needs_cmdline = true;
    let lab = Lab::of(vec![
        busy,
        full,
        dark,
        raspberry_pi("good", 5),
        raspberry_pi("late", 5),
        raspberry_pi("lone", 5),
    ])
    .await;
    assert_eq!(lab.install("good", "server", FIRST, "").await.status, 0);
    let wrong = format!("K10{}::server:nonsense", "0".repeat(64));
    let cases = [
        ("busy", "server", FIRST.to_owned(), "", "listen tcp :6443: bind: address already in use"),
        ("full", "server", FIRST.to_owned(), "", "no space left on device"),
        ("dark", "server", FIRST.to_owned(), "", "failed to find memory cgroup"),
        ("late", "server", joined("127.77.0.14"), "guess", "token is not valid"),
    ];
    for (machine, role, config, token, words) in cases {
        let failed = lab.install(machine, role, &config, token).await;
        assert_eq!(failed.status, 30, "{machine}: {failed:?}");
        let journal = failed.stderr.split_once("journal:\n").expect("the journal is handed back").1;
        assert!(journal.contains(words), "{machine} should say {words:?}:\n{journal}");
    }
    // An agent's unit is active while it asks its server again and again: only its journal tells, and the missing node.
    let waits = [
        ("127.77.0.14", wrong.as_str(), "token CA hash does not match"),
        ("127.77.0.14", "guess", "token is not valid"),
        ("127.77.0.99", "guess", "no route to host"),
        ("127.77.0.11", "guess", "connection refused"),
    ];
    for (server, token, words) in waits {
        // The token is in a file of its own, so its change alone would not restart the agent.
        let config = format!("{}node-label: [\"case={}\"]\n", joined(server), words.len());
        let started = lab.install("lone", "agent", &config, token).await;
        assert_eq!(started.values("started"), ["k3s-agent"], "{started:?}");
        let journal = lab.script("lone", "journal", b"k3s-agent\n40\n0\n").await.stdout;
        let last = journal.lines().rfind(|line| line.contains("level=error")).unwrap_or_default();
        assert!(last.contains(words), "{server} should say {words:?}:\n{journal}");
    }
    let node =
        lab.homelab.read(|state| state.machine("lone").is_some_and(|machine| machine.running().is_some()));
    assert!(!node, "it never joined");
}

#[tokio::test]
async fn an_install_without_its_installer_is_refused_and_unknown_keys_only_warn() {
    let lab = Lab::of(vec![raspberry_pi("pi-1", 5)]).await;
    assert_eq!(lab.place("pi-1", "/usr/local/bin/k3s", BINARY).await.status, 0);
    let refused = lab.script("pi-1", "install", b"server\n").await;
    assert_eq!(refused.status, 10, "{refused:?}");
    assert!(refused.stderr.starts_with("reason=installer-missing "), "{refused:?}");
    let installed = lab.install("pi-1", "server", "frobnicate: true\n", "").await;
    assert_eq!(installed.status, 0, "{installed:?}");
    let journal = lab.script("pi-1", "journal", b"k3s\n50\n0\n").await;
    assert!(
        journal.stdout.contains("Unknown flag --frobnicate found in config.yaml, skipping"),
        "{journal:?}"
    );
}

#[tokio::test]
async fn the_cgroup_fix_takes_effect_with_the_reboot() {
    let lab = Lab::of(default_machines()).await;
    let fixed = lab.script("pi-3", "cgroup-fix", b"").await;
    assert!(fixed.values("cmdline")[0].ends_with("cgroup_memory=1 cgroup_enable=memory"), "{fixed:?}");
    assert_eq!(lab.script("pi-3", "cgroup-fix", b"").await.stdout, fixed.stdout, "twice is as good as once");
    let before = lab.script("pi-3", "facts", b"").await;
    assert_eq!(before.values("cgroup.memory"), ["0"], "the running kernel has not changed");
    assert_eq!(lab.script("pi-3", "reboot", b"").await.status, 0);
    let old = before.values("boot_id")[0].to_owned();
    lab.homelab
        .until(|state| {
            state.machine("pi-3").is_some_and(|machine| machine.answers() && machine.boot_id != old)
        })
        .await;
    let mut after = lab.script("pi-3", "facts", b"").await;
    while after.status == 255 {
        after = lab.script("pi-3", "facts", b"").await;
    }
    assert_eq!(after.values("cgroup.memory"), ["1"], "{after:?}");
}

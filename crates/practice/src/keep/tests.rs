//! What comes back from the document, and what becomes of one that is torn.
//!
//! Whether Portico finds its way in what came back is a story's, see `tests/flows/keep.rs`.

use super::*;
use crate::acme::Verdict;
use crate::cloudflare::{ACCOUNT_ID, PORTICO_TOKEN};
use crate::homelab::{K3s, Numbers, Options, Power, Role, UnitState, bare};
use crate::kube::{Cluster, Founding, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tower::ServiceExt;

/// What can be lost, lost a little: a cluster, an outage of each kind, a tunnel with its connections.
async fn lived_in() -> Arc<Homelab> {
    let options = Options { machines: ["pi-1", "pi-2", "pi-3"].map(bare).to_vec(), ..Options::default() };
    let homelab = Homelab::new(options).expect("ports are free");
    let cluster = Cluster::found(Founding {
        id: 0,
        password: "secret".into(),
        settings: Settings::parse("cluster-init: true\ndisable: [traefik]\nno-such-flag: 1")
            .expect("it reads"),
        version: "v1.34.4+k3s1".into(),
        created: 0,
    })
    .expect("keys can be made");
    cluster.remember("pi-1", &cluster.settings, "v1.34.4+k3s1");
    cluster.admit_node("pi-1", "its password").expect("the name is free");
    homelab.change(|state| {
        state.clusters.push(cluster);
        state.unpullable.insert("nobody/nothing:1".into());
        state.machines[0].log(1, "k3s", "a line");
        state.machines[0]
            .files
            .insert("/etc/motd".into(), crate::homelab::File::of(&[0, 159, 146, 150], 0o644));
        state.machines[0].k3s = Some(K3s {
            role: Role::Server,
            state: UnitState::Active,
            started_with: None,
            cluster: Some(0),
            node_name: "pi-1".into(),
            joined: true,
            loaded: None,
            failure: None,
            generation: 1,
        });
        state.machines[2].lose_power();
        state.machines[2].rebooting = true;
    });
    homelab.cut_power("pi-2").expect("it is there");
    homelab.set_internet(false);
    homelab.set_verdict(Verdict::Refuse("no".into()));
    let request = axum::http::Request::post(format!("/client/v4/accounts/{ACCOUNT_ID}/cfd_tunnel"))
        .header("authorization", format!("Bearer {PORTICO_TOKEN}"))
        .body(axum::body::Body::from(json!({"name": "home", "config_src": "cloudflare"}).to_string()))
        .expect("a request");
    let Ok(response) = homelab.cloud.router().oneshot(request).await;
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    let made: Value = serde_json::from_slice(&bytes).expect("JSON");
    let token = made["result"]["token"].as_str().expect("a token");
    homelab.cloud.connector_up(token, "the uid of a pod").expect("the token is right");
    homelab.cloud.revoke(PORTICO_TOKEN, true);
    homelab
}

fn written(homelab: &Homelab) -> Value {
    serde_json::to_value(Document::of(homelab)).expect("it can be written")
}

async fn restored(document: &Value) -> Arc<Homelab> {
    let document = Document::parse(document.to_string().as_bytes()).expect("it can be read");
    Homelab::restored(Options::default(), document).await.expect("ports are free")
}

#[tokio::test]
async fn all_comes_back_as_after_a_power_cut() {
    let homelab = lived_in().await;
    let (token, kubeconfig) =
        homelab.read(|state| (state.clusters[0].token(), state.clusters[0].kubeconfig()));
    let mut before = written(&homelab);
    drop(homelab);
    let homelab = restored(&before).await;
    let after = written(&homelab);

    homelab.read(|state| {
        let power: Vec<_> = state.machines.iter().map(|machine| (machine.power, machine.boots)).collect();
        assert_eq!([(Power::On, 2), (Power::Off, 1), (Power::On, 2)], *power, "pi-3 was on its way up");
        let k3s = state.machines[0].k3s.as_ref().expect("it is still installed");
        assert_eq!((UnitState::Activating, Some(0)), (k3s.state, k3s.cluster));
        let cluster = &state.clusters[0];
        assert_eq!((token, kubeconfig), (cluster.token(), cluster.kubeconfig()));
        assert!(cluster.store.since(1).is_err(), "a watch from before has missed what nobody remembers");
    });
    // All else is as it was, but for the numbers that go on from further ahead and the connections that broke.
    let ahead = |value: &mut Value| *value = json!(value.as_u64().expect("a number") + UNSAVED);
    ahead(&mut before["clusters"][0]["store"]["revision"]);
    ahead(&mut before["account"]["issued"]);
    before["machines"] = after["machines"].clone();
    let tunnels = before["account"]["holds"]["tunnels"].as_array_mut().expect("tunnels");
    let connected = |tunnel: &Value| tunnel["connectors"].as_array().map_or(0, Vec::len);
    assert_eq!([1, 1], *tunnels.iter().map(connected).collect::<Vec<_>>());
    let now = &after["account"]["holds"]["tunnels"];
    assert_eq!([1, 0], [connected(&now[0]), connected(&now[1])], "the one elsewhere goes on");
    for field in ["connectors", "active_at", "inactive_at"] {
        tunnels[1][field] = now[1][field].clone();
    }
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_port_that_somebody_took_is_another_one() {
    let homelab = lived_in().await;
    let other = restored(&written(&homelab)).await;
    let all =
        |ports: Numbers| [ports.ssh, ports.api, ports.http, ports.https, ports.mirror, ports.mail, ports.web];
    let (mine, theirs) = (all(*homelab.ports), all(*other.ports));
    assert_eq!(14, mine.into_iter().chain(theirs).collect::<BTreeSet<u16>>().len(), "{mine:?} {theirs:?}");
}

#[tokio::test]
async fn a_torn_file_is_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("practice/homelab.json");
    let whole = serde_json::to_vec(&Document::of(&*lived_in().await)).expect("it can be written");
    let newer = br#"{"version": 2}"#.to_vec();
    for torn in [whole[..whole.len() / 2].to_vec(), Vec::new(), newer] {
        let place = Place::hold(&file).expect("nobody else is there");
        std::fs::write(&file, &torn).expect("it can be written");
        assert!(place.read().expect("it is put aside").is_none());
        assert!(!file.exists());
        let names = std::fs::read_dir(folder.path().join("practice")).expect("the folder");
        let mut aside = names.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| {
            path.extension().is_some_and(|extension| extension.to_string_lossy().starts_with("unreadable"))
        });
        let aside = aside.next().expect("it is still there");
        assert_eq!(torn, std::fs::read(&aside).expect("it reads"));
        std::fs::remove_file(aside).expect("it goes");
    }
}

#[tokio::test]
async fn one_homelab_alone_keeps_its_state_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("homelab.json");
    assert!(!is_held(&file));
    let keeper = Keeper::start(lived_in().await, Place::hold(&file).expect("nobody else is there"));
    assert!(is_held(&file));
    keeper.keeping.homelab.set_internet(true);
    drop(keeper);
    assert!(!is_held(&file));
    let kept = Place::hold(&file).expect("it is free").read().expect("it reads").expect("it was kept");
    assert!(kept.internet, "the last moment counts, too");
    #[cfg(unix)]
    assert_eq!(
        0o600,
        std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions()) & 0o777
    );
}

/// A document as the first version wrote it, with most of its objects taken out.
#[tokio::test]
async fn a_document_of_the_first_version_loads() {
    let document = Document::parse(include_bytes!("version-1.json")).expect("it can be read");
    let homelab = Homelab::restored(Options::default(), document).await.expect("ports are free");
    homelab.read(|state| {
        let power: Vec<_> =
            state.machines.iter().map(|machine| (machine.name.as_str(), machine.power)).collect();
        assert_eq!([("pi-1", Power::On), ("pi-2", Power::On), ("spare", Power::Off)], *power);
        let pi = &state.machines[0];
        let known = &pi.files["/var/lib/rancher/k3s/server/node-token"];
        assert_eq!(
            known.text().trim(),
            state.clusters[0].token(),
            "the certificate is the one that was pinned"
        );
        assert!(pi.files["/etc/rancher/k3s/k3s.yaml"].text() == state.clusters[0].kubeconfig());
        let nodes = state.clusters[0].store.list("nodes", None).0;
        assert_eq!(2, nodes.len());
    });
    let names: BTreeSet<String> =
        homelab.cloud.records("example.test").into_iter().map(|record| record.name).collect();
    assert!(names.contains("echo.example.test"), "{names:?}");
    let again = written(&homelab);
    let rules = &again["account"]["holds"]["tunnels"][1]["configuration"]["config"]["ingress"];
    assert_eq!("echo.example.test", rules[0]["hostname"]);
    assert_eq!("echo.example.test", again["account"]["holds"]["access"]["apps"][0]["fields"]["domain"]);
}

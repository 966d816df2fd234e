//! The practice mirror and the practice homelab as a whole, asked with a plain HTTP client.

use portico_practice::cloudflare::PORTICO_TOKEN;
use portico_practice::fault::{Fault, Faults, Rule, Service};
use portico_practice::mirror::{Mirror, STABLE, VERSIONS};
use portico_practice::{Practice, PracticeOptions};
use serde_json::{Value, json};

const PATH: &str = "v1.34.4%2Bk3s1";

async fn bytes(url: &str) -> (u16, Vec<u8>) {
    let response = reqwest::get(url).await.expect("an answer");
    (response.status().as_u16(), response.bytes().await.expect("a body").to_vec())
}

async fn text(url: &str) -> String {
    String::from_utf8(bytes(url).await.1).expect("text")
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

#[tokio::test]
async fn every_file_matches_its_checksum() {
    let mirror = Mirror::start(1 << 20, Faults::default()).await.expect("a mirror");
    let base = format!("{}/releases/{PATH}", mirror.base());
    for (architecture, binary) in [("amd64", "k3s"), ("arm64", "k3s-arm64"), ("arm", "k3s-armhf")] {
        let sums = text(&format!("{base}/sha256sum-{architecture}.txt")).await;
        assert_eq!(sums.lines().count(), 4, "{sums}");
        for line in sums.lines() {
            let (sum, file) = line.split_once("  ").expect("a checksum and a name");
            assert_eq!(sha256(&bytes(&format!("{base}/{file}")).await.1), sum, "{file}");
        }
        let (_, stand_in) = bytes(&format!("{base}/{binary}")).await;
        assert_eq!(stand_in.len(), 1 << 20);
        let first = stand_in.split(|byte| *byte == b'\n').next().expect("a line");
        let line = String::from_utf8(first.to_vec()).expect("text");
        let processor = if architecture == "arm" { "armhf" } else { architecture };
        assert!(line.ends_with(&format!(" {STABLE} {processor}")), "{line:?}");
        assert_eq!(mirror.binary_digest(STABLE, architecture), Some(sha256(&stand_in)));
    }
    let script = bytes(&format!("{}/install/{PATH}/install.sh", mirror.base())).await.1;
    let sum = text(&format!("{}/install/{PATH}/install.sh.sha256sum", mirror.base())).await;
    assert_eq!(sum, format!("{}  install.sh\n", sha256(&script)));
    assert_eq!(mirror.downloads().get(&format!("/releases/{STABLE}/k3s")), Some(&2));
}

#[tokio::test]
async fn channels_name_versions_that_exist_and_others_do_not() {
    let mirror = Mirror::start(4_096, Faults::default()).await.expect("a mirror");
    let channels: Value =
        serde_json::from_str(&text(&format!("{}/channels", mirror.base())).await).expect("JSON");
    let latest = |id: &str| {
        let channels = channels["data"].as_array().expect("channels");
        let found = channels.iter().find(|channel| channel["id"] == json!(id)).expect("the channel");
        found["latest"].as_str().expect("a version").to_owned()
    };
    assert_eq!((latest("stable").as_str(), latest("latest").as_str()), (STABLE, "v1.37.1+k3s1"));
    for channel in ["stable", "latest", "v1.33", "v1.36"] {
        assert!(VERSIONS.contains(&latest(channel).as_str()), "{channel}");
    }
    for missing in [
        "releases/v9.9.9%2Bk3s1/k3s",
        "releases/v1.34.4%2Bk3s1/k3s-mips",
        "install/v9/install.sh",
        "charts/none/index.yaml",
    ] {
        assert_eq!(bytes(&format!("{}/{missing}", mirror.base())).await.0, 404, "{missing}");
    }
    let index = text(&format!("{}/charts/ingress-nginx/index.yaml", mirror.base())).await;
    assert!(index.contains("version: 4.15.1"), "{index}");
}

#[tokio::test]
async fn a_fault_corrupts_a_download() {
    let faults = Faults::default();
    let mirror = Mirror::start(4_096, faults.clone()).await.expect("a mirror");
    faults.add(Rule::next(Service::Mirror, Fault::Corrupt).on("GET /releases/*/k3s"));
    let url = format!("{}/releases/{PATH}/k3s", mirror.base());
    let (bad, good) = (bytes(&url).await.1, bytes(&url).await.1);
    assert_eq!(bad.len(), good.len());
    assert_ne!(sha256(&bad), sha256(&good));
    assert_eq!(mirror.binary_digest(STABLE, "amd64"), Some(sha256(&good)));
}

#[tokio::test]
async fn the_homelab_describes_itself_and_can_be_steered_from_another_process() {
    let practice = Practice::start(PracticeOptions { binary_size: 4_096, ..Default::default() })
        .await
        .expect("practice");
    let described = practice.describe();
    let endpoints = &described["endpoints"];
    assert_eq!(endpoints["version"], json!(1));
    let address = |value: &Value| value.as_str().expect("an address").to_owned();
    let api = address(&endpoints["cloudflare"]);
    let control = address(&described["control"]);
    let token = address(&described["cloudflareToken"]);
    assert_eq!(token, PORTICO_TOKEN);
    let client = reqwest::Client::new();
    let rules = json!([{"service": "cloudflare", "call": "GET */zones", "fault": {"kind": "html-error", "status": 503}}]);
    let set = client.post(format!("{control}/faults")).json(&rules).send().await.expect("an answer");
    assert_eq!(set.status(), 204);
    let zones = async || {
        client.get(format!("{api}/zones")).bearer_auth(&token).send().await.expect("an answer").status()
    };
    assert_eq!((zones().await.as_u16(), zones().await.as_u16()), (503, 200));
    let struck: Value = serde_json::from_str(&text(&format!("{control}/faults")).await).expect("JSON");
    assert_eq!(struck[0]["call"], json!("GET /client/v4/zones"));
    assert_eq!(text(&format!("{control}/audit")).await, "[]");
    let records: Value =
        serde_json::from_str(&text(&format!("{control}/records?zone=example.test")).await).expect("JSON");
    assert_eq!(records.as_array().map(Vec::len), Some(8));
    for (method, path, body, status) in [
        ("PUT", "internet", json!(false), 204),
        ("PUT", "authority", json!({"refuse": "not today"}), 204),
        ("PUT", "authority", json!("never"), 422),
        ("POST", "tunnels/office/connect?replicas=0", Value::Null, 204),
        ("POST", "tunnels/nobody/connect?replicas=1", Value::Null, 404),
        ("PUT", "access", json!({"enabled": false}), 204),
        ("PUT", "zones/example.test", json!({"ech": false, "universalSsl": false}), 204),
        ("PUT", "zones/example.org", json!({}), 404),
        ("PUT", "lists", json!({"lagSeconds": 60}), 204),
        ("GET", "tunnels/audit", Value::Null, 200),
        ("GET", "access/audit", Value::Null, 200),
    ] {
        let method = method.parse().expect("a method");
        let answer = client.request(method, format!("{control}/{path}")).json(&body).send().await;
        assert_eq!(answer.expect("an answer").status().as_u16(), status, "{path}");
    }
    let edge = client.get(address(&endpoints["edge"])).header("host", "crm.example.test").send().await;
    let dropped = edge.expect_err("no certificate covers the zone any longer");
    assert!(dropped.is_request(), "{dropped}");
    for resolver in ["authoritative", "public", "system"] {
        let server = address(&endpoints["resolvers"][resolver][0]);
        assert!(server.parse::<std::net::SocketAddr>().is_ok(), "{server}");
    }
    let machines = described["machines"].as_array().expect("machines");
    for machine in machines {
        let key = std::fs::read_to_string(address(&machine["keyFile"])).expect("a key file");
        assert!(key.contains("OPENSSH PRIVATE KEY"), "a key for {machine}");
        let at = format!("{}:{}", address(&machine["address"]), endpoints["ports"]["ssh"]);
        tokio::net::TcpStream::connect(&at).await.expect("sshd listens");
    }
    let name = address(&machines[0]["name"]);
    for (act, status) in [("cut-power", 204), ("power-on", 204), ("explode", 404)] {
        let acted = client.post(format!("{control}/machines/{name}/{act}")).send().await.expect("an answer");
        assert_eq!(acted.status().as_u16(), status, "{act}");
    }
    for (name, status) in [("system", 204), ("public", 204), ("other", 404)] {
        let url = format!("{control}/resolver/{name}");
        let switched = client.put(url).json(&json!({"dropPrivate": true})).send().await.expect("an answer");
        assert_eq!(switched.status().as_u16(), status, "{name}");
    }
}

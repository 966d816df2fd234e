//! The name servers, asked with plain messages over UDP and TCP.

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use portico_practice::clock::Clock;
use portico_practice::cloudflare::{BY_HAND_TOKEN, Cloud};
use portico_practice::dns::{DnsServer, Role, Switches};
use portico_practice::fault::{Fault, Faults, Rule, Service};
use portico_practice::http::{self, HttpServer};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

struct Lan {
    clock: Clock,
    cloud: Cloud,
    faults: Faults,
    api: HttpServer,
}

impl Lan {
    async fn start() -> Self {
        let clock = Clock::held_at(crate::START);
        let cloud = Cloud::new(clock.clone());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let api = http::serve(listener, Service::Cloudflare, Faults::default(), cloud.router())
            .expect("an address");
        Self { clock, cloud, faults: Faults::default(), api }
    }

    async fn server(&self, role: Role) -> DnsServer {
        let hosts = vec![(Ipv4Addr::new(127, 77, 0, 11), "pi-1.lan".to_owned())];
        let hosts = Box::new(move || hosts.clone());
        DnsServer::start(role, self.cloud.clone(), self.faults.clone(), hosts).await.expect("a server")
    }

    /// Makes records in example.test the way a person would.
    async fn make(&self, records: Value) {
        let base = format!("http://{}/client/v4/zones", self.api.address);
        let client = reqwest::Client::new();
        let zones: Value = client
            .get(format!("{base}?name=example.test"))
            .bearer_auth(BY_HAND_TOKEN)
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        let zone = zones["result"][0]["id"].as_str().expect("a zone");
        let reply = client
            .post(format!("{base}/{zone}/dns_records/batch"))
            .bearer_auth(BY_HAND_TOKEN)
            .json(&json!({"posts": records}))
            .send()
            .await
            .expect("an answer");
        assert_eq!(reply.status(), 200);
    }
}

fn question(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_str(name).expect("a name"), kind));
    message.to_vec().expect("bytes")
}

async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> Message {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    socket.send_to(&question(name, kind), server).await.expect("sent");
    let mut buffer = [0; 4_096];
    let length = socket.recv(&mut buffer).await.expect("an answer");
    Message::from_vec(&buffer[..length]).expect("a message")
}

/// The data of the answers, one text each, in no order.
async fn answers(server: SocketAddr, name: &str, kind: RecordType) -> Vec<String> {
    let message = ask(server, name, kind).await;
    let mut data: Vec<String> = message.answers.iter().map(|record| record.data.to_string()).collect();
    data.sort();
    data
}

#[tokio::test]
async fn zones_are_answered_as_cloudflare_answers_them() {
    let lan = Lan::start().await;
    lan.make(json!([
        {"type": "A", "name": "app", "content": "192.168.1.81", "ttl": 60},
        {"type": "A", "name": "app", "content": "192.168.1.82", "ttl": 60},
        {"type": "AAAA", "name": "app", "content": "2001:db8::81"},
        {"type": "CNAME", "name": "alias", "content": "app.example.test"},
        {"type": "CNAME", "name": "grey-tunnel", "content": "6a1e7e1d-0000-4000-8000-000000000001.cfargotunnel.com"},
        {"type": "A", "name": "a.deep", "content": "192.0.2.1"},
    ]))
    .await;
    let server = lan.server(Role::Authoritative).await;
    let at = server.address;
    assert_eq!(answers(at, "app.example.test.", RecordType::A).await, ["192.168.1.81", "192.168.1.82"]);
    assert_eq!(answers(at, "APP.example.test.", RecordType::AAAA).await, ["2001:db8::81"]);
    assert_eq!(
        answers(at, "alias.example.test.", RecordType::A).await,
        ["192.168.1.81", "192.168.1.82", "app.example.test."]
    );
    assert_eq!(answers(at, "example.test.", RecordType::MX).await, ["10 mail.example.test."]);
    assert_eq!(answers(at, "example.test.", RecordType::TXT).await, ["v=spf1 mx -all"]);
    assert_eq!(answers(at, "example.test.", RecordType::NS).await.len(), 2);
    let grey = answers(at, "grey-tunnel.example.test.", RecordType::AAAA).await;
    assert!(grey.iter().any(|data| data.starts_with("fd10:aec2:5dae:")), "{grey:?}");

    let response = ask(at, "app.example.test.", RecordType::A).await;
    assert!(response.metadata.authoritative && response.answers[0].ttl == 60);
    let nothing = ask(at, "app.example.test.", RecordType::TXT).await;
    assert_eq!((nothing.metadata.response_code, nothing.authorities.len()), (ResponseCode::NoError, 1));
    let between = ask(at, "deep.example.test.", RecordType::A).await;
    assert_eq!(between.metadata.response_code, ResponseCode::NoError, "a name with names below it exists");
    let unknown = ask(at, "nowhere.example.test.", RecordType::A).await;
    assert_eq!(unknown.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(unknown.authorities[0].record_type(), RecordType::SOA);
    let foreign = ask(at, "example.org.", RecordType::A).await;
    assert_eq!(foreign.metadata.response_code, ResponseCode::Refused);
}

#[tokio::test]
async fn a_proxied_name_answers_with_the_edge_and_ech() {
    let lan = Lan::start().await;
    let server = lan.server(Role::Public).await;
    let edge = answers(server.address, "www.example.test.", RecordType::A).await;
    assert!(edge.iter().all(|data| data.starts_with("104.21.") || data.starts_with("172.67.")), "{edge:?}");
    assert_eq!(edge.len(), 2, "and no CNAME is shown");
    let https = answers(server.address, "www.example.test.", RecordType::HTTPS).await;
    assert!(https[0].contains("ech="), "{https:?}");
    assert_eq!(answers(server.address, "nas.example.test.", RecordType::HTTPS).await, [""; 0]);
}

#[tokio::test]
async fn an_explicit_name_ends_the_wildcard_for_all_below_it() {
    let lan = Lan::start().await;
    lan.make(json!([
        {"type": "A", "name": "*", "content": "192.0.2.7"},
        {"type": "TXT", "name": "explicit", "content": "x"},
    ]))
    .await;
    let server = lan.server(Role::Authoritative).await;
    for (name, expected) in [
        ("any.example.test.", vec!["192.0.2.7"]),
        ("any.deeper.example.test.", vec!["192.0.2.7"]),
        ("explicit.example.test.", vec![]),
        ("below.explicit.example.test.", vec![]),
        ("nas.example.test.", vec!["192.168.1.50"]),
    ] {
        assert_eq!(answers(server.address, name, RecordType::A).await, expected, "{name}");
    }
    assert!(
        ask(server.address, "below.explicit.example.test.", RecordType::A).await.metadata.response_code
            == ResponseCode::NXDomain
    );
}

#[tokio::test]
async fn the_system_resolver_can_filter_and_remember() {
    let lan = Lan::start().await;
    let server = lan.server(Role::System).await;
    let at = server.address;
    assert_eq!(answers(at, "nas.example.test.", RecordType::A).await, ["192.168.1.50"]);
    server.switch(Switches { drop_private: true, cache: false });
    assert_eq!(answers(at, "nas.example.test.", RecordType::A).await, [""; 0]);
    assert_eq!(answers(at, "mail.example.test.", RecordType::A).await, ["203.0.113.25"]);

    server.switch(Switches { drop_private: false, cache: true });
    assert_eq!(answers(at, "late.example.test.", RecordType::A).await, [""; 0]);
    lan.make(json!([{"type": "A", "name": "late", "content": "192.168.1.81"}])).await;
    assert_eq!(answers(at, "late.example.test.", RecordType::A).await, [""; 0], "the absence is remembered");
    lan.clock.advance(1_800_000);
    assert_eq!(answers(at, "late.example.test.", RecordType::A).await, ["192.168.1.81"]);

    assert_eq!(answers(at, "11.0.77.127.in-addr.arpa.", RecordType::PTR).await, ["pi-1.lan."]);
    assert_eq!(answers(at, "pi-1.lan.", RecordType::A).await, ["127.77.0.11"]);
    let foreign = ask(at, "example.org.", RecordType::A).await;
    assert_eq!(foreign.metadata.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn faults_reach_dns_as_its_own_kinds_of_failure() {
    let lan = Lan::start().await;
    let server = lan.server(Role::System).await;
    let failing = Fault::Error { status: 2, body: String::new() };
    lan.faults.add(Rule::next(Service::Dns, failing).on("system A nas.example.test"));
    let failed = ask(server.address, "nas.example.test.", RecordType::A).await;
    assert_eq!(failed.metadata.response_code, ResponseCode::ServFail);
    lan.faults.add(Rule::next(Service::Dns, Fault::DropBefore));
    let silent = ask(server.address, "nas.example.test.", RecordType::A);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), silent).await.is_err());
    assert_eq!(answers(server.address, "nas.example.test.", RecordType::A).await, ["192.168.1.50"]);
}

#[tokio::test]
async fn long_answers_are_cut_over_udp_and_whole_over_tcp() {
    let lan = Lan::start().await;
    let records: Vec<Value> = (1..=60)
        .map(|last| json!({"type": "A", "name": "many", "content": format!("192.0.2.{last}")}))
        .collect();
    lan.make(Value::from(records)).await;
    let server = lan.server(Role::Public).await;
    let cut = ask(server.address, "many.example.test.", RecordType::A).await;
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    let mut stream = TcpStream::connect(server.address).await.expect("connected");
    let bytes = question("many.example.test.", RecordType::A);
    stream.write_u16(bytes.len() as u16).await.expect("written");
    stream.write_all(&bytes).await.expect("written");
    let length = stream.read_u16().await.expect("a length");
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(Message::from_vec(&answer).expect("a message").answers.len(), 60);
}

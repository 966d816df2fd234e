//! What the name servers say about proxied names, wildcards and tunnels.

use crate::Api;
use hickory_proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use portico_practice::dns::{DnsServer, Role};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::net::UdpSocket;

/// The code of the answer, and the answers as text.
async fn ask(server: &DnsServer, name: &str, kind: RecordType) -> (ResponseCode, Vec<String>) {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Query;
    message.add_query(Query::query(Name::from_ascii(format!("{name}.")).expect("a name"), kind));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    socket.send_to(&message.to_vec().expect("a message"), server.address).await.expect("it is sent");
    let mut buffer = [0; 4_096];
    let length = socket.recv(&mut buffer).await.expect("an answer");
    let answer = Message::from_vec(&buffer[..length]).expect("a message");
    (answer.metadata.response_code, answer.answers.iter().map(|record| record.data.to_string()).collect())
}

async fn server(api: &Api) -> DnsServer {
    DnsServer::start(Role::Authoritative, api.cloud.clone(), api.faults.clone(), Box::new(Vec::new))
        .await
        .expect("a port")
}

async fn make(api: &Api, records: &[(&str, &str, &str, bool)]) {
    let posts: Vec<Value> = records
        .iter()
        .map(|(kind, name, content, proxied)| {
            json!({"type": kind, "name": name, "content": content, "proxied": proxied})
        })
        .collect();
    api.dns(Method::POST, "/batch", Some(json!({"posts": posts}))).await.result();
}

#[tokio::test]
async fn an_explicit_record_ends_the_wildcard_for_its_name_and_all_below() {
    let api = Api::start().await;
    let server = server(&api).await;
    make(
        &api,
        &[
            ("CNAME", "*", "t.cfargotunnel.com", true),
            ("A", "lan", "192.168.1.9", false),
            ("TXT", "texts", "words", false),
            ("A", "a.deep", "192.168.1.10", false),
        ],
    )
    .await;
    // name, whether proxied addresses, whether ECH, whether the name exists
    for (name, edge, ech, exists) in [
        ("anything.example.test", true, true, true),
        ("any.depth.below.example.test", true, true, true),
        ("lan.example.test", false, false, true),
        ("below.lan.example.test", false, false, false),
        ("texts.example.test", false, false, true),
        ("deep.example.test", false, false, true),
        ("b.deep.example.test", false, false, false),
    ] {
        let (code, addresses) = ask(&server, name, RecordType::A).await;
        assert_eq!(addresses.iter().any(|address| address.starts_with("104.21.")), edge, "{name}");
        assert_eq!(code == ResponseCode::NoError, exists, "{name}: {code}");
        let (_, https) = ask(&server, name, RecordType::HTTPS).await;
        assert_eq!(https.iter().any(|record| record.contains("ech=")), ech, "{name}: {https:?}");
    }
}

#[tokio::test]
async fn ech_is_published_while_the_zone_has_it() {
    let api = Api::start().await;
    let server = server(&api).await;
    let https = async || ask(&server, "www.example.test", RecordType::HTTPS).await.1;
    assert!(https().await[0].contains("ech="));
    assert!(api.cloud.change_zone("example.test", |zone| zone.ech = false));
    let without = https().await;
    assert!(without.len() == 1 && !without[0].contains("ech="), "{without:?}");
    assert!(ask(&server, "nas.example.test", RecordType::HTTPS).await.1.is_empty(), "a grey name has none");
}

#[tokio::test]
async fn a_grey_name_of_a_tunnel_leads_nowhere() {
    let api = Api::start().await;
    let server = server(&api).await;
    let tunnel = "5456b9ca-8b73-4b44-93df-67ad7acc8e2c.cfargotunnel.com";
    make(&api, &[("CNAME", "grey", tunnel, false), ("CNAME", "orange", tunnel, true)]).await;
    let (_, grey) = ask(&server, "grey.example.test", RecordType::AAAA).await;
    assert!(grey.last().is_some_and(|address| address.starts_with("fd10:aec2:5dae:")), "{grey:?}");
    assert!(ask(&server, "orange.example.test", RecordType::CNAME).await.1.is_empty(), "flattened");
}

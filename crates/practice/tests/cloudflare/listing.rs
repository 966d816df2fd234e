//! Lists: zones and records, their filters, order and paging.

use crate::Api;
use portico_practice::cloudflare::{BY_HAND_TOKEN, PORTICO_TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

fn column(list: &Value, field: &str) -> Vec<String> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|item| item[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn zones_are_found_by_name_and_carry_their_account() {
    let api = Api::start().await;
    let all = api.get("/zones").await;
    assert_eq!(
        all.body["result_info"],
        json!({"page": 1, "per_page": 20, "count": 2, "total_count": 2, "total_pages": 1})
    );
    let all = all.result();
    assert_eq!(column(&all, "name"), ["example.net", "example.test"]);
    assert!(all[0]["account"]["id"].is_string(), "the account comes from the zone");
    for (query, expected) in [
        ("name=example.test", vec!["example.test"]),
        ("name=EXAMPLE.test", vec!["example.test"]),
        ("name=_acme-challenge.example.test", vec![]),
        ("name=contains:net", vec!["example.net"]),
        ("name=starts_with:example&direction=desc", vec!["example.test", "example.net"]),
        ("name=example.test&status=pending", vec![]),
        ("name=example.test&status=pending&match=any", vec!["example.test"]),
        ("per_page=5&page=2", vec![]),
    ] {
        assert_eq!(column(&api.get(&format!("/zones?{query}")).await.result(), "name"), expected, "{query}");
    }
    for query in ["per_page=4", "per_page=51", "per_page=x", "page=0"] {
        assert_eq!(api.get(&format!("/zones?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn records_are_filtered_with_and_without_dots() {
    let api = Api::start().await;
    for (query, expected) in [
        ("name=nas.example.test", vec!["nas.example.test"]),
        ("name=NAS.example.test", vec!["nas.example.test"]),
        ("name.exact=nas.example.test", vec!["nas.example.test"]),
        ("name.contains=ma", vec!["mail.example.test"]),
        ("name.startswith=www", vec!["www.example.test"]),
        ("name.endswith=as.example.test", vec!["nas.example.test"]),
        ("name=contains:nas", vec![]),
        ("content=192.168.1.50", vec!["nas.example.test"]),
        ("content.startswith=203.0&type=A&proxied=true", vec!["example.test"]),
        ("comment.present=true", vec!["example.test", "nas.example.test"]),
        ("comment.contains=CUPBOARD", vec!["nas.example.test"]),
        ("comment.absent=true&type=A", vec!["mail.example.test"]),
        ("comment=website, do not touch", vec!["example.test"]),
        ("type=CNAME", vec!["crm.example.test", "files.example.test", "www.example.test"]),
        ("type=MX&proxied=true", vec![]),
        ("type=MX&match=any&name=www.example.test", vec!["www.example.test", "example.test"]),
        ("tag=owner:me", vec![]),
        ("tag.present=owner&type=A", vec![]),
        ("tag.absent=owner&type=MX", vec!["example.test"]),
        ("search=box nas", vec!["nas.example.test"]),
        ("search=nowhere", vec![]),
    ] {
        let found = api.dns(Method::GET, &format!("?{query}"), None).await.result();
        assert_eq!(column(&found, "name"), expected, "{query}");
    }
}

#[tokio::test]
async fn records_come_in_the_order_asked_for() {
    let api = Api::start().await;
    let column_of =
        async |query: &str, field: &str| column(&api.dns(Method::GET, query, None).await.result(), field);
    assert_eq!(column_of("", "type").await, ["A", "A", "A", "CNAME", "CNAME", "CNAME", "MX", "TXT"]);
    assert_eq!(column_of("?order=type&direction=desc", "type").await[0], "TXT");
    assert_eq!(column_of("?order=name&direction=desc", "name").await[0], "www.example.test");
    assert_eq!(column_of("?order=content", "content").await[0], "\"v=spf1 mx -all\"");
    for query in ["?order=colour", "?direction=up", "?match=some", "?per_page=0", "?per_page=5000001"] {
        assert_eq!(api.dns(Method::GET, query, None).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn pages_cover_every_record_once() {
    let api = Api::start().await;
    for number in 0..42 {
        let body = json!({"type": "A", "name": format!("h{number:02}"), "content": "192.0.2.1"});
        Api::made(api.create(body).await);
    }
    let mut names = Vec::new();
    for page in 1.. {
        let reply = api.dns(Method::GET, &format!("?order=name&per_page=20&page={page}"), None).await;
        let info = reply.body["result_info"].clone();
        let list = reply.result();
        assert_eq!(info["count"], json!(list.as_array().map(Vec::len)));
        assert_eq!((&info["total_count"], &info["total_pages"]), (&json!(50), &json!(3)));
        if list == json!([]) {
            assert_eq!(page, 4, "the page after the last one is empty, not an error");
            break;
        }
        names.extend(column(&list, "name"));
    }
    assert_eq!(names.len(), 50);
    assert!(names.is_sorted());
    let unpaged = api.dns(Method::GET, "", None).await;
    assert_eq!(unpaged.body["result_info"]["per_page"], json!(100));
}

#[tokio::test]
async fn the_export_is_a_zone_file() {
    let api = Api::start().await;
    let reply = api.dns(Method::GET, "/export", None).await;
    assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    let text = reply.body.as_str().expect("text");
    assert!(
        text.contains("nas.example.test.\t300\tIN\tA\t192.168.1.50 ; the box in the cupboard\n"),
        "{text}"
    );
    assert!(text.contains("example.test.\t3600\tIN\tMX\t10 mail.example.test.\n"), "{text}");
}

#[tokio::test]
async fn what_a_person_made_by_hand_is_there_at_the_start() {
    let api = Api::start().await;
    let records = api.cloud.records("example.test");
    assert_eq!(records.len(), 8);
    let zone = api.zone("example.test").await;
    for token in [PORTICO_TOKEN, BY_HAND_TOKEN] {
        let list = api.get_as(token, &format!("/zones/{zone}/dns_records")).await.result();
        assert_eq!(list.as_array().map(Vec::len), Some(8));
    }
    assert_eq!(api.cloud.audit(), [], "the start is no change");
    assert_eq!((api.cloud.tunnel_audit(), api.cloud.access_audit()), (Vec::new(), Vec::new()));
}

//! The TXT record that the cluster's own token makes for a certificate.

use crate::Api;
use portico_practice::cloudflare::*;

const NAME: &str = "_acme-challenge.app.example.test.";

#[tokio::test]
async fn the_cluster_token_makes_and_removes_the_record() {
    let api = Api::start().await;
    let id = api.cloud.txt_create(CLUSTER_TOKEN, NAME, "proof").expect("a record");
    let again = api.cloud.txt_create(CLUSTER_TOKEN, NAME, "proof");
    assert_eq!(again.as_deref(), Ok(id.as_str()), "it is there");
    assert!(api.cloud.txt_create(CLUSTER_TOKEN, NAME, "other").is_ok_and(|other| other != id));
    let made = api.cloud.audit().remove(0);
    let record = made.after.expect("a record");
    assert_eq!((made.who.as_str(), made.action, record.ttl), ("cluster", Action::Create, 60));
    assert_eq!(record.name, "_acme-challenge.app.example.test");
    for _ in 0..2 {
        assert_eq!(api.cloud.txt_delete(CLUSTER_TOKEN, &id), Ok(()), "gone is gone");
    }
    assert!(api.cloud.records("example.test").iter().all(|record| record.id != id));
}

#[tokio::test]
async fn the_refusals_are_those_that_cert_manager_shows() {
    let api = Api::start().await;
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    for (token, text) in [
        (
            unknown,
            "while attempting to find Zones for domain _acme-challenge.app.example.test.\nwhile querying the \
             Cloudflare API for GET \"/zones?name=_acme-challenge.app.example.test\" \n\t Error: 9109: Invalid access token",
        ),
        (DNS_ONLY_TOKEN, "GET \"/zones?name=_acme-challenge.app.example.test\" \n\t Error: 10000: Forbidden"),
        (
            ZONE_READ_TOKEN,
            "/dns_records?per_page=100&type=TXT&name=_acme-challenge.app.example.test\" \n\t Error: 10000",
        ),
        (READ_ONLY_TOKEN, "/dns_records\" \n\t Error: 10000: Forbidden"),
        (ONE_ZONE_TOKEN, "Found no Zones for domain _acme-challenge.app.example.test. (neither in"),
    ] {
        let said = api.cloud.txt_create(token, NAME, "proof").expect_err("it is refused");
        assert!(said.contains(text), "{token}: {said}");
    }
    assert_eq!(api.cloud.audit(), []);
    let id = api.cloud.txt_create(CLUSTER_TOKEN, NAME, "proof").expect("a record");
    let said = api.cloud.txt_delete(READ_ONLY_TOKEN, &id).expect_err("it is refused");
    assert!(said.contains("DELETE") && said.contains("10000: Forbidden"), "{said}");
}

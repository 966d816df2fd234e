//! The fault table: every way in which the practice homelab is known to break has its one cause.

use portico_tests::faults::{HEAD, Row, table};

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_named_by_its_one_cause_and_is_over_when_it_is_over() {
    let rows = table(|_| ()).await;
    let text: Vec<String> = rows.iter().map(ToString::to_string).collect();
    assert!(rows.len() >= 40 && rows.iter().all(Row::is_right), "{HEAD}\n{}", text.join("\n"));
}

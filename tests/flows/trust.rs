//! Whether a live zone can be trusted to Portico: cases drawn from seeds, and the accidents that others had, by name.
//!
//! What a case is, and what it is judged by, is in `tests/src/trust`; `bench/trust` runs thousands of the same.

use portico_domain::change::Change;
use portico_domain::exposure::Reach;
use portico_domain::problem::Code;
use portico_engine::Pace;
use portico_practice::cloudflare::Thing;
use portico_practice::fault::{Fault, Rule, Service};
use portico_tests::trust;
use portico_tests::trust::field::{Field, TUNNEL};
use portico_tests::trust::hand::ZONE;
use portico_tests::trust::process::{Outcome, Process};
use portico_tests::trust::wish::{expose, exposure, hostname};
use serde_json::{Value, json};
use sqlx::Row;
use std::time::Duration;

/// So many cases in `./test`; a failing seed is replayed by `bench/trust/run --seed N`.
const CASES: u64 = 200;

/// Most of a case is waiting, so that many can be under way on few cores.
const FIELDS: usize = 8;

#[test]
fn some_hundred_cases_of_what_can_go_wrong() {
    let tally = trust::run(1..CASES + 1, FIELDS, |seed, report| {
        if !report.is_clean() {
            eprintln!("bench/trust/run --seed {seed}\n{:#?}", report);
        }
    });
    eprintln!("{tally}");
    assert!(tally.failing.is_empty(), "not clean: {:?}", tally.failing);
}

async fn done(process: &Process, change: &Change) {
    let outcome = process.try_change(change).await.expect("nobody kills it");
    assert!(outcome.is_done(), "{:?}", outcome.problems());
}

async fn told(process: &Process, change: &Change) -> Vec<Code> {
    let outcome = process.try_change(change).await.expect("nobody kills it");
    outcome.problems().iter().map(|problem| problem.code).collect()
}

/// A field on which waiting is less of a hurry than in the cases: each of these stories is told once, and must hold on a
/// machine that has other work.
async fn calm() -> Field {
    let mut field = Field::build().await;
    field.pace = Pace::hurried(4);
    field
}

/// What Portico did to records.
fn writes(field: &Field) -> usize {
    field.practice.cloud.audit().iter().filter(|entry| entry.who == "portico").count()
}

/// external-dns 2410: a record of somebody else's was on the name. The record was refused ("an A, AAAA or CNAME record
/// with that host already exists", 81053), its ownership TXT was written all the same, and by that TXT the next round took
/// the stranger's record for its own and deleted it. Here the mark is in the record, and one request writes both.
#[tokio::test(flavor = "multi_thread")]
async fn external_dns_2410_a_refused_record_leaves_no_claim_behind() {
    let field = calm().await;
    let process = field.begin().await;
    let theirs = field.hand.make_record("A", &hostname("alpha"), "192.168.1.77").await.expect("a record");
    for reach in [Reach::Lan, Reach::Public] {
        let change = expose(exposure("alpha", reach, &[]));
        assert_eq!(told(&process, &change).await, [Code::RecordConflict]);
        assert_eq!(writes(&field), 0);
    }
    // Neither a later round nor taking the service away makes it ours.
    let hide = Change::Hide { exposure: exposure("alpha", Reach::Public, &[]), uninstall: true };
    for change in [Change::Reconcile, hide] {
        let _ = process.try_change(&change).await;
        assert_eq!(writes(&field), 0, "{change:?}");
    }
    assert_eq!(field.hand.records(&hostname("alpha")).await, [theirs]);
}

/// external-dns 3706: the same end by another way. What was listed was late, so that the stranger's record was not seen;
/// creating ours was refused, the claim was written, and "policy: sync" later removed what was claimed.
#[tokio::test(flavor = "multi_thread")]
async fn external_dns_3706_a_record_that_a_late_list_hides_stays_its_owners() {
    let field = Field::build().await;
    let process = field.begin().await;
    field.practice.cloud.lag_lists(field.pace.of(Duration::from_secs(60)));
    field.hand.make_record("A", &hostname("alpha"), "192.168.1.77").await.expect("a record");
    let shown = field.hand.records(&hostname("alpha")).await;
    assert!(shown.is_empty(), "the list does not know of it: {shown:?}");
    let change = expose(exposure("alpha", Reach::Public, &[]));
    assert_eq!(told(&process, &change).await, [Code::RecordConflict], "refused first, then seen");
    assert_eq!(writes(&field), 0);
    let hide = Change::Hide { exposure: exposure("alpha", Reach::Public, &[]), uninstall: true };
    done(&process, &hide).await;
    assert_eq!(writes(&field), 0);
    let left = field.hand.records(&hostname("alpha")).await;
    assert_eq!(left[0]["content"], "192.168.1.77");
}

/// external-dns 992: records were deleted and made again in every round, for ever, since what Cloudflare gave back (the
/// TTL of a proxied record, 1) was never what had been sent. Here a round that finds all as it should be writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn external_dns_992_a_second_round_writes_nothing() {
    let field = calm().await;
    let process = field.begin().await;
    let all = [exposure("alpha", Reach::Public, &[]), exposure("beta", Reach::Lan, &[])];
    for exposure in all.clone() {
        done(&process, &expose(exposure)).await;
    }
    let (records, tunnels) = (writes(&field), field.practice.cloud.tunnel_audit().len());
    for _ in 0..3 {
        assert!(matches!(process.try_change(&Change::Reconcile).await, Ok(Outcome::Nothing)));
        for exposure in all.clone() {
            assert!(matches!(process.try_change(&expose(exposure)).await, Ok(Outcome::Nothing)));
        }
    }
    assert_eq!((writes(&field), field.practice.cloud.tunnel_audit().len()), (records, tunnels));
}

/// external-dns 3484: two clusters with the same owner id in one zone deleted each other's records in turn. Two Porticos
/// that know nothing of one another, on one cluster and with one mark, leave one another's names alone.
#[tokio::test(flavor = "multi_thread")]
async fn external_dns_3484_two_of_us_do_not_undo_one_another() {
    let field = calm().await;
    let (one, other) = (field.begin().await, field.begin().await);
    done(&one, &expose(exposure("alpha", Reach::Public, &[]))).await;
    done(&other, &expose(exposure("beta", Reach::Lan, &[]))).await;
    let settled = writes(&field);
    for _ in 0..3 {
        for process in [&one, &other] {
            assert!(matches!(process.try_change(&Change::Reconcile).await, Ok(Outcome::Nothing)));
        }
    }
    assert_eq!(writes(&field), settled);
    let hide = Change::Hide { exposure: exposure("alpha", Reach::Public, &[]), uninstall: true };
    done(&one, &hide).await;
    assert_eq!(field.hand.records(&hostname("beta")).await.len(), 2);
}

/// What somebody made theirs a moment ago is theirs, though a list of a minute ago says otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_changed_since_a_late_list_stays() {
    let field = calm().await;
    let process = field.begin().await;
    done(&process, &expose(exposure("alpha", Reach::Lan, &[]))).await;
    let ours = field.hand.records(&hostname("alpha")).await;
    assert_eq!(ours.len(), 2);
    field.practice.cloud.lag_lists(Duration::from_secs(3));
    let id = ours[0]["id"].as_str().expect("an id");
    field.hand.edit_record(id, &json!({"comment": null})).await.expect("it is edited");
    let hide = Change::Hide { exposure: exposure("alpha", Reach::Lan, &[]), uninstall: true };
    done(&process, &hide).await;
    field.practice.cloud.lag_lists(Duration::ZERO);
    let left = field.hand.records(&hostname("alpha")).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["id"], ours[0]["id"]);
}

/// The one moment in which nothing helps: somebody writes routes between our last read and our write. Cloudflare
/// compares nothing, so that their route is gone; it must be said, also when the answer to our write is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_is_written_over_in_the_one_moment_is_told() {
    for lost in [false, true] {
        let field = calm().await;
        let process = field.begin().await;
        let faults = &field.practice.faults;
        // The preview reads once, and the step once more before it writes.
        let read = Rule::next(Service::Cloudflare, Fault::HoldAfter).on("GET */configurations").nth(2);
        faults.add(read);
        if lost {
            faults.add(Rule::next(Service::Cloudflare, Fault::DropAfter).on("PUT */configurations"));
        }
        let change = expose(exposure("alpha", Reach::Public, &[]));
        let meanwhile = async {
            faults.held().await;
            let rule = json!({"hostname": hostname("printer"), "service": "http://nas:90"});
            field.hand.change_rules(TUNNEL, |rules| rules.insert(0, rule)).await;
            faults.let_go();
        };
        let (codes, ()) = tokio::join!(told(&process, &change), meanwhile);
        assert_eq!(codes, [Code::RouteOverwritten], "lost: {lost}");
        let rules = field.hand.config(TUNNEL).await.expect("a tunnel").1["ingress"].clone();
        assert!(!rules.to_string().contains("printer"), "which it was: {rules}");
        // Going on is possible, and the routes that were there before are there.
        assert!(process.continue_last().await.expect("alive").expect("a run").is_done());
        for host in ["blog", "wiki", "*"] {
            assert!(rules.to_string().contains(&format!("{host}.{ZONE}")), "{rules}");
        }
    }
}

/// A zone of 200 records and 60 services costs ten calls at most, the looking included.
#[tokio::test(flavor = "multi_thread")]
async fn a_reconcile_of_sixty_services_takes_ten_calls() {
    let mut field = Field::build().await;
    field.pace = Pace::default();
    let data = field.begin().await.data.clone();
    wish_for(&data, 60).await;
    let free = 200 - field.practice.cloud.records(ZONE).len() - 30 - 30 * field.workers().len();
    for number in 0..free {
        field
            .hand
            .make_record("A", &hostname(&format!("theirs-{number}")), "192.168.1.9")
            .await
            .expect("room");
    }
    let process = field.open(data).await;
    let calls = |field: &Field| {
        let calls = field.practice.faults.calls();
        calls.into_iter().filter(|call| call.service == Service::Cloudflare).map(|call| call.call).collect()
    };
    for round in ["all of them", "what was deleted by hand"] {
        field.practice.faults.forget_calls();
        done(&process, &Change::Reconcile).await;
        let made: Vec<String> = calls(&field);
        assert!(made.len() <= 10, "{round}: {made:#?}");
        assert_eq!(field.practice.cloud.records(ZONE).len(), 200, "{round}");
        for number in [3, 40] {
            let host = hostname(&format!("s{number}"));
            for record in field.hand.records(&host).await {
                field.hand.delete_record(record["id"].as_str().expect("an id")).await;
            }
            field
                .hand
                .change_rules(TUNNEL, |rules| rules.retain(|rule| rule["hostname"] != host.as_str()))
                .await;
        }
    }
    let written = field.practice.cloud.tunnel_audit();
    let written =
        written.iter().filter(|change| change.thing == Thing::Configuration && change.who == "portico");
    assert_eq!(written.count(), 2, "all routes in one write each time");
}

/// Writes so many exposures into the newest wish, half of them public.
async fn wish_for(data: &std::path::Path, count: usize) {
    let url = format!("sqlite://{}", data.join("portico.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.expect("the database");
    let newest = "SELECT document FROM desired ORDER BY revision DESC LIMIT 1";
    let text: String = sqlx::query(newest).fetch_one(&pool).await.expect("a wish").get(0);
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    let exposures = (0..count).map(|number| {
        let reach = if number % 2 == 0 { Reach::Public } else { Reach::Lan };
        json!(exposure(&format!("s{number}"), reach, &[]))
    });
    document["exposures"] = exposures.collect();
    sqlx::query("INSERT INTO desired (at, document) VALUES (0, ?)")
        .bind(document.to_string())
        .execute(&pool)
        .await
        .expect("it is written");
    pool.close().await;
}

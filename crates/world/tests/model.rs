//! The model against a server of a few lines that says what a test wants: pages, events, that a version is too old, nothing at all.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::Response;
use portico_domain::credential::Secret;
use portico_world::kube::{Kube, Model};
use portico_world::pace::Pace;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

/// What is answered on EndpointSlices, in turn; the last list is said again. Other kinds stay as they are: empty, unless
/// `others` has them by their names in the API, or has that they are not known.
#[derive(Default)]
struct Said {
    others: BTreeMap<&'static str, Option<Value>>,
    lists: Mutex<VecDeque<Value>>,
    watches: Mutex<VecDeque<(u16, String)>>,
    asked: Mutex<Vec<String>>,
}

fn slice(name: &str, pods: &[&str], version: u32) -> Value {
    let endpoints: Vec<Value> = pods
        .iter()
        .map(|pod| json!({"addresses": ["10.42.0.1"], "nodeName": "pi-2", "targetRef": {"name": pod}, "conditions": {}}))
        .collect();
    let endpoints = if endpoints.is_empty() { Value::Null } else { endpoints.into() };
    let labels = json!({"kubernetes.io/service-name": "echo", "other": "x"});
    json!({"metadata": {"name": name, "namespace": "apps", "resourceVersion": version.to_string(), "labels": labels},
        "endpoints": endpoints})
}

fn list(version: u32, more: Option<&str>, items: &[Value]) -> Value {
    json!({"metadata": {"resourceVersion": version.to_string(), "continue": more}, "items": items})
}

fn event(kind: &str, object: Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

async fn answer(Shared(said): Shared<Arc<Said>>, request: Request) -> Response {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let is_watch = query.contains("watch=true");
    let json = |status: u16, body: Body| Response::builder().status(status).body(body).unwrap();
    let kind = path.rsplit('/').next().unwrap_or_default();
    if kind != "endpointslices" {
        let other = said.others.get(kind);
        return if let Some(None) = other {
            json(404, Body::from("404 page not found"))
        } else if let (Some(Some(list)), false) = (other, is_watch) {
            json(200, Body::from(list.to_string()))
        } else if is_watch {
            json(200, Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>()))
        } else {
            json(200, Body::from(list(1, None, &[]).to_string()))
        };
    }
    said.asked.lock().unwrap().push(query.to_owned());
    if !is_watch {
        let mut lists = said.lists.lock().unwrap();
        let next = if lists.len() > 1 { lists.pop_front() } else { lists.front().cloned() };
        return json(200, Body::from(next.unwrap_or_default().to_string()));
    }
    match said.watches.lock().unwrap().pop_front() {
        // What is sent stays open, as a watch does; what ends does so at once.
        Some((200, events)) if !events.ends_with("END") => {
            use futures::StreamExt;
            let first = futures::stream::iter([Ok::<_, std::io::Error>(events.into_bytes())]);
            json(200, Body::from_stream(first.chain(futures::stream::pending())))
        }
        Some((status, body)) => json(status, Body::from(body.trim_end_matches("END").to_owned())),
        None => json(200, Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>())),
    }
}

struct Stage {
    said: Arc<Said>,
    model: Arc<Model>,
    changes: Arc<AtomicUsize>,
    changed: Arc<Notify>,
    _server: AbortOnDropHandle<()>,
    _following: AbortOnDropHandle<()>,
}

async fn stage(lists: Vec<Value>, watches: Vec<(u16, String)>) -> Stage {
    let (lists, watches) = (Mutex::new(lists.into()), Mutex::new(watches.into()));
    on_stage(Said { lists, watches, ..Said::default() }).await
}

async fn on_stage(said: Said) -> Stage {
    let said = Arc::new(said);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(said.clone());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let kubeconfig = json!({
        "current-context": "a", "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": server}}], "users": [{"name": "a", "user": {}}],
    });
    _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let kube = Kube::connect(&Secret::new(kubeconfig.to_string()), Pace::default()).await.unwrap();
    let (model, changes, changed) =
        (Arc::new(Model::default()), Arc::new(AtomicUsize::default()), Arc::new(Notify::new()));
    let (of, count, told) = (model.clone(), changes.clone(), changed.clone());
    let following = tokio::spawn(async move {
        let tell = || {
            count.fetch_add(1, Ordering::Relaxed);
            told.notify_one();
        };
        of.follow(&kube, tell).await;
    });
    Stage {
        said,
        model,
        changes,
        changed,
        _server: AbortOnDropHandle::new(serving),
        _following: AbortOnDropHandle::new(following),
    }
}

impl Stage {
    fn pods(&self) -> Option<Vec<String>> {
        let held = self.model.endpoints("apps", "echo")?;
        Some(held.value.into_iter().filter_map(|endpoint| endpoint.pod).collect())
    }

    async fn until(&self, pods: &[&str]) {
        for _ in 0..200 {
            if self.pods().is_some_and(|known| known == pods) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{:?} instead of {pods:?}; asked: {:?}", self.pods(), self.said.asked.lock().unwrap());
    }
}

#[tokio::test]
async fn a_list_comes_in_pages_and_what_follows_is_told_when_it_changes_something() {
    let lists =
        vec![list(7, Some("next"), &[slice("a", &["one"], 3)]), list(7, None, &[slice("b", &["two"], 4)])];
    let same = event("MODIFIED", slice("b", &["two"], 8));
    let other = event("MODIFIED", slice("b", &["three"], 9));
    let gone = event("DELETED", slice("a", &["one"], 10));
    let stage = stage(lists, vec![(200, same + &other + &gone)]).await;
    stage.until(&["three"]).await;
    assert_eq!(stage.changes.load(Ordering::Relaxed), 2, "neither the first list nor the same again is news");
    let asked = stage.said.asked.lock().unwrap().clone();
    assert!(asked[1].contains("continue=next"), "{asked:?}");
    assert!(
        asked[2].contains("resourceVersion=7") && asked[2].contains("allowWatchBookmarks=true"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_watch_that_ended_goes_on_where_it_was_and_bookmarks_count() {
    let first = event("ADDED", slice("a", &["one"], 8));
    let mark = event(
        "BOOKMARK",
        json!({"kind": "EndpointSlice", "apiVersion": "x", "metadata": {"resourceVersion": "20"}}),
    );
    let watches = vec![(200, first + &mark + "END"), (200, event("DELETED", slice("a", &[], 21)))];
    let stage = stage(vec![list(7, None, &[])], watches).await;
    stage.until(&[]).await;
    stage.changed.notified().await;
    let asked = stage.said.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().filter(|query| !query.contains("watch=true")).count(), 1, "{asked:?}");
    assert!(asked.last().unwrap().contains("resourceVersion=20"), "{asked:?}");
}

#[tokio::test]
async fn what_is_too_old_is_listed_anew_and_stands_meanwhile() {
    let expired = json!({"kind": "Status", "status": "Failure", "reason": "Expired", "message": "too old", "code": 410});
    for watch in [(410, expired.to_string()), (200, event("ERROR", expired.clone()))] {
        let lists = vec![
            list(7, None, &[slice("a", &["one"], 3), slice("b", &["two"], 3)]),
            list(30, None, &[slice("b", &["two"], 3), slice("c", &["three"], 25)]),
        ];
        let stage = stage(lists, vec![watch]).await;
        stage.changed.notified().await;
        stage.until(&["two", "three"]).await;
        assert_eq!(stage.model.sizes()[1], 2, "what the new list does not tell of is gone");
    }
}

#[tokio::test]
async fn who_does_not_answer_is_not_read_from_the_model() {
    let stage = stage(vec![list(7, None, &[slice("a", &["one"], 3)])], vec![(500, "no".into()); 40]).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(stage.pods(), None, "its watch cannot be had");
    assert!(stage.model.nodes().is_some(), "others can");
    assert_eq!(stage.model.sizes()[1], 1, "what is known stays, to go on from");
}

#[tokio::test]
async fn what_leads_to_a_certificate_is_held_with_it() {
    let object = |name: &str, owner: &str, made: u8, status: Value| {
        json!({"metadata": {
            "name": name, "namespace": "apps", "uid": name, "resourceVersion": "3", "ownerReferences": [{"uid": owner}],
            "creationTimestamp": format!("2026-11-{made:02}T10:00:00Z"),
        }, "status": status})
    };
    let ready = |status: &str| json!({"notAfter": "2027-01-01T00:00:00Z", "conditions": [{"type": "Ready", "status": status}]});
    let kinds = [
        (
            "certificates",
            vec![object("web-tls", "web", 1, ready("True")), object("echo-tls", "echo", 1, ready("False"))],
        ),
        (
            "certificaterequests",
            vec![
                object("echo-tls-2", "echo-tls", 9, ready("False")),
                object("echo-tls-1", "echo-tls", 2, ready("True")),
            ],
        ),
        (
            "orders",
            vec![object("old", "echo-tls-1", 3, json!({})), object("new", "echo-tls-2", 9, json!({}))],
        ),
        (
            "challenges",
            vec![
                object("one", "new", 9, json!({})),
                object("two", "new", 9, json!({})),
                object("other", "old", 9, json!({})),
            ],
        ),
    ];
    let others = kinds.map(|(kind, items)| (kind, Some(list(1, None, &items)))).into();
    let stage = on_stage(Said { others, ..Said::default() }).await;
    let chain = async |name: &str| {
        for _ in 0..200 {
            if let Some(held) = stage.model.certificate("apps", name) {
                let names =
                    held.value.links.into_iter().map(|link| format!("{}/{}", link.kind, link.name)).collect();
                return (held.value.ready, held.value.not_after, names);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("nothing is held");
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let until = Some("2027-01-01T00:00:00Z".to_owned());
    assert_eq!(chain("web-tls").await, (true, until.clone(), names(&["Certificate/web-tls"])));
    let led = [
        "Certificate/echo-tls",
        "CertificateRequest/echo-tls-2",
        "Order/new",
        "Challenge/two",
        "Challenge/one",
    ];
    assert_eq!(chain("echo-tls").await, (false, until, names(&led)));
    assert_eq!(chain("none").await, (false, None, names(&[])));
}

#[tokio::test]
async fn the_names_of_rules_are_held_and_wildcards_are_none() {
    let rules = json!([{"host": "echo.example.test"}, {"host": "*.example.test"}, {}]);
    let some = json!({"metadata": {"name": "echo", "namespace": "apps", "resourceVersion": "3"}, "spec": {"rules": rules}});
    let none = json!({"metadata": {"name": "any", "namespace": "apps", "resourceVersion": "4"}, "spec": {}});
    let others = [("ingresses", Some(list(5, None, &[some, none])))].into();
    let stage = on_stage(Said { others, ..Said::default() }).await;
    for _ in 0..200 {
        if let Some(held) = stage.model.ingress_hosts() {
            let told = held
                .value
                .iter()
                .map(|host| format!("{}/{} {}", host.namespace, host.ingress, host.hostname));
            assert_eq!(told.collect::<Vec<_>>(), ["apps/echo echo.example.test"]);
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nothing is held");
}

#[tokio::test]
async fn a_cluster_without_cert_manager_is_followed_all_the_same() {
    let kinds = ["certificates", "certificaterequests", "orders", "challenges"];
    let lists = Mutex::new(vec![list(7, None, &[slice("a", &["one"], 3)])].into());
    let stage =
        on_stage(Said { lists, others: kinds.map(|kind| (kind, None)).into(), ..Said::default() }).await;
    stage.until(&["one"]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    stage.until(&["one"]).await;
    assert!(stage.model.certificate("apps", "echo-tls").is_none(), "whoever wants to know asks the server");
}

//! What any Kubernetes API does with a client: the same assertions for practice's and for the genuine one.
//!
//! Plain HTTP with the kubeconfig's certificate, so that no client library smooths anything over. Every part works in a
//! namespace of its own, all at the same time, and what it defines it takes away. What a cluster runs (charts, programs)
//! is not its matter.

mod kinds;
mod objects;
mod reads;
mod writes;

use crate::kube_api::Api;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;

/// How a part is begun: with the API and a namespace of its own.
type Part = fn(Arc<Api>, String) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Asks the API of a kubeconfig for everything in the modules below.
///
/// # Panics
/// An answer is another one; each part that fails says which, and all of them are tried.
pub async fn holds(kubeconfig: &str) {
    let api = Arc::new(Api::of(kubeconfig));
    let parts: &[(&str, Part)] = &[
        ("discovery", |api, space| Box::pin(kinds::discovery(api, space))),
        ("definitions", |api, space| Box::pin(kinds::definitions(api, space))),
        ("namespaces", |api, space| Box::pin(kinds::namespaces(api, space))),
        ("refusals", |api, space| Box::pin(objects::refusals(api, space))),
        ("defaults", |api, space| Box::pin(objects::defaults(api, space))),
        ("deletion", |api, space| Box::pin(objects::deletion(api, space))),
        ("patches", |api, space| Box::pin(writes::patches(api, space))),
        ("server-side-apply", |api, space| Box::pin(writes::server_side_apply(api, space))),
        ("unknown-fields", |api, space| Box::pin(writes::unknown_fields(api, space))),
        ("lists", |api, space| Box::pin(reads::lists(api, space))),
        ("watches", |api, space| Box::pin(reads::watches(api, space))),
    ];
    let run = &uuid::Uuid::new_v4().simple().to_string()[..6];
    let mut tasks = Vec::new();
    for (name, part) in parts {
        let space = format!("{name}-{run}");
        api.post("/api/v1/namespaces", &json!({"metadata": {"name": space}})).await.is(201);
        tasks.push((name, tokio::spawn(part(Arc::clone(&api), space))));
    }
    let mut failed = Vec::new();
    for (name, task) in tasks {
        if task.await.is_err() {
            failed.push(*name);
        }
        api.delete(&format!("/api/v1/namespaces/{name}-{run}")).await.is(200);
    }
    assert!(failed.is_empty(), "answers differ in {failed:?}; see above");
}

fn maps(space: &str) -> String {
    format!("/api/v1/namespaces/{space}/configmaps")
}

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"app": name}}, "data": data})
}

/// `l-a`, `l-b` and `l-c`, with the label `list`.
async fn three(api: &Api, maps: &str) {
    for name in ["l-a", "l-b", "l-c"] {
        let mut object = map(name, json!({}));
        object["metadata"]["labels"]["list"] = json!("yes");
        api.post(maps, &object).await.is(201);
    }
}

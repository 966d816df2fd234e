//! The API's front: who may ask, which object a path means, which verb is meant.
//!
//! Paths are taken apart by hand, since the real API's shape (`/apis/GROUP/VERSION/namespaces/NS/KIND/NAME/SUB`) is one
//! grammar and not a list of routes.

use super::cluster::Cluster;
use super::control;
use super::discovery;
use super::kinds::{self, Kind};
use super::paging;
use super::patch::Patch;
use super::proxy;
use super::refusal::Refusal;
use super::select::Selector;
use super::store::{Key, Store};
use super::watching;
use super::writing::{Target, Written};
use crate::homelab::{Homelab, Role};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What one connection's requests are answered from.
#[derive(Clone)]
pub struct Api {
    pub homelab: Arc<Homelab>,
    pub cluster: Arc<Cluster>,
}

/// Whether the connection's client showed a certificate of this cluster.
#[derive(Clone, Copy)]
struct Known(bool);

pub fn router(api: Api, known: bool) -> Router {
    Router::new().fallback(answer).layer(Extension(Known(known))).with_state(api)
}

/// A path taken apart.
struct Place {
    kind: Kind,
    namespace: Option<String>,
    name: Option<String>,
    subresource: Option<String>,
}

pub struct Query(BTreeMap<String, String>);

impl Query {
    fn read(text: &str) -> Query {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        });
        Query(pairs.collect())
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), "true" | "1")
    }
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn answer(
    State(api): State<Api>,
    Extension(Known(known)): Extension<Known>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().trim_end_matches('/').to_owned();
    // K3s' supervisor shows the authority to whoever joins; everything else needs a certificate.
    match path.as_str() {
        "/cacerts" => return api.cluster.authority.certificate().into_response(),
        "/ping" => return "pong".into_response(),
        _ if !known => return Refusal::unauthorized().into_response(),
        _ => {}
    }
    let query = Query::read(head.uri.query().unwrap_or_default());
    match path.as_str() {
        "/livez" | "/healthz" => return "ok".into_response(),
        "/version" => return Json(discovery::version(&api.cluster.version)).into_response(),
        _ if !has_quorum(&api) => {
            return Refusal::new(500, "InternalError", "etcdserver: request timed out").into_response();
        }
        "/readyz" | "/readyz/etcd" => return "ok".into_response(),
        "/api" => return Json(discovery::core_versions()).into_response(),
        "/apis" => return Json(discovery::group_list(&served(&api))).into_response(),
        _ => {}
    }
    let content_type = head
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let agent =
        head.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    let manager = match query.get("fieldManager") {
        "" if content_type.starts_with("application/apply-patch") => String::new(),
        "" => agent.split('/').next().unwrap_or_default().to_owned(),
        named => named.to_owned(),
    };
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if let ["api", "v1", "namespaces", namespace, "services", which, "proxy", rest @ ..] = &segments[..] {
        let body = to_bytes(body, 8 << 20).await.unwrap_or_default();
        let path = format!("/{}", rest.join("/"));
        let call = proxy::Passed {
            method: head.method.as_str(),
            path: &path,
            query: head.uri.query().unwrap_or_default(),
            body: &body,
            clock: &api.homelab.clock,
        };
        return proxy::pass(&api.cluster, namespace, &unescape(which), &call)
            .unwrap_or_else(IntoResponse::into_response);
    }
    if let ["api", "v1", "namespaces", namespace, "pods", which, "proxy", rest @ ..] = &segments[..] {
        return proxy::pass_to_pod(
            &api.cluster,
            namespace,
            &unescape(which),
            &format!("/{}", rest.join("/")),
        )
        .unwrap_or_else(IntoResponse::into_response);
    }
    let place = match &segments[..] {
        ["api", "v1"] => return listed(discovery::resources(&served(&api), "", "v1")),
        ["apis", group] => {
            let found = discovery::group(&served(&api), group);
            // Nobody below answers for a group that is not there, and the server says so in plain text.
            let nobody = || (StatusCode::NOT_FOUND, "404 page not found\n").into_response();
            return found.map_or_else(nobody, |group| Json(group).into_response());
        }
        ["apis", group, version] => return listed(discovery::resources(&served(&api), group, version)),
        ["api", "v1", rest @ ..] => locate(&api.cluster.store, "", "v1", rest),
        ["apis", group, version, rest @ ..] => locate(&api.cluster.store, group, version, rest),
        _ => None,
    };
    let Some(place) = place else { return Refusal::path_not_found().into_response() };
    let Ok(body) = to_bytes(body, 8 << 20).await else {
        return Refusal::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
            .into_response();
    };
    let call = Call { api: &api, place, query, content_type, manager, body: &body };
    call.perform(&head.method).await.unwrap_or_else(IntoResponse::into_response)
}

fn served(api: &Api) -> Vec<Kind> {
    kinds::served(&api.cluster.store)
}

fn listed(found: Option<Value>) -> Response {
    found.map_or_else(|| Refusal::path_not_found().into_response(), |value| Json(value).into_response())
}

/// With embedded etcd more than half of the servers have to be up; a single server with SQLite is its own quorum.
fn has_quorum(api: &Api) -> bool {
    let (members, up) = api.homelab.read(|state| {
        let members = state.machines.iter().filter(|machine| {
            machine
                .k3s
                .as_ref()
                .is_some_and(|k3s| k3s.role == Role::Server && k3s.cluster == Some(api.cluster.id))
        });
        members.fold((0, 0), |(all, up), machine| (all + 1, up + usize::from(machine.running().is_some())))
    });
    up * 2 > members
}

fn locate(store: &Store, group: &str, version: &str, rest: &[&str]) -> Option<Place> {
    let place = |plural: &str, namespace: Option<&str>, name: Option<&str>, subresource: Option<&str>| {
        let kind = kinds::find(store, group, version, plural)?;
        Some(Place {
            kind,
            namespace: namespace.map(unescape),
            name: name.map(unescape),
            subresource: subresource.map(str::to_owned),
        })
    };
    match rest {
        // `namespaces/x/status` is the namespace's own subresource; anything else below a namespace is a resource in it.
        ["namespaces", name, sub @ ("status" | "finalize")] if group.is_empty() => {
            place("namespaces", None, Some(name), Some(sub))
        }
        ["namespaces", namespace, plural] => {
            place(plural, Some(namespace), None, None).filter(|place| place.kind.namespaced)
        }
        ["namespaces", namespace, plural, name] => {
            place(plural, Some(namespace), Some(name), None).filter(|place| place.kind.namespaced)
        }
        ["namespaces", namespace, plural, name, sub] => {
            place(plural, Some(namespace), Some(name), Some(sub)).filter(|place| place.kind.namespaced)
        }
        [plural] => place(plural, None, None, None),
        [plural, name] => place(plural, None, Some(name), None).filter(|place| !place.kind.namespaced),
        [plural, name, sub] => {
            place(plural, None, Some(name), Some(sub)).filter(|place| !place.kind.namespaced)
        }
        _ => None,
    }
}

struct Call<'a> {
    api: &'a Api,
    place: Place,
    query: Query,
    content_type: String,
    manager: String,
    body: &'a [u8],
}

impl Call<'_> {
    async fn perform(&self, method: &Method) -> Result<Response, Refusal> {
        let store = &self.api.cluster.store;
        let Place { kind, name, subresource, .. } = &self.place;
        let target = self.target();
        match (method.as_str(), name, subresource.as_deref()) {
            ("GET", None, _) => self.collection(),
            ("GET", Some(name), Some("log")) if kind.plural == "pods" => self.log(name),
            ("GET", Some(name), None | Some("status")) => {
                let found = store.get(&Key::namespaced(&kind.resource(), target.namespace, name));
                Ok(Json((*found.ok_or_else(|| Refusal::not_found(kind, name))?).clone()).into_response())
            }
            ("POST", None, _) => reply(target.create(store, self.object()?), true),
            ("POST", Some(_), Some("eviction")) if kind.plural == "pods" => {
                target.delete(store, &json!({}))?;
                Ok((
                    StatusCode::CREATED,
                    Json(json!({"kind": "Status", "apiVersion": "v1", "status": "Success"})),
                )
                    .into_response())
            }
            ("PUT", Some(_), None | Some("status")) => reply(target.update(store, self.object()?), false),
            ("PATCH", Some(_), None | Some("status")) => {
                let patch = Patch::read(&self.content_type, self.body, self.query.flag("force"))?;
                if matches!(patch, Patch::Strategic(_)) && kind.is_custom() {
                    return Err(Refusal::unsupported());
                }
                reply(target.patch(store, patch), true)
            }
            ("DELETE", Some(_), None) => Ok(Json(target.delete(store, &self.options()?)?).into_response()),
            ("DELETE", None, _) => self.delete_collection(),
            _ => Err(Refusal::no_method()),
        }
    }

    fn target(&self) -> Target<'_> {
        Target {
            kind: &self.place.kind,
            namespace: self.place.namespace.as_deref().unwrap_or_default(),
            name: self.place.name.as_deref().unwrap_or_default(),
            subresource: self.place.subresource.as_deref(),
            manager: &self.manager,
            dry: self.query.get("dryRun") == "All",
            strict: self.query.get("fieldValidation") == "Strict",
        }
    }

    fn object(&self) -> Result<Value, Refusal> {
        if self.content_type.contains("protobuf") {
            return Err(Refusal::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
            ));
        }
        serde_json::from_slice(self.body)
            .or_else(|_| serde_saphyr::from_str(&String::from_utf8_lossy(self.body)))
            .map_err(|error| Refusal::bad_request(format!("error decoding the body: {error}")))
    }

    fn options(&self) -> Result<Value, Refusal> {
        let mut options = if self.body.is_empty() { json!({}) } else { self.object()? };
        if let policy @ ("Orphan" | "Background" | "Foreground") = self.query.get("propagationPolicy") {
            options["propagationPolicy"] = json!(policy);
        }
        Ok(options)
    }

    fn selector(&self) -> Result<Selector, Refusal> {
        let selector = Selector::parse(self.query.get("labelSelector"), self.query.get("fieldSelector"))
            .map_err(|part| Refusal::bad_request(format!("unable to parse requirement: {part}")))?;
        selector.fields_of(&self.place.kind.resource()).map_err(Refusal::bad_request)?;
        Ok(selector)
    }

    fn collection(&self) -> Result<Response, Refusal> {
        let kind = &self.place.kind;
        if kind.plural == "leases" {
            control::renew_leases(&self.api.homelab, &self.api.cluster);
        }
        let selector = self.selector()?;
        let namespace = self.place.namespace.clone();
        if self.query.flag("watch") {
            return watching::stream(&self.api.cluster.store, kind, namespace, selector, &self.query);
        }
        paging::page(&self.api.cluster.store, kind, namespace.as_deref(), &selector, &self.query)
            .map(|list| Json(list).into_response())
    }

    fn delete_collection(&self) -> Result<Response, Refusal> {
        let selector = self.selector()?;
        let options = self.options()?;
        let store = &self.api.cluster.store;
        let (objects, _) = store.list(&self.place.kind.resource(), self.place.namespace.as_deref());
        let mut items = Vec::new();
        for object in objects.iter().filter(|object| selector.matches(object)) {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            let target = Target { name, namespace, ..self.target() };
            target.delete(store, &options)?;
            items.push((**object).clone());
        }
        let kind = &self.place.kind;
        Ok(Json(json!({"kind": discovery::list_kind(kind), "apiVersion": kind.api_version(), "metadata": {}, "items": items})).into_response())
    }

    fn log(&self, name: &str) -> Result<Response, Refusal> {
        let kind = &self.place.kind;
        let store = &self.api.cluster.store;
        let pod = store
            .get(&Key::namespaced("pods", self.place.namespace.as_deref().unwrap_or_default(), name))
            .ok_or_else(|| Refusal::not_found(kind, name))?;
        let text = control::log(&pod).ok_or_else(|| {
            let container = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
            Refusal::bad_request(format!(
                "container {container:?} in pod {name:?} is waiting to start: ContainerCreating"
            ))
        })?;
        let lines: Vec<&str> = text.lines().collect();
        let tail = self.query.get("tailLines").parse().unwrap_or(lines.len());
        let shown: String =
            lines[lines.len().saturating_sub(tail)..].iter().map(|line| format!("{line}\n")).collect();
        Ok(([(header::CONTENT_TYPE, "text/plain")], Body::from(shown)).into_response())
    }
}

/// 201 for what is new, where the verb can make something new.
fn reply(written: Written, creates: bool) -> Result<Response, Refusal> {
    let (object, new) = written?;
    let code = if new && creates { StatusCode::CREATED } else { StatusCode::OK };
    Ok((code, Json(object)).into_response())
}

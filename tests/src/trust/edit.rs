//! What a person changes by hand meanwhile, and how they take it back when Portico says that it is in the way.

use super::chance::Chance;
use super::field::{Field, TUNNEL};
use super::wish::hostname;
use portico_practice::kube::Key;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// A record of their own beside ours.
    OwnRecord,
    /// A text on our very name.
    TextOnName,
    /// An address on our name.
    ConflictRecord,
    /// Our record made theirs: the comment goes.
    Unmark,
    /// Our record leads elsewhere.
    OtherContent,
    DeleteOurs,
    OwnRoute,
    ConflictRoute,
    DropRoute,
    /// Our rule goes behind what catches it.
    MoveRoute,
    OwnApp,
    ConflictApp,
    /// Our Ingress says something else.
    Ingress,
    DeleteDeployment,
    OwnObject,
}

const ALL: [Edit; 15] = [
    Edit::OwnRecord,
    Edit::TextOnName,
    Edit::ConflictRecord,
    Edit::Unmark,
    Edit::OtherContent,
    Edit::DeleteOurs,
    Edit::OwnRoute,
    Edit::ConflictRoute,
    Edit::DropRoute,
    Edit::MoveRoute,
    Edit::OwnApp,
    Edit::ConflictApp,
    Edit::Ingress,
    Edit::DeleteDeployment,
    Edit::OwnObject,
];

/// The service whose things are changed.
#[derive(Debug, Clone)]
pub struct Subject {
    pub name: String,
    pub host: String,
}

/// How what was made is taken back.
#[derive(Debug, Clone)]
pub enum Undo {
    Record(String),
    Route(String),
    App(String),
    Object(Key, Value),
}

impl Edit {
    pub fn draw(chance: &mut Chance) -> Self {
        *chance.pick(&ALL)
    }

    /// Does it to the service of this name; what it takes to undo it, where it could be done.
    pub async fn make(self, field: &Field, subject: &Subject) -> Option<Undo> {
        let Subject { name, host } = subject;
        let (hand, host) = (&field.hand, host.clone());
        let record = |made: Value| Some(Undo::Record(made["id"].as_str()?.to_owned()));
        match self {
            Self::OwnRecord => hand.make_record("A", &hostname("printer"), "192.168.1.9").await.and(None),
            Self::TextOnName => hand.make_record("TXT", &host, "\"by hand\"").await.and(None),
            Self::ConflictRecord => record(hand.make_record("A", &host, "192.168.1.77").await?),
            Self::Unmark => record(self.edit_first(field, &host, &json!({"comment": null})).await?),
            Self::OtherContent => {
                let change = json!({"content": "192.0.2.9"});
                self.edit_first(field, &host, &change).await.and(None)
            }
            Self::DeleteOurs => {
                for found in hand.records(&host).await {
                    hand.delete_record(found["id"].as_str()?).await;
                }
                None
            }
            Self::OwnRoute => {
                let rule = json!({"hostname": hostname("printer"), "service": "http://nas:90"});
                hand.change_rules(TUNNEL, |rules| rules.insert(0, rule)).await;
                None
            }
            Self::ConflictRoute => {
                let rule = json!({"hostname": host, "service": "http://nas:91"});
                hand.change_rules(TUNNEL, |rules| {
                    rules.retain(|rule| rule["hostname"] != host.as_str());
                    rules.insert(0, rule);
                })
                .await;
                Some(Undo::Route(host))
            }
            Self::DropRoute => {
                hand.change_rules(TUNNEL, |rules| rules.retain(|rule| rule["hostname"] != host.as_str()))
                    .await;
                None
            }
            Self::MoveRoute => {
                hand.change_rules(TUNNEL, |rules| {
                    if let Some(at) = rules.iter().position(|rule| rule["hostname"] == host.as_str()) {
                        let rule = rules.remove(at);
                        rules.insert(rules.len() - 1, rule);
                    }
                })
                .await;
                None
            }
            Self::OwnApp => hand.make_app(&hostname("printer")).await.and(None),
            Self::ConflictApp => Some(Undo::App(hand.make_app(&host).await?["id"].as_str()?.to_owned())),
            Self::Ingress => {
                let space = if name == "vault" { "vault" } else { "apps" };
                let key = Key::namespaced("ingresses.networking.k8s.io", space, name);
                let before = field.store().get(&key)?;
                field.store().edit(&key, "kubectl", None, |ingress| {
                    ingress["spec"]["rules"][0]["host"] = json!(hostname("other"));
                });
                Some(Undo::Object(key, before["spec"].clone()))
            }
            Self::DeleteDeployment => {
                field.store().remove(&Key::namespaced("deployments.apps", "apps", name));
                None
            }
            Self::OwnObject => {
                let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "b"},
                    "metadata": {"name": format!("{name}-mine"), "namespace": "apps"}});
                let key = Key::namespaced("configmaps", "apps", &format!("{name}-mine"));
                field.store().put(&key, object, "kubectl");
                None
            }
        }
    }

    async fn edit_first(self, field: &Field, host: &str, change: &Value) -> Option<Value> {
        let found = field.hand.records(host).await;
        let ours = found.iter().find(|record| record["comment"].is_string())?;
        if self == Self::OtherContent && ours["type"] != "A" {
            return None;
        }
        field.hand.edit_record(ours["id"].as_str()?, change).await
    }
}

impl Undo {
    pub async fn take_back(&self, field: &Field) {
        match self {
            Self::Record(id) => drop(field.hand.delete_record(id).await),
            Self::Route(host) => {
                let theirs =
                    |rule: &Value| rule["hostname"] == host.as_str() && rule["service"] == "http://nas:91";
                field.hand.change_rules(TUNNEL, |rules| rules.retain(|rule| !theirs(rule))).await;
            }
            Self::App(id) => field.hand.delete_app(id).await,
            Self::Object(key, spec) => {
                let other = hostname("other");
                field.store().edit(key, "kubectl", None, |object| {
                    if object["spec"]["rules"][0]["host"] == other.as_str() {
                        object["spec"] = spec.clone();
                    }
                });
            }
        }
    }
}

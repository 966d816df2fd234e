//! Following each kind from where it is known: by its list first, then by watches that resume one another.
//!
//! The server is asked to end each watch before long, so that one which went silent is noticed. What resumes nowhere any
//! more (410) is listed anew. Whoever follows is told when something that is drawn became another.

use super::wire::{Ingress, Kind, Linked, Page, Pod, Service, Slice};
use super::{Model, Progress, State};
use crate::kube::Kube;
use futures::StreamExt;
use k8s_openapi::api::core::v1::Node;
use kube::api::{ListParams, WatchParams};
use kube::core::{Request, Status, WatchEvent};
use kube::{Client, Error};
use std::pin::pin;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Seconds that one watch stays open; below the client's read timeout, or silence would look like a failure.
pub(super) const OPEN: u32 = 15;

/// A watch that does not end by itself by then is on a line that is dead.
const DEAD: Duration = Duration::from_secs(OPEN as u64 + 4);

/// Objects in one answer. What is held of them is small; what they are read from is not.
const PAGE: u32 = 15;

/// Before the next try, times how many failed in a row.
const PAUSE: Duration = Duration::from_millis(100);

/// So many failures in a row, and whoever follows connects anew.
const TRIES: u32 = 5;

/// A watch that brought nothing and was over sooner was no watch.
const BRIEF: Duration = Duration::from_secs(1);

/// Before it is asked again for a kind that the cluster does not know: cert-manager may come yet.
const UNKNOWN: Duration = Duration::from_secs(10);

enum Ended {
    /// As it should, or cut off after a word: the next one resumes.
    Orderly,
    /// What is known is too old to go on from.
    Gone,
    /// There is no such kind.
    Unknown,
    Failed(Error),
    /// Nothing came, not even its end.
    Silent,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match &error {
            Error::Api(status) if is_gone(status) => Self::Gone,
            Error::Api(status) if status.code == 404 => Self::Unknown,
            _ => Self::Failed(error),
        }
    }
}

fn is_gone(status: &Status) -> bool {
    status.code == 410 || status.reason == "Expired" || status.reason == "Gone"
}

impl Model {
    /// Keeps the model as the cluster is, and calls `changed` whenever something that paths are made of became another.
    /// Ends when the server cannot be followed any more, or the model was closed; what is held stays, for the next time.
    pub async fn follow(&self, kube: &Kube, changed: impl Fn()) {
        let client = &kube.client;
        let quiet = || {};
        tokio::select! {
            () = self.closed.cancelled() => {}
            () = self.keep::<Node>(client, &changed) => {}
            () = self.keep::<Slice>(client, &changed) => {}
            () = self.keep::<Ingress>(client, &changed) => {}
            () = self.keep::<Linked<0>>(client, &changed) => {}
            () = self.keep::<Linked<1>>(client, &changed) => {}
            () = self.keep::<Linked<2>>(client, &changed) => {}
            () = self.keep::<Linked<3>>(client, &changed) => {}
            // Neither is drawn by itself: what they come to shows in the slices.
            () = self.keep::<Service>(client, &quiet) => {}
            () = self.keep::<Pod>(client, &quiet) => {}
        }
        // Nobody hears for it any more.
        let mut state = self.state();
        let State { nodes, slices, services, pods, ingresses, certificates, names: _ } = &mut *state;
        nodes.progress.followed = false;
        slices.progress.followed = false;
        services.progress.followed = false;
        pods.progress.followed = false;
        ingresses.progress.followed = false;
        certificates.iter_mut().for_each(|table| table.progress.followed = false);
    }

    async fn keep<K: Kind>(&self, client: &Client, changed: &impl Fn()) {
        let mut failures = 0;
        while failures < TRIES {
            let version = K::table(&mut self.state()).0.progress.version.clone();
            let ended = match version {
                None => match self.list::<K>(client, changed).await {
                    Ok(()) => continue,
                    Err(error) => Ended::from(error),
                },
                Some(version) => self.watch::<K>(client, &version, changed).await,
            };
            match ended {
                Ended::Orderly => {
                    failures = 0;
                    continue;
                }
                Ended::Unknown => {
                    K::table(&mut self.state()).0.progress = Progress::default();
                    sleep(UNKNOWN).await;
                    continue;
                }
                Ended::Gone => K::table(&mut self.state()).0.progress.version = None,
                Ended::Failed(error) => {
                    tracing::debug!(%error, path = K::PATH, "a watch ended");
                    K::table(&mut self.state()).0.progress.followed = false;
                }
                Ended::Silent => K::table(&mut self.state()).0.progress.followed = false,
            }
            failures += 1;
            sleep(PAUSE * failures).await;
        }
    }

    async fn list<K: Kind>(&self, client: &Client, changed: &impl Fn()) -> Result<(), Error> {
        let request = Request::new(K::PATH);
        let mut page = ListParams::default().limit(PAGE);
        let mut news = false;
        K::table(&mut self.state()).0.begin();
        loop {
            let list = request.list(&page).map_err(Error::BuildRequest)?;
            let Page::<K> { metadata, items } = client.request(list).await?;
            let mut state = self.state();
            for item in items {
                news |= put(&mut state, item);
            }
            page.continue_token = metadata.r#continue.filter(|token| !token.is_empty());
            if page.continue_token.is_some() {
                continue;
            }
            let (table, _) = K::table(&mut state);
            // Before the first list there was nothing that could have become another.
            news = (table.finish() || news) && table.progress.heard.is_some();
            table.progress.version = Some(metadata.resource_version);
            heard(table);
            break;
        }
        if news {
            changed();
        }
        Ok(())
    }

    async fn watch<K: Kind>(&self, client: &Client, version: &str, changed: &impl Fn()) -> Ended {
        let began = Instant::now();
        let mut news = false;
        let followed = timeout(DEAD, self.hear::<K>(client, version, changed, &mut news)).await;
        match followed {
            Err(_) => Ended::Silent,
            Ok(Err(ended)) => ended,
            Ok(Ok(())) if news || began.elapsed() >= BRIEF => Ended::Orderly,
            Ok(Ok(())) => Ended::Silent,
        }
    }

    /// One watch to its end. `word` is set when it brings something.
    async fn hear<K: Kind>(
        &self,
        client: &Client,
        version: &str,
        changed: &impl Fn(),
        word: &mut bool,
    ) -> Result<(), Ended> {
        let params = WatchParams::default().timeout(OPEN);
        let request = Request::new(K::PATH)
            .watch(&params, version)
            .map_err(|e| Ended::Failed(Error::BuildRequest(e)))?;
        let mut events = pin!(client.request_events::<K>(request).await?);
        heard(K::table(&mut self.state()).0);
        while let Some(event) = events.next().await {
            let event = event?;
            *word = true;
            if self.take(event)? {
                changed();
            }
        }
        Ok(())
    }

    fn take<K: Kind>(&self, event: WatchEvent<K>) -> Result<bool, Ended> {
        let mut state = self.state();
        let (version, news) = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let [_, _, version] = object.place();
                (version.into(), put(&mut state, object))
            }
            WatchEvent::Deleted(object) => {
                let [namespace, name, version] = object.place();
                (version.into(), K::table(&mut state).0.remove(namespace, name))
            }
            WatchEvent::Bookmark(mark) => (mark.metadata.resource_version.into_boxed_str(), false),
            WatchEvent::Error(status) => return Err(Ended::from(Error::Api(status))),
        };
        let (table, _) = K::table(&mut state);
        table.progress.version = Some(version);
        heard(table);
        Ok(news)
    }
}

fn put<K: Kind>(state: &mut State, object: K) -> bool {
    let (table, names) = K::table(state);
    let [namespace, name, _] = object.place();
    let (namespace, name) = (names.get(namespace), name.into());
    table.put(namespace, name, object.row(names))
}

fn heard<V: PartialEq>(table: &mut super::Table<V>) {
    table.progress.heard = Some(Instant::now());
    table.progress.followed = true;
}

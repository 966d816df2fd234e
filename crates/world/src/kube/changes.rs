//! A word whenever something changes that paths are made of: nodes, the endpoints of services, Ingresses.
//!
//! Only that, not what: whoever draws the picture looks at all of it. A watch resumes where it stopped; the server is
//! asked to end each one before the client's own patience does.

use super::Kube;
use futures::stream::{Stream, StreamExt, select_all};
use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::runtime::watcher::{Config, Event, watcher};
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Seconds that one watch stays open; below the client's read timeout, or silence would look like a failure.
const OPEN: u32 = 15;

impl Kube {
    /// Ends with the first failure: whoever listens connects anew.
    pub fn changes(&self) -> impl Stream<Item = ()> + Send + 'static {
        let client = &self.client;
        let all = select_all([
            told(Api::<Node>::all(client.clone())),
            told(Api::<EndpointSlice>::all(client.clone())),
            told(Api::<Ingress>::all(client.clone())),
        ]);
        all.take_while(|change| std::future::ready(change.is_ok())).map(drop)
    }
}

type Told = futures::stream::BoxStream<'static, Result<(), ()>>;

fn told<K>(api: Api<K>) -> Told
where
    K: kube::Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let news = watcher(api, Config::default().timeout(OPEN)).filter_map(|event| {
        std::future::ready(match event {
            Ok(Event::Apply(_) | Event::Delete(_)) => Some(Ok(())),
            // What is there at the start is no news.
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(%error, "a watch ended");
                Some(Err(()))
            }
        })
    });
    news.boxed()
}

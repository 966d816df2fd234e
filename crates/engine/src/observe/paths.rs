//! Trying the ways to a name: at three resolvers, over each worker, through Cloudflare's edge, through a controller.

use crate::Engine;
use futures::future::join_all;
use portico_domain::dns::{Answers, Hostname};
use portico_domain::observed::{HttpAnswer, LanPath, Observed, PublicPath, Source, TlsAnswer, Tries};
use portico_domain::problem::{Code, Problem};
use portico_domain::stack::IngressController;
use portico_world::{probe, resolver};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

impl Engine {
    pub(super) async fn try_path(&self, source: &Source, seen: &mut Observed) {
        match source {
            Source::LanPath { hostname, addresses, tls, at_home, in_turn } => {
                let answers = self.answers(hostname, *at_home, *in_turn);
                let asked = if *tls { addresses.as_slice() } else { &[] };
                let shown = self.shown(hostname, asked, *in_turn);
                let path = self.seen(self.lan_path(hostname, addresses, answers, shown)).await;
                seen.lan_paths.insert(hostname.clone(), path);
            }
            Source::PublicPath { hostname, in_turn } => {
                let answers = self.answers(hostname, false, *in_turn);
                let path = self.seen(self.public_path(hostname, answers)).await;
                seen.public_paths.insert(hostname.clone(), path);
            }
            Source::Controller { controller, hostnames, addresses } => {
                let tried = self.seen(self.controller(*controller, hostnames, addresses)).await;
                seen.controllers.insert(controller.component().name().into(), tried);
            }
            _ => {}
        }
    }

    fn public_resolvers(&self) -> Vec<SocketAddr> {
        let given = &self.inner.outside.endpoints.resolvers.public;
        if given.is_empty() { resolver::public() } else { given.clone() }
    }

    /// Whether resolvers offer Encrypted Client Hello for the name; not, where nobody can be asked.
    pub(crate) async fn offers_ech(&self, hostname: &Hostname) -> bool {
        resolver::has_ech(&self.public_resolvers(), hostname.as_str()).await.unwrap_or(false)
    }

    async fn answers(&self, hostname: &str, at_home: bool, in_turn: bool) -> Answers {
        let turns = &self.inner.turns;
        let last = if in_turn { turns.last(hostname, self.inner.outside.pace) } else { None };
        if let Some(last) = last {
            return last;
        }
        let answers =
            if at_home { self.answers_at_home(hostname).await } else { self.answers_of_all(hostname).await };
        turns.keep(hostname, &answers);
        answers
    }

    /// The same question to the zone's own server, to a public resolver and to the system's.
    async fn answers_of_all(&self, hostname: &str) -> Answers {
        let resolvers = &self.inner.outside.endpoints.resolvers;
        let ask = async |servers: &[SocketAddr]| {
            resolver::addresses(servers, hostname).await.map_err(|error| Problem::from(&error))
        };
        let authoritative = async {
            match resolvers.authoritative.as_slice() {
                [] => {
                    let servers = self.inner.turns.authorities(hostname).await;
                    ask(&servers.map_err(|error| Problem::from(&error))?).await
                }
                given => ask(given).await,
            }
        };
        let public = self.public_resolvers();
        let (authoritative, public, system) =
            tokio::join!(authoritative, ask(&public), ask(&resolvers.system));
        Answers { authoritative, public, system }
    }

    /// Where the home's own resolver has the last word, it alone is asked, and nobody outside hears of the name.
    async fn answers_at_home(&self, hostname: &str) -> Answers {
        let system = &self.inner.outside.endpoints.resolvers.system;
        let system = resolver::addresses(system, hostname).await.map_err(|error| Problem::from(&error));
        Answers { authoritative: system.clone(), public: Ok(Vec::new()), system }
    }

    /// The certificate that each address shows. One that shows none is asked again at the next look.
    async fn shown(
        &self,
        hostname: &str,
        addresses: &[IpAddr],
        in_turn: bool,
    ) -> BTreeMap<IpAddr, Result<TlsAnswer, Problem>> {
        let turns = &self.inner.turns;
        let last =
            if in_turn { turns.last_shown(hostname, addresses, self.inner.outside.pace) } else { None };
        if let Some(last) = last {
            return last.into_iter().map(|(address, shown)| (address, Ok(shown))).collect();
        }
        let port = self.inner.outside.endpoints.ports.https;
        let shown = join_all(addresses.iter().map(|address| async move {
            (*address, probe::tls(hostname, *address, port).await.map_err(|error| Problem::from(&error)))
        }))
        .await;
        let all = shown.iter().map(|(address, shown)| Some((*address, shown.clone().ok()?)));
        if let Some(all) = all.collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()) {
            turns.keep_shown(hostname, all);
        }
        shown.into_iter().collect()
    }

    async fn lan_path(
        &self,
        hostname: &str,
        addresses: &[IpAddr],
        answers: impl Future<Output = Answers>,
        shown: impl Future<Output = BTreeMap<IpAddr, Result<TlsAnswer, Problem>>>,
    ) -> Result<LanPath, Problem> {
        let ports = self.inner.outside.endpoints.ports;
        let http = join_all(addresses.iter().map(|address| async move {
            let answer = probe::http(hostname, *address, ports.http).await;
            (*address, answer.map_err(|error| Problem::from(&error)))
        }));
        let (answers, http, shown) = tokio::join!(answers, http, shown);
        let answered = http.iter().filter(|(_, answer)| answer.is_ok()).count();
        self.inner.meter.asked(hostname, answered, false);
        // Where neither a name server nor a worker answers, that says something of this computer alone.
        match answers.missing().filter(|_| answered == 0) {
            Some(why) => Err(why.clone()),
            None => Ok(LanPath { answers, http: http.into_iter().collect(), tls: shown }),
        }
    }

    async fn public_path(
        &self,
        hostname: &str,
        answers: impl Future<Output = Answers>,
    ) -> Result<PublicPath, Problem> {
        let edge = self.inner.outside.endpoints.edge.as_deref();
        let (answers, http) = tokio::join!(answers, probe::public(hostname, edge));
        if http.as_ref().is_ok_and(reached_the_cluster) {
            self.inner.meter.asked(hostname, 1, true);
        }
        match answers.missing().filter(|_| http.is_err()) {
            Some(why) => Err(why.clone()),
            None => Ok(PublicPath { answers, http: http.map_err(|error| Problem::from(&error)) }),
        }
    }

    /// Each name on each address, at the port that leads to the controller beside the one that serves.
    async fn controller(
        &self,
        controller: IngressController,
        hostnames: &[String],
        addresses: &[IpAddr],
    ) -> Result<Tries, Problem> {
        let key = controller.service_key();
        let (namespace, service) = key.split_once('/').unwrap_or_default();
        let kube = self.inner.outside.kube().await?;
        let port = kube.node_port(namespace, service).await.map_err(|error| Problem::from(&error))?;
        let port = port.ok_or_else(|| {
            Problem::new(Code::ServiceMissing)
                .arg("namespace", namespace)
                .arg("service", service)
                .arg("port", 80)
        })?;
        let pairs = hostnames.iter().flat_map(|name| addresses.iter().map(move |address| (name, *address)));
        let tried = join_all(pairs.map(|(name, address)| async move {
            let answer = probe::http(name, address, port).await;
            ((name.clone(), address), answer.map_err(|error| Problem::from(&error)))
        }));
        Ok(tried.await.into_iter().collect::<BTreeMap<_, _>>())
    }
}

/// Whether the edge passed the request on: errors of its own are from 520 on, and a login is its own, too.
fn reached_the_cluster(answer: &HttpAnswer) -> bool {
    let login = answer.location.as_deref().is_some_and(|to| to.contains("/cdn-cgi/access/"));
    answer.status < 520 && !login
}

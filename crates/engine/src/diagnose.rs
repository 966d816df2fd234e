//! Looking at everything that a name depends on, from the cluster outwards, and telling what is known after each look.

use crate::Engine;
use crate::watch::standing;
use portico_domain::change::Desired;
use portico_domain::diagnosis::{Clues, Diagnosis, diagnose, ingress_key};
use portico_domain::dns::Hostname;
use portico_domain::event::Happening;
use portico_domain::exposure::{Exposure, Reach, Tls};
use portico_domain::flow::endpoints_key;
use portico_domain::observed::{Observed, Seen, Source};
use portico_domain::problem::{Code, Problem};
use portico_world::k3s;

impl Engine {
    /// Why `hostname` cannot be reached. What is known is told as an event after each look.
    ///
    /// # Errors
    /// [`Code::HostnameInvalid`], [`Code::NoCluster`], and what the store says.
    pub async fn diagnose(&self, hostname: &str) -> Result<Diagnosis, Problem> {
        let hostname = Hostname::parse(hostname)?;
        let desired = self.desired().await?;
        if desired.cluster.is_none() {
            return Err(Problem::new(Code::NoCluster));
        }
        let (mut observed, mut clues) = (Observed::default(), Clues::default());
        let exposure = desired.exposures.iter().find(|exposure| exposure.hostname == hostname);
        if let Some(exposure) = exposure {
            for part in [cluster_part, account_part] {
                let sources = part(&desired, exposure);
                observed.update(self.observe(&sources, desired.cluster.as_ref()).await);
                clues = self.clues(&observed).await?;
                self.tell_diagnosis(diagnose(&desired, &hostname, &observed, &clues, self.now()));
            }
            self.ask_pods(exposure, &observed, &mut clues).await;
            // Which addresses to try follows from the nodes.
            let path = [path_of(&desired, exposure, &observed, false)];
            let ech = async { exposure.reach == Reach::Lan && self.offers_ech(&hostname).await };
            let (seen, ech) = tokio::join!(self.observe(&path, desired.cluster.as_ref()), ech);
            observed.update(seen);
            clues.encrypted_hello = ech;
        }
        let diagnosis = diagnose(&desired, &hostname, &observed, &clues, self.now());
        self.tell_diagnosis(diagnosis.clone());
        Ok(diagnosis)
    }

    fn tell_diagnosis(&self, diagnosis: Diagnosis) {
        self.inner.events.tell(Happening::Diagnosis { diagnosis: Box::new(diagnosis) });
    }

    /// What the pods say themselves, where none of them is ready.
    async fn ask_pods(&self, exposure: &Exposure, observed: &Observed, clues: &mut Clues) {
        let endpoints = observed.endpoints.get(&endpoints_key(exposure)).and_then(Seen::value);
        if endpoints.is_none_or(|endpoints| endpoints.iter().any(|endpoint| endpoint.ready)) {
            return;
        }
        let (service, _) = exposure.service();
        clues.troubles = self.troubles(exposure.namespace(), service).await;
        clues.trouble = k3s::diagnose(&clues.troubles).map(|known| {
            let problem = Problem::new(known.code).detail(&known.line);
            known.args.iter().fold(problem, |problem, (name, value)| problem.arg(name, value))
        });
    }
}

impl Engine {
    /// What keeps the pods of `namespace` whose names begin with `prefix`, in the kubelet's words; nothing when nobody can
    /// be asked.
    pub(crate) async fn troubles(&self, namespace: &str, prefix: &str) -> Vec<String> {
        let Ok((kube, model)) = self.inner.outside.cluster().await else { return Vec::new() };
        let pods = match model.pods(namespace, prefix) {
            Some(held) => held.value,
            None => kube.pods(namespace, prefix).await.unwrap_or_default(),
        };
        kube.troubles(namespace, &pods).await.unwrap_or_default()
    }
}

/// What stands in the cluster for an exposure.
pub(crate) fn cluster_part(desired: &Desired, exposure: &Exposure) -> Vec<Source> {
    let mut sources = standing(desired, std::slice::from_ref(exposure));
    sources.extend([Source::Object(ingress_key(exposure)), Source::Clocks]);
    sources
}

/// What stands at Cloudflare for it.
pub(crate) fn account_part(desired: &Desired, exposure: &Exposure) -> Vec<Source> {
    if desired.stack.home_domain().is_some() {
        return Vec::new();
    }
    let hostname = exposure.hostname.to_string();
    let mut sources = vec![Source::Records { hostname: hostname.clone() }];
    if exposure.reach == Reach::Public {
        sources.extend(desired.stack.tunnel.clone().map(Source::Tunnel));
        sources.extend((!exposure.access.is_empty()).then_some(Source::Access { hostname }));
    }
    sources
}

/// The way that a visitor of the exposure goes; `in_turn` as one of many.
pub(crate) fn path_of(desired: &Desired, exposure: &Exposure, observed: &Observed, in_turn: bool) -> Source {
    let hostname = exposure.hostname.to_string();
    match exposure.reach {
        Reach::Public => Source::PublicPath { hostname, in_turn },
        Reach::Lan => {
            let certificate = exposure.certificate(desired.stack.issuer());
            let tls = exposure.tls == Tls::Passthrough || certificate.is_some();
            let at_home = desired.stack.home_domain().is_some();
            Source::LanPath { hostname, addresses: observed.lan_addresses(), tls, at_home, in_turn }
        }
    }
}

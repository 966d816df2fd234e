//! What lasts for a year and then does not: the certificates of the machines, this computer's own key to the cluster, and
//! the databases of several servers, of which each one is asked by itself. No login is needed to look.

use crate::Engine;
use futures::future::join_all;
use jiff::Timestamp;
use portico_domain::change::Desired;
use portico_domain::cluster::{ClusterDocument, Machine};
use portico_domain::credential::Secret;
use portico_domain::problem::{Code, Problem};
use portico_world::k3s::K3sError;
use portico_world::{kube, probe};
use std::net::IpAddr;
use tokio_util::sync::CancellationToken;

/// K3s makes new certificates when it starts, from 120 days before their end: one that is nearer to it than this was not
/// started for long.
const SOON_DAYS: i64 = 30;

impl Engine {
    pub(crate) async fn standing(&self, desired: &Desired) -> Vec<Problem> {
        let Some(document) = &desired.cluster else { return Vec::new() };
        let (databases, certificates, key) =
            tokio::join!(self.databases(document), self.certificates(document), self.own_key(document));
        databases.into_iter().chain(certificates).chain(key).collect()
    }

    /// Servers that stand and whose database does not. One that does not answer at all is told by its node.
    async fn databases(&self, document: &ClusterDocument) -> Vec<Problem> {
        if document.servers().count() < 2 {
            return Vec::new();
        }
        let asked = document.servers().filter_map(located).map(async |(machine, address)| {
            let server = self.inner.outside.kube_at(address).await.ok()?;
            let answers = server.database_answers().await.ok()?;
            (!answers).then(|| Problem::new(Code::EtcdSilent).arg("machine", &machine.name))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Machines whose kubelet shows a certificate that ends soon.
    async fn certificates(&self, document: &ClusterDocument) -> Vec<Problem> {
        let port = self.inner.outside.endpoints.ports.kubelet;
        let asked = document.machines.iter().filter_map(located).map(async |(machine, address)| {
            let shown = probe::tls(&machine.name, address, port).await.ok()?;
            let problem = Problem::new(Code::NodeCertificateEnds).arg("machine", &machine.name);
            self.ends_soon(problem, shown.not_after)
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// This computer's key to the cluster; one that ends soon is fetched anew, as K3s has had a new one since it started.
    async fn own_key(&self, document: &ClusterDocument) -> Option<Problem> {
        let outside = &self.inner.outside;
        let mut ends = key_ends(&outside.kubeconfig().await.ok()?)?;
        let problem = || Problem::new(Code::ClusterKeyEnds);
        self.ends_soon(problem(), ends)?;
        if let Some(server) = document.first_server()
            && let Ok(fetched) = self.fetched(&server.name, document).await
            && let Some(later) = key_ends(&fetched).filter(|later| *later > ends)
            && outside.set_kubeconfig(&fetched).await.is_ok()
        {
            ends = later;
        }
        self.ends_soon(problem(), ends)
    }

    async fn fetched(&self, server: &str, document: &ClusterDocument) -> Result<Secret, Problem> {
        let told = |error: &K3sError| Problem::from(error);
        self.kubeconfig_of(server, document, told, &CancellationToken::new()).await
    }

    /// `ends` is unix ms.
    fn ends_soon(&self, problem: Problem, ends: i64) -> Option<Problem> {
        self.ends_within(SOON_DAYS, Timestamp::from_millisecond(ends).ok()?, problem)
    }
}

/// Until when the key of a kubeconfig holds, unix ms.
fn key_ends(kubeconfig: &Secret) -> Option<i64> {
    let (_, ends) = probe::identity(&kube::client_certificate(kubeconfig)?)?;
    Some(ends)
}

fn located(machine: &Machine) -> Option<(&Machine, IpAddr)> {
    Some((machine, machine.ip()?))
}

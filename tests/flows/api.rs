//! Practice's Kubernetes API holds what the genuine one holds; `tests/ground/api.rs` asks the same of that.

use crate::story::Story;
use portico_tests::kube_conformance;
use std::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn practice_answers_as_kubernetes_does() {
    let story = Story::of(vec![portico_practice::homelab::foreign_k3s("attic")]).await;
    let homelab = &story.practice.homelab;
    // Its cluster is founded, and listens, a moment after the machine has power.
    let kubeconfig = portico_tests::soon(|| {
        let first = homelab.read(|state| state.clusters.first().map(|cluster| cluster.kubeconfig()));
        let kubeconfig = first.ok_or("no cluster")?;
        let at = (story.address("attic"), homelab.ports.api);
        TcpStream::connect(at).map_err(|error| error.to_string())?;
        Ok(kubeconfig)
    });
    let here = format!("https://{}:{}", story.address("attic"), homelab.ports.api);
    kube_conformance::holds(&kubeconfig.replace("https://127.0.0.1:6443", &here)).await;
}

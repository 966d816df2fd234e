//! Practice's Kubernetes API holds what the genuine one holds; `tests/ground/api.rs` asks the same of that.

use crate::story::Story;
use portico_tests::kube_conformance;

#[tokio::test(flavor = "multi_thread")]
async fn practice_answers_as_kubernetes_does() {
    let story = Story::of(vec![portico_practice::homelab::foreign_k3s("attic")]).await;
    let homelab = &story.practice.homelab;
    let kubeconfig = homelab.read(|state| state.clusters[0].kubeconfig());
    let here = format!("https://{}:{}", story.address("attic"), homelab.ports.api);
    kube_conformance::holds(&kubeconfig.replace("https://127.0.0.1:6443", &here)).await;
}

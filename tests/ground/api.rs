//! Genuine Kubernetes is asked what practice's API is asked in `tests/flows/api.rs`: where they differ, practice is wrong.
//!
//! The questions are put from inside the lab's network, by this program running itself there. Needs root, the built
//! binary and the stand-in K3s in $PORTICO_STANDIN.

use portico_tests::kube_conformance;
use portico_tests::lab::Lab;
use portico_tests::portico::{Member, Portico, standin};

/// Where the kubeconfig is, for the run inside.
const KUBECONFIG: &str = "PORTICO_TEST_KUBECONFIG";

#[test]
fn kubernetes_answers_as_practice_does() {
    let lab = Lab::up("api", 1);
    lab.mirror(&standin());
    lab.registry("v1.34.4+k3s1");
    let members = [Member { machine: "h1", role: "server", user: "op" }];
    let portico = Portico::in_lab(&lab);
    portico.connect(&members);
    portico.document("channel: stable", &members);
    portico.apply("");
    // An API that has just started remembers no changes from before: an old revision is too old for a watch.
    lab.run(
        "h1",
        "systemctl restart k3s; timeout 60 sh -c 'until k3s kubectl get --raw /readyz; do sleep 1; done'",
    );
    let kubeconfig = lab.run("h1", "cat /etc/rancher/k3s/k3s.yaml");
    let here = format!("https://{}:6443", lab.machine("h1").address);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), kubeconfig.replace("https://127.0.0.1:6443", &here)).expect("written");
    let mut inside = lab.command(std::env::current_exe().expect("this program"));
    inside.args(["--exact", "api::inside", "--ignored", "--nocapture"]).env(KUBECONFIG, file.path());
    let output = inside.output().expect("it runs");
    // A name that matches no test would pass as well.
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "the genuine API answers otherwise: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "runs inside the lab's network, started by the other tests"]
async fn inside() {
    let file = std::env::var_os(KUBECONFIG).expect("a kubeconfig");
    kube_conformance::holds(&std::fs::read_to_string(file).expect("it reads")).await;
}

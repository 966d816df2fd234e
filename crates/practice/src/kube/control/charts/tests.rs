//! Charts through helm's jobs: what they make, change and leave behind.

use crate::kube::control::bench::Bench;
use crate::kube::control::{items, name};
use crate::kube::{admission, kinds};
use serde_json::{Value, json};

const CHARTS: &str = "helmcharts.helm.cattle.io";
const CONFIGS: &str = "helmchartconfigs.helm.cattle.io";
const CLASSES: &str = "ingressclasses.networking.k8s.io";

fn serves(bench: &Bench, resource: &str) -> bool {
    kinds::served(&bench.cluster.store).iter().any(|kind| kind.resource() == resource)
}

fn balancers(bench: &Bench, service: &str) -> Vec<Value> {
    let label = "svccontroller.k3s.cattle.io/svcname";
    let pods = bench.list("pods").into_iter().filter(|pod| pod["metadata"]["labels"][label] == service);
    pods.map(|pod| pod["status"]["phase"].clone()).collect()
}

#[test]
fn definitions_come_with_the_chart_and_are_kept_as_it_says() {
    let mut bench = Bench::new();
    assert!(!serves(&bench, "certificates.cert-manager.io") && !serves(&bench, "sealedsecrets.bitnami.com"));
    bench.chart("cert-manager", "cert-manager", json!({}));
    assert!(!serves(&bench, "certificates.cert-manager.io"), "crds.enabled is false unless it is said");
    bench.chart("cert-manager", "cert-manager", json!({"crds": {"enabled": true}}));
    for resource in
        ["certificates.cert-manager.io", "clusterissuers.cert-manager.io", "orders.acme.cert-manager.io"]
    {
        assert!(serves(&bench, resource), "{resource}");
    }
    for deployment in ["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"] {
        assert!(bench.is("deployments.apps", "cert-manager", deployment, "Available"), "{deployment}");
    }
    bench.put("certificates.cert-manager.io", "default", json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "mine"}, "spec": {"issuerRef": {"name": "none"}}}));
    bench.remove(CHARTS, "kube-system", "cert-manager");
    assert!(
        bench.get(CHARTS, "kube-system", "cert-manager").is_none(),
        "its finalizer went with the delete job"
    );
    assert!(bench.get("deployments.apps", "cert-manager", "cert-manager").is_none());
    assert!(
        bench.get("certificates.cert-manager.io", "default", "mine").is_some(),
        "helm.sh/resource-policy: keep"
    );
    bench.remove(kinds::DEFINITIONS, "", "certificates.cert-manager.io");
    assert!(bench.list("certificates.cert-manager.io").is_empty(), "objects go with their definition");

    let mut bench = Bench::new();
    bench.chart("cert-manager", "cert-manager", json!({"crds": {"enabled": true, "keep": false}}));
    bench.remove(CHARTS, "kube-system", "cert-manager");
    assert!(!serves(&bench, "certificates.cert-manager.io"));
}

#[test]
fn traefik_comes_with_the_server_and_obeys_its_config() {
    let mut bench = Bench::with("");
    let service = bench.the("services", "kube-system", "traefik");
    assert_eq!(service["spec"]["type"], "LoadBalancer");
    assert_eq!(service["metadata"]["labels"]["app.kubernetes.io/managed-by"], "Helm");
    let class = bench.the(CLASSES, "", "traefik");
    assert_eq!(class["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"], "true");
    assert!(serves(&bench, "middlewares.traefik.io"));
    let values = json!({"providers": {"kubernetesIngressNGINX": {"enabled": true}, "kubernetesIngress": {"enabled": false}}, "service": {"type": "NodePort"}});
    let config = json!({"apiVersion": "helm.cattle.io/v1", "kind": "HelmChartConfig", "metadata": {"name": "traefik"}, "spec": {"valuesContent": values.to_string()}});
    bench.put(CONFIGS, "kube-system", config);
    let service = bench.the("services", "kube-system", "traefik");
    assert_eq!((&service["spec"]["type"], items(&service["spec"]["ports"]).len()), (&json!("NodePort"), 2));
    assert!(service["spec"]["ports"][0]["nodePort"].is_u64() && balancers(&bench, "traefik").is_empty());
    let deployment = bench.the("deployments.apps", "kube-system", "traefik");
    let arguments = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    assert!(
        items(arguments).contains(&json!("--providers.kubernetesingressnginx"))
            && !items(arguments).contains(&json!("--providers.kubernetesingress"))
    );
    let releases: Vec<_> = bench
        .list("secrets")
        .iter()
        .filter(|secret| secret["metadata"]["labels"]["name"] == "traefik")
        .map(|secret| secret["metadata"]["labels"]["status"].clone())
        .collect();
    assert_eq!(releases, [json!("superseded"), json!("deployed")]);

    // A server that starts again with `disable` takes the add-on away.
    let settings = crate::kube::Settings::parse("disable: [traefik]\n").expect("it reads");
    bench.cluster.remember("pi-1", &settings, "v1.34.4+k3s1");
    bench.homelab.change(|state| state.machines[0].k3s.as_mut().expect("K3s").generation += 1);
    bench.settle();
    assert!(bench.get("deployments.apps", "kube-system", "traefik").is_none());
    assert!(bench.get(CONFIGS, "kube-system", "traefik").is_some(), "what a client applied is not K3s'");
}

#[test]
fn two_balancers_on_the_same_ports_leave_the_later_one_pending() {
    let mut bench = Bench::with("");
    bench.chart(
        "ingress-nginx",
        "ingress-nginx",
        json!({"controller": {"extraArgs": {"enable-ssl-passthrough": ""}}}),
    );
    assert_eq!(balancers(&bench, "traefik"), ["Running"]);
    assert_eq!(balancers(&bench, "ingress-nginx-controller"), ["Pending"]);
    let nginx = bench.the("services", "ingress-nginx", "ingress-nginx-controller");
    assert_eq!(nginx["status"]["loadBalancer"], json!({}));
    bench.remove(CHARTS, "kube-system", "traefik");
    assert_eq!(balancers(&bench, "ingress-nginx-controller"), ["Running"]);
    let deployment = bench.the("deployments.apps", "ingress-nginx", "ingress-nginx-controller");
    assert_eq!(
        deployment["spec"]["template"]["spec"]["containers"][0]["args"],
        json!(["--enable-ssl-passthrough", "--enable-metrics=false"])
    );
}

#[test]
fn the_catalogue_has_its_services() {
    let mut bench = Bench::new();
    bench.chart("kube-prometheus-stack", "monitoring", json!({}));
    bench.chart("argo-cd", "argocd", json!({}));
    let ports = |namespace: &str, service: &str| {
        let service = bench.the("services", namespace, service);
        items(&service["spec"]["ports"])
            .iter()
            .map(|port| (port["name"].clone(), port["port"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ports("monitoring", "kube-prometheus-stack-grafana"), [(json!("http-web"), json!(80))]);
    assert_eq!(ports("argocd", "argocd-server"), [(json!("http"), json!(80)), (json!("https"), json!(443))]);
    assert!(bench.is("deployments.apps", "argocd", "argocd-server", "Available"));
}

#[test]
fn what_helm_cannot_do_is_said_and_what_a_webhook_guards_waits_for_it() {
    let mut bench = Bench::new();
    bench.chart("unheard-of", "x", json!({}));
    assert!(bench.is(CHARTS, "kube-system", "unheard-of", "Failed"));
    bench.chart("cert-manager", "cert-manager", json!({"crds": {"enabled": true}}));
    let store = &bench.cluster.store;
    let kind = kinds::find(store, "cert-manager.io", "v1", "clusterissuers").expect("it is served");
    assert!(admission::admit(store, &kind, "CREATE").is_ok());
    let webhook = bench
        .list("pods")
        .into_iter()
        .find(|pod| name(pod).starts_with("cert-manager-webhook"))
        .expect("a pod");
    store.remove(&crate::kube::Key::namespaced("pods", "cert-manager", name(&webhook)));
    bench.homelab.change(|state| state.unpullable.insert("jetstack/cert-manager-webhook:v1.21.1".to_owned()));
    bench.settle();
    let refusal = admission::admit(&bench.cluster.store, &kind, "CREATE").expect_err("nobody answers");
    assert_eq!(refusal.code, 500);
    assert!(
        refusal.message.ends_with("no endpoints available for service \"cert-manager-webhook\""),
        "{}",
        refusal.message
    );
}

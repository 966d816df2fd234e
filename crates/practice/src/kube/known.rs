//! The fields of the built-in kinds that a client here writes, as a table: a field, or a field and the type in it.
//!
//! Fields without a type hold whatever they hold. Kinds that are not in the table take any field; the real server knows all.

use super::schema::{is_common, strip};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = "
Meta: name namespace labels annotations uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds finalizers generateName managedFields ownerReferences:Owner selfLink
Owner: apiVersion kind name uid controller blockOwnerDeletion
Namespace: spec:NamespaceSpec status
NamespaceSpec: finalizers
ConfigMap: data binaryData immutable
PersistentVolumeClaim: spec:ClaimSpec status
ClaimSpec: accessModes dataSource dataSourceRef resources selector storageClassName volumeAttributesClassName volumeMode volumeName
Secret: data stringData type immutable
ServiceAccount: automountServiceAccountToken imagePullSecrets secrets
Service: spec:ServiceSpec status
ServiceSpec: allocateLoadBalancerNodePorts clusterIP clusterIPs externalIPs externalName externalTrafficPolicy healthCheckNodePort internalTrafficPolicy ipFamilies ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges ports:ServicePort publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig trafficDistribution type
ServicePort: appProtocol name nodePort port protocol targetPort
Ingress: spec:IngressSpec status
IngressSpec: defaultBackend:Backend ingressClassName rules:IngressRule tls:IngressTls
IngressRule: host http:IngressHttp
IngressHttp: paths:IngressPath
IngressPath: backend:Backend path pathType
Backend: resource service:BackendService
BackendService: name port:BackendPort
BackendPort: name number
IngressTls: hosts secretName
IngressClass: spec:ClassSpec
ClassSpec: controller parameters
Deployment: spec:DeploymentSpec status
DeploymentSpec: minReadySeconds paused progressDeadlineSeconds replicas revisionHistoryLimit selector:LabelSelector strategy template:PodTemplate
DaemonSet: spec:DaemonSetSpec status
DaemonSetSpec: minReadySeconds revisionHistoryLimit selector:LabelSelector template:PodTemplate updateStrategy
LabelSelector: matchExpressions matchLabels
PodTemplate: metadata:Meta spec:PodSpec
Pod: spec:PodSpec status
PodSpec: activeDeadlineSeconds affinity automountServiceAccountToken containers:Container dnsConfig dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets initContainers:Container nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes
Container: args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports:ContainerPort readinessProbe resizePolicy resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir
ContainerPort: containerPort hostIP hostPort name protocol
";

type Types = HashMap<&'static str, HashMap<&'static str, &'static str>>;

static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let lines = TABLE.lines().filter_map(|line| line.split_once(": "));
    let field = |field: &'static str| field.split_once(':').unwrap_or((field, ""));
    lines.map(|(name, fields)| (name, fields.split(' ').map(field).collect())).collect()
});

/// The fields of an object of this kind that no such kind has.
pub fn unknown(kind: &str, object: &mut Value, prune: bool, found: &mut Vec<String>) {
    let (Some(fields), Some(map)) = (TYPES.get(kind), object.as_object_mut()) else { return };
    strip(map, "", prune, |name| is_common(name) || fields.contains_key(name), found);
    for (name, inner) in map {
        let name = name.as_str();
        let below = if name == "metadata" { "Meta" } else { fields.get(name).copied().unwrap_or_default() };
        walk(below, inner, name, prune, found);
    }
}

fn walk(of: &str, value: &mut Value, at: &str, prune: bool, found: &mut Vec<String>) {
    let Some(fields) = TYPES.get(of) else { return };
    match value {
        Value::Object(map) => {
            strip(map, at, prune, |name| fields.contains_key(name), found);
            for (name, inner) in map {
                let below = fields.get(name.as_str()).copied().unwrap_or_default();
                walk(below, inner, &format!("{at}.{name}"), prune, found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter_mut().enumerate() {
                walk(of, inner, &format!("{at}[{index}]"), prune, found);
            }
        }
        _ => {}
    }
}

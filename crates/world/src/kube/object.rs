//! Any object by its key: read it, and server-side apply what is ours.

use super::{FIELD_MANAGER, Kube, KubeError};
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use portico_domain::observed::{EndpointState, ObjectKey};
use serde_json::Value;

impl Kube {
    /// The object, or `None` where there is none (a kind that is not known included).
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, KubeError> {
        match self.api(key).get_opt(&key.name).await {
            Ok(found) => Ok(found.and_then(|object| serde_json::to_value(object).ok())),
            Err(error) => Err(KubeError::from_api(&key.name, error)),
        }
    }

    /// Server-side apply without force: a field that somebody else manages is a conflict, not a prize.
    pub async fn apply(&self, key: &ObjectKey, manifest: &Value) -> Result<(), KubeError> {
        let params = PatchParams::apply(FIELD_MANAGER);
        self.api(key)
            .patch(&key.name, &params, &Patch::Apply(manifest))
            .await
            .map(drop)
            .map_err(|error| KubeError::from_api(&format!("{} {}", key.kind, key.name), error))
    }

    /// The pods behind a Service, from its EndpointSlices.
    pub async fn endpoints(&self, namespace: &str, service: &str) -> Result<Vec<EndpointState>, KubeError> {
        use k8s_openapi::api::discovery::v1::EndpointSlice;
        let api: Api<EndpointSlice> = Api::namespaced(self.client.clone(), namespace);
        let selector = format!("kubernetes.io/service-name={service}");
        let slices = api
            .list(&kube::api::ListParams::default().labels(&selector))
            .await
            .map_err(|error| KubeError::from_api(service, error))?;
        let endpoints = slices.items.into_iter().flat_map(|slice| slice.endpoints.unwrap_or_default());
        Ok(endpoints
            .map(|endpoint| EndpointState {
                node: endpoint.node_name,
                ready: endpoint.conditions.and_then(|conditions| conditions.ready).unwrap_or(true),
            })
            .collect())
    }

    /// Services that have TCP ports: namespace, name, ports.
    pub async fn services(&self) -> Result<Vec<(String, String, Vec<u16>)>, KubeError> {
        use k8s_openapi::api::core::v1::Service;
        let api: Api<Service> = Api::all(self.client.clone());
        let found = api
            .list(&kube::api::ListParams::default())
            .await
            .map_err(|error| KubeError::from_api("services", error))?;
        let services = found.items.into_iter().map(|service| {
            let ports = service.spec.and_then(|spec| spec.ports).unwrap_or_default();
            let tcp = ports.iter().filter(|port| port.protocol.as_deref().unwrap_or("TCP") == "TCP");
            let ports = tcp.filter_map(|port| u16::try_from(port.port).ok()).collect::<Vec<_>>();
            let metadata = service.metadata;
            (metadata.namespace.unwrap_or_default(), metadata.name.unwrap_or_default(), ports)
        });
        Ok(services.filter(|(_, _, ports)| !ports.is_empty()).collect())
    }

    fn api(&self, key: &ObjectKey) -> Api<DynamicObject> {
        let (group, version) = key.api_version.split_once('/').unwrap_or(("", &key.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &key.kind));
        if key.namespace.is_empty() {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), &key.namespace, &resource)
        }
    }
}

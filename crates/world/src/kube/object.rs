//! Any object by its key: read it, server-side apply what is ours, remove it.

use super::model::ServicePorts;
use super::model::wire::{self, Kind, Page};
use super::{FIELD_MANAGER, Kube, KubeError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions};
use kube::core::{ApiResource, GroupVersionKind, Request};
use kube::{Api, Error};
use portico_domain::digest::sha256;
use portico_domain::observed::{EndpointState, IngressHost, ObjectKey};
use serde_json::Value;

impl Kube {
    /// The object, or `None` where there is none (a kind that is not known included). Of a Secret the values are
    /// replaced by their digests, so that what was seen can be kept and compared.
    pub async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, KubeError> {
        match self.api(key).get_opt(&key.name).await {
            Ok(found) => Ok(found.map(shown)),
            Err(error) => Err(KubeError::from_api(&key.name, error)),
        }
    }

    /// Server-side apply: the object as it is after it, as [`Kube::get`] would show it. Without `force`, a field that
    /// somebody else manages is a conflict, not a prize.
    pub async fn apply(&self, key: &ObjectKey, manifest: &Value, force: bool) -> Result<Value, KubeError> {
        let params = PatchParams { force, ..PatchParams::apply(FIELD_MANAGER) };
        self.api(key)
            .patch(&key.name, &params, &Patch::Apply(manifest))
            .await
            .map(shown)
            .map_err(|error| KubeError::from_api(&key.title(), error))
    }

    /// Removes the object of exactly this uid; what depends on it goes in the background. One that is gone already is
    /// what was wanted.
    pub async fn delete(&self, key: &ObjectKey, uid: &str) -> Result<(), KubeError> {
        let preconditions = Preconditions { uid: Some(uid.to_owned()), resource_version: None };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        match self.api(key).delete(&key.name, &params).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(KubeError::from_api(&key.title(), error)),
            Ok(_) => Ok(()),
        }
    }

    /// Every hostname that an Ingress names; those that are no valid hostnames (wildcards) are left out.
    pub async fn ingress_hosts(&self) -> Result<Vec<IngressHost>, KubeError> {
        let found: Vec<wire::Ingress> = self.list(wire::Ingress::PATH, &ListParams::default()).await?;
        Ok(found.into_iter().flat_map(wire::Ingress::told).collect())
    }

    /// The port on every node that leads to the Service's port 80, where it has one.
    pub async fn node_port(&self, namespace: &str, service: &str) -> Result<Option<u16>, KubeError> {
        use k8s_openapi::api::core::v1::Service;
        let api: Api<Service> = Api::namespaced(self.client.clone(), namespace);
        let found = api.get_opt(service).await.map_err(|error| KubeError::from_api(service, error))?;
        let ports = found.and_then(|service| service.spec).and_then(|spec| spec.ports).unwrap_or_default();
        let port = ports.into_iter().find(|port| port.port == 80).and_then(|port| port.node_port);
        Ok(port.and_then(|port| u16::try_from(port).ok()))
    }

    /// The pods behind a Service, from its EndpointSlices.
    pub async fn endpoints(&self, namespace: &str, service: &str) -> Result<Vec<EndpointState>, KubeError> {
        let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices");
        let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={service}"));
        let slices: Vec<wire::Slice> = self.list(&path, &of_service).await?;
        Ok(slices.into_iter().flat_map(wire::Slice::told).collect())
    }

    /// Services that have TCP ports.
    pub async fn services(&self) -> Result<Vec<ServicePorts>, KubeError> {
        let found: Vec<wire::Service> = self.list("/api/v1/services", &ListParams::default()).await?;
        let services = found.into_iter().map(wire::Service::told);
        Ok(services.filter(|(_, _, ports)| !ports.is_empty()).collect())
    }

    /// Of each object of a list only what `K` reads.
    pub(super) async fn list<K: Kind>(&self, path: &str, which: &ListParams) -> Result<Vec<K>, KubeError> {
        let failed = |error| KubeError::from_api(path.rsplit('/').next().unwrap_or(path), error);
        let request = Request::new(path).list(which).map_err(|error| failed(Error::BuildRequest(error)))?;
        let page: Page<K> = self.client.request(request).await.map_err(failed)?;
        Ok(page.items)
    }

    pub(super) fn api(&self, key: &ObjectKey) -> Api<DynamicObject> {
        let (group, version) = key.api_version.split_once('/').unwrap_or(("", &key.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &key.kind));
        if key.namespace.is_empty() {
            Api::all_with(self.client.clone(), &resource)
        } else {
            Api::namespaced_with(self.client.clone(), &key.namespace, &resource)
        }
    }
}

fn shown(object: DynamicObject) -> Value {
    without_secrets(serde_json::to_value(object).unwrap_or_default())
}

pub(super) fn without_secrets(mut object: Value) -> Value {
    if object["kind"] == "Secret"
        && let Some(data) = object["data"].as_object_mut()
    {
        for value in data.values_mut() {
            let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
            *value = Value::String(format!("sha256:{}", sha256(&bytes)));
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secrets_values_are_known_by_their_digests_alone() {
        let secret =
            json!({"kind": "Secret", "metadata": {"name": "x"}, "data": {"token": STANDARD.encode("hush")}});
        let seen = without_secrets(secret);
        assert_eq!(seen["data"]["token"], format!("sha256:{}", sha256(b"hush")));
        let map = json!({"kind": "ConfigMap", "data": {"a": "b"}});
        assert_eq!(without_secrets(map.clone()), map);
    }
}

//! Settings of a zone that are worth a look before a name is published.
//!
//! Only to be read: whoever owns the account in a test changes them through [`Cloud::change_zone`]. ECH has no
//! documented call and is the name servers' matter.

use super::Cloud;
use super::auth::{Caller, Permission};
use super::envelope::{self, Answer};
use super::records::MAY_READ;
use axum::extract::{Extension, Path, State};
use serde_json::json;

pub(super) async fn universal_ssl(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(zone): Path<String>,
) -> Answer {
    let state = cloud.state();
    let zone = state.zone(&caller, &zone)?;
    caller.need(&[Permission::SslRead])?;
    envelope::ok(json!({"enabled": state.holds.zones[zone].universal_ssl}))
}

/// As on every free zone. Which permission it needs is not documented; it is taken to be that of the records.
pub(super) async fn dns(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(zone): Path<String>,
) -> Answer {
    let state = cloud.state();
    let zone = &state.holds.zones[state.zone(&caller, &zone)?];
    caller.need(MAY_READ)?;
    envelope::ok(json!({
        "flatten_all_cnames": false,
        "foundation_dns": false,
        "internal_dns": {"reference_zone_id": null},
        "multi_provider": false,
        "nameservers": {"type": "cloudflare.standard"},
        "ns_ttl": 86_400,
        "secondary_overrides": false,
        "soa": {"expire": 604_800, "min_ttl": 1_800, "mname": zone.name_servers.first(), "refresh": 10_000,
                "retry": 2_400, "rname": "dns.cloudflare.com", "ttl": 3_600},
        "zone_mode": "standard",
    }))
}

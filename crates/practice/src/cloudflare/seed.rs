//! What is in the account when practice starts: two zones with the user's own records, a tunnel, and tokens.
//!
//! The records and the tunnel stand for what a person made by hand over the years. Nothing that Portico does may
//! change them. The tunnel runs on a machine elsewhere that no homelab has, so that its origins never answer here.
//! The tokens are made-up text in the shape of real ones, one for each way in which a token can fall short.

use super::access::Access;
use super::auth::{Permission, Scope, Token, TokenKind, TokenStatus};
use super::records::{Kind, Record};
use super::tunnels::{Source, Tunnel};
use super::zones::Zone;
use super::{Holdings, State};
use base64::Engine;
use serde_json::json;

pub const ACCOUNT_ID: &str = "9a7c0ffee0000000000000000000a001";
pub(super) const ACCOUNT_NAME: &str = "Practice";

/// Everything that Portico needs: zones, DNS, tunnels, Access, certificates.
pub const PORTICO_TOKEN: &str = "cfut_practicePorticoAllThatItNeeds0000000000000001";
/// The same, owned by the account instead of a person.
pub const ACCOUNT_TOKEN: &str = "cfat_practiceAccountOwnedAllThatItNeeds00000000002";
/// The person at the dashboard, who may do everything.
pub const BY_HAND_TOKEN: &str = "cfut_practicePersonAtTheDashboard000000000000000003";
/// Zones and DNS, reading only.
pub const READ_ONLY_TOKEN: &str = "cfut_practiceReadOnlyZonesAndRecords00000000000004";
/// Zones only, no DNS at all.
pub const ZONE_READ_TOKEN: &str = "cfut_practiceZoneReadAndNothingElse000000000000005";
/// DNS edit without the permission to list zones.
pub const DNS_ONLY_TOKEN: &str = "cfut_practiceDnsEditWithoutZoneRead00000000000006";
/// Everything, but for `example.net` alone.
pub const ONE_ZONE_TOKEN: &str = "cfut_practiceEverythingForExampleNetOnly0000000007";
pub const DISABLED_TOKEN: &str = "cfut_practiceDisabled00000000000000000000000000008";
pub const EXPIRED_TOKEN: &str = "cfut_practiceExpired000000000000000000000000000009";
/// What cert-manager in the cluster shall have: zones to be listed, DNS to be edited, nothing else.
pub const CLUSTER_TOKEN: &str = "cfut_practiceClusterZoneReadAndDnsEdit0000000000010";

/// What Portico asks for.
pub const ENOUGH: &[Permission] = &[
    Permission::ZoneRead,
    Permission::DnsWrite,
    Permission::SslRead,
    Permission::TunnelWrite,
    Permission::AccessAppsWrite,
    Permission::AccessOrganizationsWrite,
];

/// type, name, content, proxied, TTL, comment, priority
type Row<'a> = (Kind, &'a str, &'a str, bool, u32, Option<&'a str>, Option<u16>);

const TEST_RECORDS: &[Row<'_>] = &[
    (Kind::A, "example.test", "203.0.113.10", true, 1, Some("website, do not touch"), None),
    (Kind::Cname, "www.example.test", "example.test", true, 1, None, None),
    (Kind::A, "mail.example.test", "203.0.113.25", false, 3600, None, None),
    (Kind::Mx, "example.test", "mail.example.test", false, 3600, None, Some(10)),
    (Kind::Txt, "example.test", "\"v=spf1 mx -all\"", false, 1, None, None),
    (Kind::A, "nas.example.test", "192.168.1.50", false, 300, Some("the box in the cupboard"), None),
];

const NET_RECORDS: &[Row<'_>] = &[
    (Kind::A, "example.net", "203.0.113.20", true, 1, None, None),
    (Kind::Cname, "blog.example.net", "hosting.example.org", false, 300, None, None),
];

const TUNNEL: &str = "office";
const TUNNEL_ROUTES: [(&str, &str); 2] =
    [("crm.example.test", "http://10.20.0.5:8080"), ("files.example.test", "https://10.20.0.6:8443")];

/// The account as of `now` (unix milliseconds).
pub(super) fn state(now: i64) -> State {
    let mut state = State::new(Holdings::default(), Vec::new(), 0);
    let created_at = now - 400 * 86_400_000;
    for (name, rows) in [("example.test", TEST_RECORDS), ("example.net", NET_RECORDS)] {
        let id = state.issue_id();
        let records = rows.iter().map(|row| record(&mut state, row, created_at)).collect();
        let name_servers = vec!["ada.ns.cloudflare.com".to_owned(), "bob.ns.cloudflare.com".to_owned()];
        state.holds.zones.push(Zone {
            id,
            name: name.to_owned(),
            status: "active".to_owned(),
            name_servers,
            universal_ssl: true,
            ech: true,
            created_at,
            records,
        });
    }
    state.tokens = tokens(&mut state);
    tunnel(&mut state, created_at);
    state.holds.access = Access::seed(&mut state, created_at);
    state
}

/// A tunnel that runs, its two routes, and the records that lead into it.
fn tunnel(state: &mut State, created_at: i64) {
    let secret = base64::engine::general_purpose::STANDARD.encode(state.issue_bytes());
    let mut tunnel = Tunnel::new(state.issue_uuid(), TUNNEL, secret, Source::Cloudflare, created_at);
    let mut rules: Vec<_> = TUNNEL_ROUTES
        .iter()
        .map(|(hostname, service)| json!({"hostname": hostname, "service": service, "originRequest": {}}))
        .collect();
    rules.push(json!({"service": "http_status:404"}));
    tunnel.configuration = tunnel.configuration.next(json!({"ingress": rules}), created_at);
    let client = state.issue_uuid();
    let connector = state.connector(&client, created_at);
    tunnel.connect(connector, created_at);
    let target = format!("{}.cfargotunnel.com", tunnel.id);
    for (name, _) in TUNNEL_ROUTES {
        let record = record(state, &(Kind::Cname, name, &target, true, 1, None, None), created_at);
        state.holds.zones[0].records.push(record);
    }
    state.holds.tunnels.push(tunnel);
}

fn record(state: &mut State, row: &Row<'_>, created_at: i64) -> Record {
    let &(kind, name, content, proxied, ttl, comment, priority) = row;
    Record {
        id: state.issue_id(),
        name: name.to_owned(),
        kind,
        content: content.to_owned(),
        proxied,
        ttl,
        comment: comment.map(str::to_owned),
        priority,
        settings: serde_json::Map::new(),
        created_at,
        modified_at: created_at,
        comment_modified_at: comment.map(|_| created_at),
    }
}

fn tokens(state: &mut State) -> Vec<Token> {
    let all = Scope::AllZones;
    let net = Scope::Zones(vec!["example.net".to_owned()]);
    let mut everything = ENOUGH.to_vec();
    everything.push(Permission::AccountSettingsRead);
    let cluster = vec![Permission::ZoneRead, Permission::DnsWrite];
    let read_only = vec![Permission::ZoneRead, Permission::DnsRead];
    [
        ("portico", PORTICO_TOKEN, TokenKind::User, TokenStatus::Active, ENOUGH.to_vec(), &all),
        ("portico (account)", ACCOUNT_TOKEN, TokenKind::Account, TokenStatus::Active, ENOUGH.to_vec(), &all),
        ("by hand", BY_HAND_TOKEN, TokenKind::User, TokenStatus::Active, everything, &all),
        ("read only", READ_ONLY_TOKEN, TokenKind::User, TokenStatus::Active, read_only, &all),
        (
            "zone read",
            ZONE_READ_TOKEN,
            TokenKind::User,
            TokenStatus::Active,
            vec![Permission::ZoneRead],
            &all,
        ),
        ("dns only", DNS_ONLY_TOKEN, TokenKind::User, TokenStatus::Active, vec![Permission::DnsWrite], &all),
        ("one zone", ONE_ZONE_TOKEN, TokenKind::User, TokenStatus::Active, ENOUGH.to_vec(), &net),
        ("disabled", DISABLED_TOKEN, TokenKind::User, TokenStatus::Disabled, ENOUGH.to_vec(), &all),
        ("expired", EXPIRED_TOKEN, TokenKind::User, TokenStatus::Expired, ENOUGH.to_vec(), &all),
        ("cluster", CLUSTER_TOKEN, TokenKind::User, TokenStatus::Active, cluster, &all),
    ]
    .into_iter()
    .map(|(name, secret, kind, status, permissions, scope)| Token {
        id: state.issue_id(),
        name: name.to_owned(),
        secret: secret.to_owned(),
        kind,
        status,
        permissions,
        scope: scope.clone(),
    })
    .collect()
}

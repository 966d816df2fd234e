//! Reusable policies: what a visitor has to prove. They live on their own and are named by applications.
//!
//! Rules are kept and shown, and only their shape is checked. None is ever evaluated, but for the one that lets
//! everyone pass.

use super::super::Holdings;
use super::super::audit::Thing;
use super::super::auth::Permission;
use super::super::envelope::Refusal;
use super::shelf::{Fields, Item, Kind};
use super::{Access, conflict, invalid};
use serde_json::{Value, json};

pub(super) const MAY_READ: &[Permission] = &[Permission::AccessAppsRead, Permission::AccessAppsWrite];
pub(super) const MAY_WRITE: &[Permission] = &[Permission::AccessAppsWrite];

const DECISIONS: [&str; 4] = ["allow", "deny", "non_identity", "bypass"];

/// The kinds of rule that a homelab needs, with the field that each must have.
const RULES: [(&str, Option<&str>); 11] = [
    ("email", Some("email")),
    ("email_domain", Some("domain")),
    ("email_list", Some("id")),
    ("everyone", None),
    ("group", Some("id")),
    ("ip", Some("ip")),
    ("ip_list", Some("id")),
    ("login_method", Some("id")),
    ("geo", Some("country_code")),
    ("service_token", Some("token_id")),
    ("any_valid_service_token", None),
];

pub(super) struct Policy;

impl Kind for Policy {
    const THING: Thing = Thing::AccessPolicy;
    const MAY_READ: &[Permission] = MAY_READ;
    const MAY_WRITE: &[Permission] = MAY_WRITE;

    fn shelf(access: &mut Access) -> &mut Vec<Item> {
        &mut access.policies
    }

    fn items(access: &Access) -> &[Item] {
        &access.policies
    }

    /// That each of these is checked is known, the words are not documented.
    fn checked(_: &Holdings, _: &str, body: &Fields) -> Result<Fields, Refusal> {
        let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
        if text("name").is_empty() {
            return Err(invalid("policy name is missing or invalid"));
        }
        if !DECISIONS.contains(&text("decision")) {
            return Err(invalid("policy decision is missing or invalid"));
        }
        let mut fields = Fields::new();
        for field in ["include", "exclude", "require"] {
            let rules = body.get(field).cloned().unwrap_or_else(|| json!([]));
            let valid = rules.as_array().is_some_and(|rules| rules.iter().all(is_rule));
            if !valid || (field == "include" && rules == json!([])) {
                return Err(invalid(&format!("policy {field} is missing or invalid")));
            }
            fields.insert(field.to_owned(), rules);
        }
        for field in ["name", "decision"] {
            fields.insert(field.to_owned(), text(field).into());
        }
        let session = body.get("session_duration").cloned().unwrap_or_else(|| "24h".into());
        fields.insert("session_duration".to_owned(), session);
        fields.insert("reusable".to_owned(), true.into());
        Ok(fields)
    }

    fn shown(access: &Access, item: &Item) -> Value {
        let mut shown = item.shown();
        shown["app_count"] = uses(access, &item.id).into();
        shown
    }

    /// The rule is from field reports; code and text are not documented.
    fn removable(access: &Access, item: &Item) -> Result<(), Refusal> {
        if uses(access, &item.id) > 0 {
            return Err(conflict("policy is used by an application"));
        }
        Ok(())
    }
}

fn uses(access: &Access, id: &str) -> usize {
    access.apps.iter().filter(|app| app.list("policies").iter().any(|policy| policy["id"] == id)).count()
}

fn is_rule(rule: &Value) -> bool {
    let Some((kind, detail)) =
        rule.as_object().filter(|rule| rule.len() == 1).and_then(|rule| rule.iter().next())
    else {
        return false;
    };
    RULES.iter().any(|(known, field)| {
        known == kind && detail.is_object() && field.is_none_or(|field| detail[field].is_string())
    })
}

/// Whether the policy lets everyone through without a login.
pub(super) fn is_open(policy: &Item) -> bool {
    policy.text("decision") == "bypass"
        && policy.list("include").iter().any(|rule| rule.get("everyone").is_some())
}

//! Which records may be made, and which may stand side by side.
//!
//! Pure functions over a draft and the records of a zone; storing them is `transaction`'s. The codes are those of
//! the API since 2024-10-01, when the root cause became the first error instead of a nested one.

use super::envelope::Refusal;
use super::records::{Draft, Kind, Record};
use super::{content, limits, names};

/// The record that `draft` describes in `zone`. `base` is what a partial edit starts from; without it,
/// everything that the draft leaves out takes its default, and name, type and content are required.
pub(super) fn complete(draft: &Draft, base: Option<&Record>, zone: &str) -> Result<Record, Refusal> {
    let kind = kind(draft, base)?;
    let name = match (&draft.name, base) {
        (Some(name), _) => names::absolute(name, zone)?,
        (None, Some(base)) => base.name.clone(),
        (None, None) => return Err(Refusal::bad(9000, "DNS name is invalid.")),
    };
    let content = match (&draft.content, base) {
        (Some(content), _) => content::stored(kind, content, &name)?,
        (None, Some(base)) => base.content.clone(),
        (None, None) => content::stored(kind, "", &name)?,
    };
    let proxied = draft.proxied.or(base.map(|base| base.proxied)).unwrap_or(false);
    if proxied {
        may_proxy(kind, &content)?;
    }
    let ttl = draft.ttl.or(base.map(|base| base.ttl)).unwrap_or(1);
    if ttl != 1 && !(60..=86_400).contains(&ttl) {
        return Err(Refusal::bad(
            9021,
            "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.",
        ));
    }
    let comment = match (&draft.comment, base) {
        (Some(comment), _) => comment.clone().filter(|comment| !comment.is_empty()),
        (None, base) => base.and_then(|base| base.comment.clone()),
    };
    check_comment(comment.as_deref())?;
    check_tags(draft.tags.as_deref().unwrap_or_default())?;
    let priority = draft.priority.or(base.and_then(|base| base.priority));
    if kind == Kind::Mx && priority.is_none() {
        return Err(Refusal::bad(9009, "Content for MX record is invalid."));
    }
    Ok(Record {
        id: base.map(|base| base.id.clone()).unwrap_or_default(),
        name,
        kind,
        content,
        proxied,
        // The proxy decides how long its answers live; whatever was asked for is dropped.
        ttl: if proxied { 1 } else { ttl },
        comment,
        priority: (kind == Kind::Mx).then_some(priority).flatten(),
        settings: draft.settings.clone().or(base.map(|base| base.settings.clone())).unwrap_or_default(),
        created_at: base.map_or(0, |base| base.created_at),
        modified_at: base.map_or(0, |base| base.modified_at),
        comment_modified_at: base.and_then(|base| base.comment_modified_at),
    })
}

/// Since 2026-06-30 the type of a record is fixed; the text of the refusal is not documented.
pub(super) fn same_kind(record: &Record, old: &Record) -> Result<(), Refusal> {
    if record.kind == old.kind {
        return Ok(());
    }
    Err(Refusal::bad(9000, "DNS record type cannot be changed."))
}

fn kind(draft: &Draft, base: Option<&Record>) -> Result<Kind, Refusal> {
    match (&draft.kind, base) {
        (None, Some(base)) => Ok(base.kind),
        // The code for an unknown type is not documented. Practice knows the types that a homelab needs.
        (given, _) => given
            .as_deref()
            .and_then(Kind::parse)
            .ok_or_else(|| Refusal::bad(9002, "Invalid or unsupported DNS record type.")),
    }
}

fn may_proxy(kind: Kind, content: &str) -> Result<(), Refusal> {
    if content::proxiable(kind, content) {
        return Ok(());
    }
    Err(match kind {
        Kind::A | Kind::Aaaa => {
            Refusal::bad(9003, format!("Target {content} is not allowed for a proxied record."))
        }
        _ => Refusal::bad(9004, "This record type cannot be proxied."),
    })
}

fn check_comment(comment: Option<&str>) -> Result<(), Refusal> {
    let Some(comment) = comment else { return Ok(()) };
    if comment.chars().count() > limits::COMMENT {
        let message =
            format!("DNS record comment exceeds the maximum length of {} characters.", limits::COMMENT);
        return Err(Refusal::bad(9313, message));
    }
    if comment.contains(['\n', '\r']) {
        // The code is not documented; the rule is.
        return Err(Refusal::bad(9314, "DNS record comment contains invalid characters."));
    }
    Ok(())
}

fn check_tags(tags: &[String]) -> Result<(), Refusal> {
    if tags.is_empty() {
        return Ok(());
    }
    Err(Refusal::bad(9300, format!("DNS record has {} tags, exceeding the quota of 0.", tags.len())))
}

/// Refuses `new` where it cannot stand beside `others`, the zone's records without the one it replaces.
pub(super) fn conflict(new: &Record, others: &[Record]) -> Result<(), Refusal> {
    let address = |kind: Kind| matches!(kind, Kind::A | Kind::Aaaa);
    for old in others.iter().filter(|old| old.name == new.name) {
        if old.kind == new.kind && old.content == new.content {
            // Two texts exist for twins; which one comes when they differ in proxying or TTL is not documented.
            return Err(if (old.proxied, old.ttl) == (new.proxied, new.ttl) {
                Refusal::bad(81058, "An identical record already exists.")
            } else {
                Refusal::bad(81057, "Record already exists.")
            });
        }
        if new.kind == Kind::Cname && (address(old.kind) || old.kind == Kind::Cname) {
            return Err(Refusal::bad(81053, "An A, AAAA, or CNAME record with that host already exists."));
        }
        if address(new.kind) && old.kind == Kind::Cname {
            return Err(Refusal::bad(
                81054,
                "A CNAME record with that host already exists. For more details, refer to \
                 <https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>.",
            ));
        }
        if old.kind == Kind::Ns && new.kind != Kind::Ns {
            return Err(Refusal::bad(81056, "NS records with that host already exist."));
        }
        if new.kind == Kind::Ns && old.kind != Kind::Ns {
            // The rule is documented, which code this direction has is not.
            return Err(Refusal::bad(81057, "Record already exists."));
        }
    }
    Ok(())
}

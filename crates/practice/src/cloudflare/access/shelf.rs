//! What applications, policies and identity providers have in common: listed, made, read, replaced, deleted by id.
//!
//! What a body must look like, and what stands in the way of a deletion, is each kind's own. A replacement is whole:
//! what it leaves out falls back to its default.

use super::super::audit::Thing;
use super::super::auth::{Caller, Permission};
use super::super::envelope::{self, Answer, Query, Refusal};
use super::super::{Cloud, Holdings};
use super::Access;
use crate::clock::timestamp;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Path, Query as Pairs, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(super) type Fields = Map<String, Value>;

/// A thing as it is stored. Times are unix milliseconds.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) fields: Fields,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

impl Item {
    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn list(&self, field: &str) -> &[Value] {
        self.fields.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The fields with id and times.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.fields.clone();
        shown.insert("id".to_owned(), self.id.as_str().into());
        shown.insert("created_at".to_owned(), timestamp(self.created_at).into());
        shown.insert("updated_at".to_owned(), timestamp(self.updated_at).into());
        shown.into()
    }
}

/// One of the kinds.
pub(super) trait Kind: 'static {
    const THING: Thing;
    const MAY_READ: &[Permission];
    const MAY_WRITE: &[Permission];

    fn shelf(access: &mut Access) -> &mut Vec<Item>;
    fn items(access: &Access) -> &[Item];

    /// The fields to store for a body, which is to be the thing `id`: checked, and with the defaults filled in.
    fn checked(account: &Holdings, id: &str, body: &Fields) -> Result<Fields, Refusal>;

    fn shown(_: &Access, item: &Item) -> Value {
        item.shown()
    }

    /// Whether a list with this query has the item.
    fn wanted(_: &Item, _: &Query) -> bool {
        true
    }

    fn missing() -> Refusal {
        super::not_found()
    }

    fn removable(_: &Access, _: &Item) -> Result<(), Refusal> {
        Ok(())
    }
}

pub(super) fn routes<K: Kind>() -> Router<Cloud> {
    Router::new()
        .route("/", get(list::<K>).post(create::<K>))
        .route("/{id}", get(read::<K>).put(replace::<K>).delete(remove::<K>))
}

fn find<K: Kind>(access: &Access, id: &str) -> Result<Item, Refusal> {
    K::items(access).iter().find(|item| item.id == id).cloned().ok_or_else(K::missing)
}

/// The default and the bounds of `per_page` are not documented.
async fn list<K: Kind>(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
    Pairs(query): Pairs<Vec<(String, String)>>,
) -> Answer {
    let state = cloud.access(&caller, &account, K::MAY_READ)?;
    let query = Query(query);
    let (page, per_page) = query.paging(25, 1..=1_000)?;
    let access = &state.listed(cloud.clock.now()).access;
    let items = K::items(access).iter().filter(|item| K::wanted(item, &query));
    envelope::paged(items.map(|item| K::shown(access, item)).collect(), page, per_page)
}

async fn create<K: Kind>(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(account): Path<String>,
    body: Bytes,
) -> Answer {
    let mut state = cloud.access(&caller, &account, K::MAY_WRITE)?;
    let (id, now) = (state.issue_uuid(), cloud.clock.now());
    let fields = K::checked(&state.holds, &id, &envelope::body(&body)?)?;
    let item = Item { id, fields, created_at: now, updated_at: now };
    K::shelf(&mut state.holds.access).push(item.clone());
    let shown = K::shown(&state.holds.access, &item);
    state.note(now, &caller, K::THING, None, Some(shown.clone()));
    envelope::with_status(StatusCode::CREATED, shown)
}

async fn read<K: Kind>(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let state = cloud.access(&caller, &account, K::MAY_READ)?;
    let access = &state.holds.access;
    envelope::ok(K::shown(access, &find::<K>(access, &id)?))
}

async fn replace<K: Kind>(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let mut state = cloud.access(&caller, &account, K::MAY_WRITE)?;
    let old = find::<K>(&state.holds.access, &id)?;
    let before = K::shown(&state.holds.access, &old);
    let fields = K::checked(&state.holds, &id, &envelope::body(&body)?)?;
    let new = Item { fields, updated_at: cloud.clock.now(), ..old };
    for place in K::shelf(&mut state.holds.access).iter_mut().filter(|item| item.id == id) {
        *place = new.clone();
    }
    let after = K::shown(&state.holds.access, &new);
    state.note(new.updated_at, &caller, K::THING, Some(before), Some(after.clone()));
    envelope::ok(after)
}

async fn remove<K: Kind>(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path((account, id)): Path<(String, String)>,
) -> Answer {
    let mut state = cloud.access(&caller, &account, K::MAY_WRITE)?;
    let old = find::<K>(&state.holds.access, &id)?;
    K::removable(&state.holds.access, &old)?;
    let before = K::shown(&state.holds.access, &old);
    K::shelf(&mut state.holds.access).retain(|item| item.id != id);
    state.note(cloud.clock.now(), &caller, K::THING, Some(before), None);
    envelope::with_status(StatusCode::ACCEPTED, json!({"id": id}))
}

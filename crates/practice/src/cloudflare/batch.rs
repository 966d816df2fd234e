//! Many operations on one zone's records in one call: all of them, or none.
//!
//! The order is fixed whatever the body's order: deletes, patches, puts, posts. The first refusal is the
//! answer, with the place of the operation in `source.pointer`.

use super::auth::Caller;
use super::envelope::{self, Answer, Refusal};
use super::records::{Draft, MAY_WRITE, Record};
use super::transaction::{Transaction, no_record};
use super::{Cloud, limits};
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    deletes: Vec<Draft>,
    #[serde(default)]
    patches: Vec<Draft>,
    #[serde(default)]
    puts: Vec<Draft>,
    #[serde(default)]
    posts: Vec<Draft>,
}

pub(super) async fn run(
    State(cloud): State<Cloud>,
    Extension(caller): Extension<Caller>,
    Path(zone): Path<String>,
    body: Bytes,
) -> Answer {
    let mut state = cloud.state();
    let index = state.zone(&caller, &zone)?;
    caller.need(MAY_WRITE)?;
    let batch: Batch = envelope::body(&body)?;
    let size = batch.deletes.len() + batch.patches.len() + batch.puts.len() + batch.posts.len();
    if size > limits::BATCH {
        // The limit is documented, its code is not.
        let message = format!("Batch has {size} operations, exceeding the limit of {}.", limits::BATCH);
        return Err(Refusal::bad(9400, message));
    }
    let mut transaction = Transaction::begin(&mut state, index, caller.name(), cloud.clock.now());
    let deletes = each("deletes", &batch.deletes, |draft| transaction.delete(id(draft)?))?;
    let patches = each("patches", &batch.patches, |draft| transaction.edit(id(draft)?, draft))?;
    let puts = each("puts", &batch.puts, |draft| transaction.replace(id(draft)?, draft))?;
    let posts = each("posts", &batch.posts, |draft| transaction.create(draft))?;
    transaction.commit();
    envelope::ok(json!({"deletes": deletes, "patches": patches, "puts": puts, "posts": posts}))
}

fn each(
    list: &str,
    drafts: &[Draft],
    mut operation: impl FnMut(&Draft) -> Result<Record, Refusal>,
) -> Result<Vec<Value>, Refusal> {
    drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| match operation(draft) {
            Ok(record) => Ok(record.shown()),
            Err(refusal) => Err(refusal.at(format!("/{list}/{at}"))),
        })
        .collect()
}

fn id(draft: &Draft) -> Result<&str, Refusal> {
    draft.id.as_deref().ok_or_else(no_record)
}

//! What is undone when it fails: a move between ingress controllers, which must not leave names between the two.
//!
//! Undoing is planned like any change, from what is seen, and is a run of its own. Other changes are left where they
//! stopped: going on with them is the way on.

use crate::Engine;
use futures::future::BoxFuture;
use portico_domain::change::Change;
use portico_domain::problem::Problem;
use portico_domain::run::Run;

impl Engine {
    /// Starts the run that undoes a failed change, where there is one to start. Boxed, since that run may fail, too.
    pub(crate) fn undo<'a>(&'a self, failed: &'a str, change: &'a Change) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Change::MoveIngress { to, .. } = change else { return };
            // A way back that fails is not turned round once more.
            if self.undone().values().any(|undoing| undoing == failed) {
                return;
            }
            let back = Change::MoveIngress { to: to.other(), accept: None };
            let started: Result<Run, Problem> = async { self.apply(self.preview(back).await?).await }.await;
            match started {
                Ok(run) => _ = self.undone().insert(failed.to_owned(), run.id),
                Err(problem) => tracing::error!(%problem, "the move could not be undone"),
            }
        })
    }

    /// The run that undoes a failed one; it was started before the failed one's end was told.
    pub fn undoing(&self, failed: &str) -> Option<String> {
        self.undone().get(failed).cloned()
    }

    fn undone(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, String>> {
        self.inner.undone.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

//! The rehearsal, where the endpoints name one: what can go wrong there, and making it so.

use crate::Engine;
use portico_domain::problem::{Code, Problem};
use portico_domain::situation::{Rehearsal, Situation};
use portico_world::practice;

impl Engine {
    /// # Errors
    /// [`Code::PracticeMissing`] at home, [`Code::PracticeFailed`] when the rehearsal does not answer.
    pub async fn rehearsal(&self) -> Result<Rehearsal, Problem> {
        practice::rehearsal(self.door()?).await.map_err(|error| Problem::from(&error))
    }

    /// Throws a switch of the rehearsal, and gives how all of them stand then.
    ///
    /// # Errors
    /// As [`Engine::rehearsal`].
    pub async fn bring_about(&self, situation: &Situation) -> Result<Rehearsal, Problem> {
        practice::bring_about(self.door()?, situation).await.map_err(|error| Problem::from(&error))?;
        self.rehearsal().await
    }

    fn door(&self) -> Result<&str, Problem> {
        self.endpoints().practice.as_deref().ok_or_else(|| Problem::new(Code::PracticeMissing))
    }
}

//! The world at home, and the rehearsal beside it: which of the two the commands work on.
//!
//! Home stays open while somebody rehearses, and so do its runs. How a rehearsal is made is the shell's, which has
//! practice in it; here is only which one is shown.

use crate::english::Beside;
use crate::table::WORLD_OPEN;
use crate::wire::{Empty, WorldOpen};
use crate::{Api, ApiError};
use futures::future::BoxFuture;
use portico_domain::problem::{Code, Problem};
use serde_json::{Value, json};
use std::any::Any;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// The commands over a world, and what has to live as long as they do.
pub struct World {
    pub api: Api,
    pub alive: Box<dyn Any + Send + Sync>,
}

/// Makes a rehearsal: the one that was left, or a new one. No other is there when it is called.
pub type Rehearse = Arc<dyn Fn(bool) -> BoxFuture<'static, Result<World, Problem>> + Send + Sync>;

#[derive(Clone)]
pub struct Worlds {
    inner: Arc<Inner>,
}

struct Inner {
    home: World,
    rehearsal: Mutex<Option<World>>,
    /// Absent where the world is a rehearsal already.
    rehearse: Option<Rehearse>,
    shown: watch::Sender<Api>,
}

impl Worlds {
    pub fn new(mut home: World, rehearse: Option<Rehearse>) -> Self {
        home.api.can_practise = rehearse.is_some();
        let shown = watch::Sender::new(home.api.clone());
        Self { inner: Arc::new(Inner { home, rehearsal: Mutex::default(), rehearse, shown }) }
    }

    /// The world that is shown, and from then on each that takes its place.
    pub fn shown(&self) -> watch::Receiver<Api> {
        self.inner.shown.subscribe()
    }

    /// Whether a run is at work in any world.
    pub fn is_at_work(&self) -> bool {
        self.inner.home.api.engine().is_at_work() || self.inner.shown.borrow().engine().is_at_work()
    }

    /// Whether somebody is told what is wrong at home. A rehearsal's alerts end with its window.
    pub fn is_telling(&self) -> bool {
        self.inner.home.api.engine().is_telling()
    }

    /// Takes the words of the window: the world that it shows tells its alerts in them, and so does home.
    pub fn speak(&self, words: &Beside) {
        self.inner.home.api.speak(words.clone());
        self.inner.shown.borrow().speak(words.clone());
    }

    /// Answers a command by name, JSON in and JSON out, as [`Api::call`] does.
    pub async fn call(&self, name: &str, request: Value) -> Result<Value, ApiError> {
        if name == WORLD_OPEN {
            let wanted = serde_json::from_value(request)
                .map_err(|error| Problem::new(Code::RequestMalformed).detail(error))?;
            return Ok(json!(self.open(wanted).await?));
        }
        let shown = self.inner.shown.borrow().clone();
        shown.call(name, request).await
    }

    async fn open(&self, WorldOpen { practice, anew }: WorldOpen) -> Result<Empty, Problem> {
        if !practice {
            self.inner.shown.send_replace(self.inner.home.api.clone());
            return Ok(Empty {});
        }
        let rehearse = self.inner.rehearse.clone().ok_or_else(|| Problem::new(Code::PracticeMissing))?;
        let mut rehearsal = self.inner.rehearsal.lock().await;
        if anew {
            // Its files and its addresses are the next one's.
            self.inner.shown.send_replace(self.inner.home.api.clone());
            rehearsal.take();
        }
        let mut world = match rehearsal.take() {
            Some(world) => world,
            None => rehearse(anew).await?,
        };
        world.api.can_practise = true;
        self.inner.shown.send_replace(world.api.clone());
        *rehearsal = Some(world);
        Ok(Empty {})
    }
}

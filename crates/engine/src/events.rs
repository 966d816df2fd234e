//! One ordered stream of what happens, numbered so that a reader notices a gap.
//!
//! A slow reader loses the oldest events, never the order; it then takes a snapshot. Nothing waits for
//! readers.

use portico_domain::event::{Event, Happening};
use std::sync::Mutex;
use tokio::sync::broadcast;

const KEPT: usize = 4096;

pub struct Events {
    sender: broadcast::Sender<Event>,
    /// Numbering and sending are one act, else two events could be sent in the wrong order.
    last: Mutex<u64>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(KEPT), last: Mutex::new(0) }
    }
}

impl Events {
    pub fn tell(&self, what: Happening) {
        let mut last = self.last.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *last += 1;
        // Nobody listening is no error.
        let _ = self.sender.send(Event { seq: *last, what });
    }

    pub fn listen(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }
}

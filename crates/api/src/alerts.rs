//! The commands about alerts: where messages go, when, and whether they arrive.

use crate::Api;
use crate::wire::{Alerts, ChannelRef, Empty, SetChannel};
use portico_domain::alert::Timing;
use portico_domain::credential::Secret;
use portico_domain::problem::Problem;
use portico_engine::ChannelDraft;

impl Api {
    pub async fn alerts(&self, _: Empty) -> Result<Alerts, Problem> {
        self.engine.alerts().await
    }

    pub async fn alert_channel_set(&self, request: SetChannel) -> Result<Alerts, Problem> {
        self.engine.set_channel(draft(request)).await?;
        self.engine.alerts().await
    }

    pub async fn alert_channel_remove(&self, request: ChannelRef) -> Result<Alerts, Problem> {
        self.engine.remove_channel(&request.channel).await?;
        self.engine.alerts().await
    }

    pub async fn alert_secrets_forget(&self, request: ChannelRef) -> Result<Alerts, Problem> {
        self.engine.forget_channel_secrets(&request.channel).await?;
        self.engine.alerts().await
    }

    pub async fn alert_timing_set(&self, timing: Timing) -> Result<Alerts, Problem> {
        self.engine.set_alert_timing(timing).await?;
        self.engine.alerts().await
    }

    pub async fn alert_test(&self, request: SetChannel) -> Result<Empty, Problem> {
        self.engine.test_channel(draft(request), &self.letters()).await?;
        Ok(Empty {})
    }
}

/// An empty secret is one that was not typed.
fn draft(request: SetChannel) -> ChannelDraft {
    let typed = |text: Option<String>| text.filter(|text| !text.is_empty()).map(Secret::new);
    ChannelDraft {
        channel: request.channel,
        secret: typed(request.secret),
        url: typed(request.url),
        this_run: request.this_run,
    }
}

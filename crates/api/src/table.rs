//! The table: every command once, with its request and response.
//!
//! From this one list come the dispatcher, the TypeScript map of commands and the list of names; a command
//! without a handler does not compile.

use crate::wire::*;
use crate::{Api, ApiError};
use portico_domain::alert::Timing;
use portico_domain::credential::TokenReport;
use portico_domain::diagnosis::Diagnosis;
use portico_domain::flow::FlowGraph;
use portico_domain::history::Retention;
use portico_domain::problem::{Code, Problem};
use portico_domain::run::Run;
use portico_domain::situation::{Rehearsal, Situation};
use serde_json::Value;
use ts_rs::{Config, TS, TypeVisitor};

/// Answered by [`Worlds`](crate::worlds::Worlds), which knows of more than one.
pub(crate) const WORLD_OPEN: &str = "world-open";

macro_rules! commands {
    ($($name:literal => $handler:ident($request:ty) -> $response:ty;)*) => {
        /// Every command's name, in the table's order.
        pub const NAMES: &[&str] = &[$($name),*];

        impl Api {
            /// Answers a command by name, JSON in and JSON out.
            pub async fn call(&self, name: &str, request: Value) -> Result<Value, ApiError> {
                match name {
                    $($name => {
                        let request: $request = serde_json::from_value(request).map_err(malformed)?;
                        // On the heap: the largest of them all would be part of whoever calls any.
                        let response: $response = Box::pin(self.$handler(request)).await?;
                        serde_json::to_value(response).map_err(|error| internal(error).into())
                    })*
                    _ => Err(internal(format!("no command {name}")).into()),
                }
            }
        }

        /// The map of commands as TypeScript.
        pub fn typescript_map(config: &Config) -> String {
            let rows = [$(format!(
                "  '{}': [{}, {}];",
                $name, <$request as TS>::name(config), <$response as TS>::name(config)
            )),*];
            format!("export type Rpc = {{\n{}\n}};\n", rows.join("\n"))
        }

        /// Shows every request and response type to a visitor.
        pub(crate) fn visit(visitor: &mut impl TypeVisitor) {
            $(visitor.visit::<$request>(); visitor.visit::<$response>();)*
        }
    };
}

commands! {
    "status" => status(Empty) -> Status;
    "interfaces" => interfaces(Empty) -> Interfaces;
    "scan-start" => scan_start(ScanStart) -> ScanStarted;
    "scan-cancel" => scan_cancel(ScanStarted) -> Empty;
    "machines" => machines(Empty) -> Machines;
    "connect" => connect(Connect) -> Connected;
    "forget-host-key" => forget_host_key(ForgetHostKey) -> Empty;
    "credentials" => credentials(Empty) -> Credentials;
    "login-forget" => login_forget(ForgetLogin) -> LoginForgotten;
    "document-draft" => document_draft(DraftRequest) -> Document;
    "document-read" => document_read(DocumentText) -> Document;
    "check" => check(Document) -> Checked;
    "preview" => preview(PreviewRequest) -> PlanView;
    "apply" => apply(ApplyRequest) -> Run;
    "cancel" => cancel(RunRef) -> Empty;
    "resume" => resume(RunRef) -> Run;
    "runs" => runs(Empty) -> Runs;
    "run" => run(RunRef) -> Run;
    "services" => services(Empty) -> Services;
    "zones" => zones(Empty) -> Zones;
    "token-set" => token_set(SetToken) -> TokenReport;
    "token-report" => token_report(TokenKindRef) -> TokenReport;
    "token-forget" => token_forget(TokenKindRef) -> Empty;
    "token-link" => token_link(TokenKindRef) -> Link;
    "link-open" => link_open(Link) -> Empty;
    "stack" => stack(Empty) -> StackState;
    "names" => names(Empty) -> NamesReport;
    "conditions" => conditions(Empty) -> Conditions;
    "hush" => hush(HushRequest) -> Conditions;
    "maintain" => maintain(Maintain) -> Conditions;
    "alerts" => alerts(Empty) -> Alerts;
    "alert-channel-set" => alert_channel_set(SetChannel) -> Alerts;
    "alert-channel-remove" => alert_channel_remove(ChannelRef) -> Alerts;
    "alert-secrets-forget" => alert_secrets_forget(ChannelRef) -> Alerts;
    "alert-timing-set" => alert_timing_set(Timing) -> Alerts;
    "alert-test" => alert_test(SetChannel) -> Empty;
    "home" => home(Empty) -> Option<AtHome>;
    "authority-save" => authority_save(SaveTo) -> Empty;
    "keys" => keys(Empty) -> KeysState;
    "keys-save" => keys_save(KeysFile) -> KeysState;
    "keys-restore" => keys_restore(KeysFile) -> KeysRestored;
    "flow" => flow(Empty) -> FlowGraph;
    "flow-told" => flow_told(Empty) -> FlowGraph;
    "diagnose" => diagnose(NameRef) -> Diagnosis;
    "rehearsal" => rehearsal(Empty) -> Rehearsal;
    "bring-about" => bring_about(Situation) -> Rehearsal;
    "world-open" => world_open(WorldOpen) -> Empty;
    "history" => history(HistoryRequest) -> Histories;
    "history-export" => history_export(HistoryExport) -> HistoryRows;
    "support" => support(Empty) -> SupportBundle;
    "history-storage" => history_storage(Empty) -> HistoryStorage;
    "history-keep" => history_keep(Retention) -> HistoryStorage;
    "timeline" => timeline(TimelineRequest) -> Timeline;
}

fn malformed(error: serde_json::Error) -> ApiError {
    Problem::new(Code::RequestMalformed).detail(error).into()
}

fn internal(cause: impl ToString) -> Problem {
    Problem::new(Code::Internal).detail(cause)
}

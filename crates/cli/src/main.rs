//! `portico`: the command table for a terminal, for people and with `--json` for programs.
//!
//! Exit status: 0 done, 1 failed, 2 bad input, 3 a decision is needed (a host key to accept, a plan to
//! confirm), 4 it is not known whether all is well. Secrets are read from the terminal or from standard input, never from arguments.

mod alerts;
mod arguments;
mod change;
mod conditions;
mod connect;
mod credentials;
mod history;
mod home;
mod keys;
mod output;
mod practice;
mod scan;
mod secret;
mod show;
mod stack;
mod status;
mod support;
mod token;
mod why;

use arguments::{Arguments, Command};
use clap::Parser;
use output::Output;
use portico_api::Api;
use portico_domain::problem::Problem;
use std::process::ExitCode;

fn main() -> ExitCode {
    // One provider for the whole process, before anything speaks TLS.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("PORTICO_LOG")
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error,kube_client=off")),
        )
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let output = Output { json: arguments.json };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("portico: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments, &output)) {
        Ok(status) => status,
        Err(problem) => output.failure(&problem),
    }
}

async fn run(arguments: Arguments, output: &Output) -> Result<ExitCode, Problem> {
    let open = || Api::open(arguments.endpoints.as_deref(), arguments.data.clone());
    match arguments.command {
        Command::Practice(command) => practice::run(command, output).await,
        Command::Scan(options) => scan::run(&open().await?, options, output).await,
        Command::Connect(options) => connect::run(&open().await?, options, output).await,
        Command::Check(options) => change::check(&open().await?, options, output).await,
        Command::Preview(options) => change::preview(&open().await?, options, output).await,
        Command::Apply(options) => change::apply(&open().await?, options, output).await,
        Command::Resume(options) => change::resume(&open().await?, options, output).await,
        Command::Expose(options) => change::expose(&open().await?, options, output).await,
        Command::Hide(options) => change::hide(&open().await?, options, output).await,
        Command::Reconcile(options) => change::reconcile(&open().await?, options, output).await,
        Command::Names(secrets) => show::names(&open().await?, secrets, output).await,
        Command::Stack { act, secrets } => stack::run(&open().await?, act, secrets, output).await,
        Command::Support { save } => support::run(&open().await?, save, output).await,
        Command::Home { save } => home::run(&open().await?, save, output).await,
        Command::Keys { act } => keys::run(&open().await?, act, output).await,
        Command::Cancel { run } => show::cancel(&open().await?, run, output).await,
        Command::Runs { run } => show::runs(&open().await?, run, output).await,
        Command::Services(secrets) => show::services(&open().await?, secrets, output).await,
        Command::Flow(options) => show::flow(&open().await?, options, output).await,
        Command::Why { hostname, secrets } => why::run(&open().await?, hostname, secrets, output).await,
        Command::Conditions(options) => conditions::list(&open().await?, options, output).await,
        Command::Hush { condition, lasting, undo } => {
            conditions::hush(&open().await?, condition, lasting, undo, output).await
        }
        Command::Maintenance { subject, lasting, end } => {
            conditions::maintenance(&open().await?, subject, lasting, end, output).await
        }
        Command::Alerts { act } => alerts::run(&open().await?, act, output).await,
        Command::Status(options) => status::run(&open().await?, options, output).await,
        Command::History(options) => history::run(&open().await?, options, output).await,
        Command::Timeline { since } => history::timeline(&open().await?, since, output).await,
        Command::Credentials { act } => credentials::run(&open().await?, act, output).await,
        Command::Token(options) => token::run(&open().await?, options, output).await,
    }
}

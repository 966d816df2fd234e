//! What can be typed.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// From bare machines on your network to a K3s cluster whose services you can open.
#[derive(Parser)]
#[command(name = "portico", version, about)]
pub struct Arguments {
    /// Print JSON, one document a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Use the addresses in this file instead of the real world's
    #[arg(long, global = true, value_name = "FILE")]
    pub endpoints: Option<PathBuf>,
    /// Keep Portico's data in this folder
    #[arg(long, global = true, value_name = "FOLDER", env = "PORTICO_DATA")]
    pub data: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Find machines on the network
    Scan(Scan),
    /// Connect to a machine for the first time: accept its host key, log in, read its facts
    Connect(Connect),
    /// Look at the machines of a document and say what would hinder a cluster
    Check(Document),
    /// Show every step that a document asks for, without doing any
    Preview(Document),
    /// Build the cluster of a document, or bring it to what the document says
    Apply(Apply),
    /// List the runs, or show one
    Runs { run: Option<String> },
    /// Ask a run to stop; what is done stays done
    Cancel { run: String },
    /// Go on with a run that stopped
    Resume(Resume),
    /// Make a service reachable under a name
    Expose(Expose),
    /// List what is reachable and what could be
    Services,
    /// Show the way of the traffic, hop by hop
    Flow,
    /// Keep a Cloudflare token, read from the terminal or from standard input, in the keyring
    Token,
    /// A homelab inside this computer to rehearse on
    #[command(subcommand)]
    Practice(Practice),
}

#[derive(Args)]
pub struct Scan {
    /// A subnet such as 192.168.1.0/24; may be repeated. Without one: this computer's own networks
    #[arg(long = "subnet", value_name = "CIDR")]
    pub subnets: Vec<String>,
    /// Scan a /16 or larger, which takes minutes
    #[arg(long)]
    pub allow_large: bool,
    /// Look at this TCP port as well, besides SSH and the Kubernetes API; may be repeated
    #[arg(long = "port", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub ports: Vec<u16>,
    /// Only list this computer's networks and which of them are scanned
    #[arg(long)]
    pub interfaces: bool,
}

#[derive(Args)]
pub struct Connect {
    /// The machine, as [USER@]ADDRESS[:PORT]
    pub machine: String,
    /// Log in with this private key
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    pub key: Option<String>,
    /// Log in with a password, asked for on the terminal or read from standard input
    #[arg(long)]
    pub password: bool,
    /// Ask for the key's passphrase
    #[arg(long, requires = "key")]
    pub passphrase: bool,
    /// Ask for the password that sudo wants there
    #[arg(long, conflicts_with = "password")]
    pub sudo_password: bool,
    /// Accept the host key with this fingerprint (SHA256:…) without asking
    #[arg(long, value_name = "FINGERPRINT")]
    pub accept: Option<String>,
    /// Forget the host key that was accepted earlier, because the machine was set up anew
    #[arg(long)]
    pub forget: bool,
    /// Keep password and passphrase in the keyring
    #[arg(long)]
    pub remember: bool,
}

#[derive(Args)]
pub struct Document {
    /// The cluster document
    #[arg(value_name = "CLUSTER.YAML")]
    pub document: PathBuf,
    #[command(flatten)]
    pub secrets: Secrets,
    /// Show the exact command behind each step
    #[arg(long)]
    pub commands: bool,
}

#[derive(Args)]
pub struct Apply {
    #[arg(value_name = "CLUSTER.YAML")]
    pub document: PathBuf,
    #[command(flatten)]
    pub secrets: Secrets,
    /// Do not ask before the first step
    #[arg(long)]
    pub yes: bool,
}

#[derive(Args)]
pub struct Resume {
    pub run: String,
    #[command(flatten)]
    pub secrets: Secrets,
}

#[derive(Args)]
pub struct Expose {
    /// `echo` for the small test app, or a Service of the cluster as NAMESPACE/NAME:PORT
    pub service: String,
    /// The name it gets
    #[arg(long, value_name = "HOSTNAME")]
    pub host: String,
    /// Reachable from the local network only
    #[arg(long, required = true)]
    pub lan: bool,
    #[command(flatten)]
    pub secrets: Secrets,
    /// Do not ask before the first step
    #[arg(long)]
    pub yes: bool,
}

/// Secrets that are not in the keyring, for this run only.
#[derive(Args)]
pub struct Secrets {
    /// Ask once for a password that fits every machine which wants one
    #[arg(long)]
    pub ask_password: bool,
    /// Ask for the Cloudflare token instead of taking it from the keyring
    #[arg(long)]
    pub ask_token: bool,
}

#[derive(Subcommand)]
pub enum Practice {
    /// Start the practice homelab and keep it up
    Serve {
        /// Also write endpoints.json, cluster.yaml, the token and the password into this folder
        #[arg(long, value_name = "FOLDER")]
        write: Option<PathBuf>,
    },
}

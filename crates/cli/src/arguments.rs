//! What can be typed.

pub use crate::alerts::Act as Alerts;
use clap::{Args, Parser, Subcommand};
use portico_domain::history::Retention;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Make a service reachable under a name, or reachable otherwise than it is
    Expose(Expose),
    /// Take a service's name away again
    Hide(Hide),
    /// Bring records and routes of all services to what the nodes are now
    Reconcile(Confirmed),
    /// Say what is wrong with names: wildcards, Encrypted Client Hello
    Names(Secrets),
    /// Show the components, or change them
    #[command(args_conflicts_with_subcommands = true)]
    Stack {
        #[command(subcommand)]
        act: Option<Stack>,
        #[command(flatten)]
        secrets: Secrets,
    },
    /// Show what a homelab without Cloudflare needs the router and the devices to know
    Home {
        /// Write the certificate of the homelab's authority there, to install it on devices
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Show what somebody who helps would ask for, without secrets and without whose homelab it is
    Support {
        /// Write it there instead, into a new file
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Show the keys of sealed secrets, save them or put them back
    Keys {
        #[command(subcommand)]
        act: Option<Keys>,
    },
    /// List what is reachable and what could be
    Services(Secrets),
    /// Show the way of the traffic, hop by hop
    Flow(Flow),
    /// Say why a name cannot be reached: every hop is tried, from this computer to the pod
    Why {
        hostname: String,
        #[command(flatten)]
        secrets: Secrets,
    },
    /// List what is wrong, one line for each cause, with its way out
    Conditions(Status),
    /// Say that somebody knows of a condition: nobody is told of it any more until it is over
    Hush {
        /// As `portico conditions` lists it
        condition: String,
        /// Only for so long, such as 30m, 8h, 2d
        #[arg(long = "for", value_name = "TIME", value_parser = lasting)]
        lasting: Option<Duration>,
        /// Take it back
        #[arg(long, conflicts_with = "lasting")]
        undo: bool,
    },
    /// Say that a machine or a name is being worked on: nobody is told of what is wrong with it meanwhile
    Maintenance {
        /// A machine of the cluster or a hostname
        subject: String,
        #[arg(long = "for", value_name = "TIME", value_parser = lasting, default_value = "1h")]
        lasting: Duration,
        /// The work is over
        #[arg(long)]
        end: bool,
    },
    /// Say where alerts go: by mail, to ntfy, to a webhook; and when
    Alerts {
        #[command(subcommand)]
        act: Option<Alerts>,
    },
    /// Say in a line or two whether all is well; the exit status is 0 when it is, 1 when not, 4 when it is not known
    Status(Status),
    /// Say how long services and hops were up, as Portico watched them
    History(History),
    /// List changes of health, runs and gaps, newest first
    Timeline {
        #[arg(long, value_enum, default_value = "24h")]
        since: Since,
    },
    /// Keep a Cloudflare token, read from the terminal or from standard input, in the keyring
    Token(Token),
    /// List what is stored to log in with and where, or forget it; no secret is ever shown
    Credentials {
        #[command(subcommand)]
        act: Option<Credentials>,
    },
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
pub struct Flow {
    /// Look twice, ten seconds apart, to tell requests per second, too
    #[arg(long)]
    pub rates: bool,
    #[command(flatten)]
    pub secrets: Secrets,
}

#[derive(Args)]
pub struct Status {
    /// Go on, and say it again whenever it changes
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub secrets: Secrets,
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
#[command(group(clap::ArgGroup::new("reach").required(true).args(["public", "lan"])))]
pub struct Expose {
    /// `echo` for the small test app, `grafana`, `argocd`, or a Service of the cluster as NAMESPACE/NAME:PORT
    pub service: String,
    /// The name it gets
    #[arg(long, value_name = "HOSTNAME")]
    pub host: String,
    /// Reachable from the internet, through the tunnel
    #[arg(long)]
    pub public: bool,
    /// Reachable from the local network only
    #[arg(long)]
    pub lan: bool,
    /// Public only: ask for a login and let in this e-mail address; may be repeated
    #[arg(long, value_name = "EMAIL", requires = "public")]
    pub access: Vec<String>,
    /// The service speaks TLS itself: port 443 goes through untouched
    #[arg(long)]
    pub passthrough: bool,
    /// Replace what somebody else made under this name
    #[arg(long)]
    pub adopt: bool,
    /// Yes, open it to the internet through ingress-nginx, which gets no security fixes any more
    #[arg(long)]
    pub accept_retired_ingress: bool,
    #[command(flatten)]
    pub confirmed: Confirmed,
}

#[derive(Args)]
pub struct Hide {
    /// The service, as `portico services` calls it
    pub service: String,
    /// Remove its app, too, with its data
    #[arg(long)]
    pub uninstall: bool,
    #[command(flatten)]
    pub confirmed: Confirmed,
}

/// What every change takes.
#[derive(Args)]
pub struct Confirmed {
    #[command(flatten)]
    pub secrets: Secrets,
    /// Do not ask before the first step
    #[arg(long)]
    pub yes: bool,
}

#[derive(Subcommand)]
pub enum Stack {
    /// Say who issues certificates and which tunnel is used, and install what that needs
    Set {
        /// The address that the certificate authority writes to
        #[arg(long, value_name = "EMAIL")]
        email: Option<String>,
        /// `production` or `staging` of Let's Encrypt, or another ACME directory's URL
        #[arg(long, value_name = "AUTHORITY", requires = "email", default_value = "production")]
        authority: String,
        /// The CA of that directory's own certificate, in PEM
        #[arg(long, value_name = "FILE", requires = "email")]
        authority_ca: Option<PathBuf>,
        /// The tunnel; made, or found again by its name
        #[arg(long, value_name = "NAME")]
        tunnel: Option<String>,
        /// Do without Cloudflare: names below this domain, on the LAN alone, with an authority of the homelab's own
        #[arg(long, value_name = "DOMAIN", conflicts_with_all = ["email", "tunnel"])]
        home_domain: Option<String>,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Install a component, or bring it to a version
    Install(Component),
    /// The same as install: bring a component to Portico's version, or to another
    Upgrade(Component),
    /// Put right what was changed by hand or has failed
    Repair {
        component: String,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Remove a component that nothing needs
    Remove {
        component: String,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Let the other ingress controller serve
    MoveIngress {
        /// `traefik` or `nginx`
        controller: String,
        /// Take this version of Traefik although it is older than it should be
        #[arg(long, value_name = "VERSION")]
        accept: Option<String>,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

#[derive(Args)]
pub struct Component {
    pub component: String,
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Another chart repository
    #[arg(long, value_name = "URL")]
    pub repository: Option<String>,
    /// Another image of the controller, with its tag
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    #[command(flatten)]
    pub confirmed: Confirmed,
}

#[derive(Subcommand)]
pub enum Keys {
    /// Save all keys into a file, encrypted with a passphrase
    Save { file: PathBuf },
    /// Put the keys of a file back that the cluster lacks
    Restore { file: PathBuf },
}

#[derive(Subcommand)]
pub enum Credentials {
    /// Forget how a machine is logged in to, with its secrets in the keyring
    Forget {
        /// The machine, as ADDRESS[:PORT]; without a port every login there
        machine: String,
        /// Its pinned host key, too
        #[arg(long)]
        host_key: bool,
    },
    /// Forget what a channel of alerts proves itself with: its password, token, address or key
    ForgetChannel {
        /// As `portico alerts` lists it
        channel: String,
    },
}

#[derive(Args)]
pub struct History {
    /// The service, as `portico services` calls it, or a hop such as node/pi-2. Without one: every service
    pub service: Option<String>,
    #[arg(long, value_enum, default_value = "24h")]
    pub since: Since,
    /// Every hop, too
    #[arg(long, conflicts_with = "service")]
    pub hops: bool,
    /// Print what is stored as CSV: one minute, hour or day on a line
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Only say what is kept for how long and how much that is
    #[arg(long, conflicts_with_all = ["service", "hops", "csv"])]
    pub storage: bool,
    /// Keep so many days by the minute, so many by the hour, and so many years by the day
    #[arg(long, value_name = "DAYS,DAYS,YEARS", value_parser = keep, conflicts_with_all = ["service", "hops", "csv"])]
    pub keep: Option<Retention>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Since {
    #[value(name = "24h")]
    Day,
    #[value(name = "7d")]
    Week,
    #[value(name = "30d")]
    Month,
    #[value(name = "90d")]
    Quarter,
    #[value(name = "1y")]
    Year,
}

fn keep(text: &str) -> Result<Retention, String> {
    let numbers: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
    match numbers.as_deref() {
        Ok(&[minute_days, hour_days, day_years]) => Ok(Retention { minute_days, hour_days, day_years }),
        _ => Err("three numbers, such as 1,31,10".into()),
    }
}

#[derive(Args)]
pub struct Token {
    /// The narrower token that is sealed into the cluster
    #[arg(long)]
    pub cluster: bool,
    /// Only say what the kept token can do
    #[arg(long, conflicts_with_all = ["forget", "link"])]
    pub check: bool,
    /// Forget it
    #[arg(long, conflicts_with = "link")]
    pub forget: bool,
    /// Print the address of Cloudflare's form for a new one
    #[arg(long)]
    pub link: bool,
    /// Change the cluster without asking, where it uses this token
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
    /// Ask for the cluster's own token instead of taking it from the keyring
    #[arg(long)]
    pub ask_cluster_token: bool,
}

#[derive(Subcommand)]
pub enum Practice {
    /// Start the practice homelab and keep it up
    Serve {
        /// Also write endpoints.json, cluster.yaml, both tokens and the password into this folder
        #[arg(long, value_name = "FOLDER")]
        write: Option<PathBuf>,
        /// Keep its state in this file, and start from what is kept there
        #[arg(long, value_name = "FILE")]
        keep: Option<PathBuf>,
    },
}

/// `30m`, `8h` or `2d`.
fn lasting(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let seconds = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => 0,
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("write it like 30m, 8h or 2d".to_owned()),
    }
}

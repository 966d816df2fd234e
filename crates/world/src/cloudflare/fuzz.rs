//! Bodies of answers, read as by the calls that ask for them; without a connection, for fuzzing alone.

use super::access::{WireApp, WirePolicy, state};
use super::records::WireRecord;
use super::tunnels::{Configuration, WireTunnel, live};
use super::{CloudflareError, Result, WireZone};
use portico_domain::access::AccessState;
use portico_domain::dns::{DnsRecord, Hostname, Zone};
use portico_domain::tunnel::{Tunnel, TunnelId, TunnelState};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;

/// What was asked.
#[derive(Debug, Clone)]
pub enum Question {
    Zones,
    Records,
    /// The tunnel of this name.
    Tunnel(String),
    Configuration(TunnelId),
    /// What stands in front of this hostname.
    Apps(Hostname),
    Policies(Hostname),
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Answer {
    Zones(Vec<Zone>),
    Records(Vec<DnsRecord>),
    Tunnel(Option<(TunnelId, TunnelState)>),
    Configuration(Tunnel),
    Access(AccessState),
}

pub(crate) fn read(question: Question, status: u16, body: &[u8]) -> Result<Answer> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let account = "a";
    Ok(match question {
        Question::Zones => {
            Answer::Zones(result::<Vec<WireZone>>(body, status)?.into_iter().map(Zone::from).collect())
        }
        Question::Records => Answer::Records(
            result::<Vec<WireRecord>>(body, status)?.into_iter().map(DnsRecord::from).collect(),
        ),
        Question::Tunnel(name) => {
            Answer::Tunnel(live(result::<Vec<WireTunnel>>(body, status)?, account, &name))
        }
        Question::Configuration(id) => Answer::Configuration(result::<Configuration>(body, status)?.of(&id)),
        Question::Apps(hostname) => {
            Answer::Access(state(&result::<Vec<WireApp>>(body, status)?, &[], account, &hostname))
        }
        Question::Policies(hostname) => {
            let policies = result::<Vec<WirePolicy>>(body, status)?;
            Answer::Access(state(&[], &policies, account, &hostname))
        }
    })
}

fn result<T: DeserializeOwned>(body: &[u8], status: StatusCode) -> std::result::Result<T, CloudflareError> {
    let envelope = super::read::<T>(body, status)?;
    _ = envelope.total();
    envelope.into_result(status, "a permission")
}

//! The TXT record that proves a name to a certificate authority, as cert-manager makes and removes it.
//!
//! The same steps with the same token and the same refusals as over HTTP, each counted; only the sockets are
//! missing, since cert-manager's base address cannot be changed either. Waiting until the record is seen is the
//! caller's.

use super::auth::{Caller, Permission};
use super::envelope::Refusal;
use super::records::{Draft, Kind, MAY_READ, MAY_WRITE};
use super::transaction::Transaction;
use super::{Cloud, State};

/// Seconds.
const TTL: u32 = 60;

impl Cloud {
    /// Makes a TXT record at `fqdn`, or finds the one with this content; its id.
    ///
    /// # Errors
    /// The text that cert-manager shows.
    pub fn txt_create(&self, token: &str, fqdn: &str, content: &str) -> Result<String, String> {
        let name = fqdn.trim_end_matches('.');
        let zone = self.nearest_zone(token, fqdn)?;
        let found = self.step(
            token,
            "GET",
            &format!("?per_page=100&type=TXT&name={name}"),
            zone,
            |state, caller| {
                caller.need(MAY_READ)?;
                let mut records = state.holds.zones[zone].records.iter();
                let same = records.find(|record| {
                    record.kind == Kind::Txt && record.name == name && unquoted(&record.content) == content
                });
                Ok(same.map(|record| record.id.clone()))
            },
        )?;
        if let Some(id) = found {
            return Ok(id);
        }
        let draft = Draft {
            name: Some(name.to_owned()),
            kind: Some(Kind::Txt.text().to_owned()),
            content: Some(content.to_owned()),
            ttl: Some(TTL),
            ..Draft::default()
        };
        self.step(token, "POST", "", zone, |state, caller| {
            caller.need(MAY_WRITE)?;
            let mut transaction = Transaction::begin(state, zone, caller.name(), self.clock.now());
            let record = transaction.create(&draft)?;
            transaction.commit();
            Ok(record.id)
        })
    }

    /// The id of the TXT record at `fqdn` with this content.
    pub fn txt_find(&self, fqdn: &str, content: &str) -> Option<String> {
        let (state, name) = (self.state(), fqdn.trim_end_matches('.'));
        let mut records = state.holds.zones.iter().flat_map(|zone| &zone.records);
        let found = records.find(|record| {
            record.kind == Kind::Txt && record.name == name && unquoted(&record.content) == content
        });
        found.map(|record| record.id.clone())
    }

    /// Deletes the record with this id. One that is gone already is no error: cert-manager looks before it deletes.
    ///
    /// # Errors
    /// The text that cert-manager shows.
    pub fn txt_delete(&self, token: &str, id: &str) -> Result<(), String> {
        let zone =
            self.state().holds.zones.iter().position(|zone| zone.records.iter().any(|one| one.id == id));
        let Some(zone) = zone else { return Ok(()) };
        self.step(token, "DELETE", &format!("/{id}"), zone, |state, caller| {
            caller.need(MAY_WRITE)?;
            let mut transaction = Transaction::begin(state, zone, caller.name(), self.clock.now());
            transaction.delete(id)?;
            transaction.commit();
            Ok(())
        })
    }

    /// Asks for zones of this name, of the name without its first label, and so on; the index of the first found.
    /// A call that fails is made again for the same name, so that the error names the whole one.
    fn nearest_zone(&self, token: &str, fqdn: &str) -> Result<usize, String> {
        let mut name = fqdn.trim_end_matches('.');
        let mut failed = None;
        for _ in name.split('.').skip(1) {
            let path = format!("/zones?name={name}");
            let found = self.call(token, &path, |state, caller| {
                caller.need(&[Permission::ZoneRead])?;
                let mut zones = state.holds.zones.iter();
                Ok(zones.position(|zone| zone.name == name && caller.reaches(&zone.name)))
            });
            match found {
                Ok(Some(zone)) => return Ok(zone),
                Ok(None) => {
                    failed = None;
                    name = name.split_once('.').map_or(name, |(_, parent)| parent);
                }
                Err(refusal) => failed = Some(said("GET", &path, &refusal)),
            }
        }
        Err(match failed {
            Some(cause) => format!("while attempting to find Zones for domain {fqdn}\n{cause}"),
            None => format!(
                "Found no Zones for domain {fqdn} (neither in the sub-domain nor in the SLD) please make sure your \
                 domain-entries in the config are correct and the API key is correctly setup with Zone.read rights."
            ),
        })
    }

    /// One call on the records of a zone.
    fn step<T>(
        &self,
        token: &str,
        method: &str,
        rest: &str,
        zone: usize,
        act: impl FnOnce(&mut State, &Caller) -> Result<T, Refusal>,
    ) -> Result<T, String> {
        let id = self.state().holds.zones[zone].id.clone();
        let path = format!("/zones/{id}/dns_records{rest}");
        let checked = |state: &mut State, caller: &Caller| {
            state.zone(caller, &id)?;
            act(state, caller)
        };
        self.call(token, &path, checked).map_err(|refusal| said(method, &path, &refusal))
    }

    fn call<T>(
        &self,
        token: &str,
        path: &str,
        act: impl FnOnce(&mut State, &Caller) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let caller = self.admit(token, path)?;
        act(&mut self.state(), &caller)
    }
}

fn unquoted(content: &str) -> &str {
    content.trim_matches('"')
}

/// A refusal in cert-manager's words.
fn said(method: &str, path: &str, refusal: &Refusal) -> String {
    let line = |error: &serde_json::Value| {
        let chain = error["error_chain"].as_array().into_iter().flatten();
        let causes: String = chain.map(|cause| format!("<- {}: {}", cause["code"], text(cause))).collect();
        format!("\t Error: {}: {}{causes}", error["code"], text(error))
    };
    let lines: String = refusal.errors().iter().map(line).collect();
    format!("while querying the Cloudflare API for {method} {path:?} \n{lines}")
}

fn text(error: &serde_json::Value) -> &str {
    error["message"].as_str().unwrap_or_default()
}

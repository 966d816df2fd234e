//! A change to one zone's records that happens as a whole or not at all, with its audit entries.
//!
//! Single calls and batches go the same way: work on a copy, and put it in place of the records only when every
//! operation was accepted. That the checks run one operation after the other is what lets a batch delete a
//! record and create its successor.

use super::audit::{Action, Entry};
use super::envelope::Refusal;
use super::records::{Draft, Record};
use super::{State, limits, rules};

/// The zone at index `zone` of the state, being changed by the token called `who`.
pub(super) struct Transaction<'a> {
    state: &'a mut State,
    zone: usize,
    who: String,
    now: i64,
    records: Vec<Record>,
    entries: Vec<Entry>,
}

impl<'a> Transaction<'a> {
    pub(super) fn begin(state: &'a mut State, zone: usize, who: &str, now: i64) -> Self {
        let records = state.holds.zones[zone].records.clone();
        Self { state, zone, who: who.to_owned(), now, records, entries: Vec::new() }
    }

    pub(super) fn commit(self) {
        self.state.holds.zones[self.zone].records = self.records;
        self.state.audit.extend(self.entries);
    }

    pub(super) fn create(&mut self, draft: &Draft) -> Result<Record, Refusal> {
        let mut record = rules::complete(draft, None, &self.zone_name())?;
        rules::conflict(&record, &self.records)?;
        if self.records.len() >= limits::RECORDS {
            return Err(Refusal::bad(81045, "The record quota has been exceeded."));
        }
        record.id = self.state.issue_id();
        record.created_at = self.now;
        record.modified_at = self.now;
        record.comment_modified_at = record.comment.is_some().then_some(self.now);
        self.records.push(record.clone());
        self.note(Action::Create, None, Some(record.clone()));
        Ok(record)
    }

    /// Sets every field: what the draft leaves out falls back to its default.
    pub(super) fn replace(&mut self, id: &str, draft: &Draft) -> Result<Record, Refusal> {
        let old = self.find(id)?;
        let new = rules::complete(draft, None, &self.zone_name())?;
        self.swap(Action::Replace, old, new)
    }

    /// Sets the fields that the draft has.
    pub(super) fn edit(&mut self, id: &str, draft: &Draft) -> Result<Record, Refusal> {
        let old = self.find(id)?;
        let new = rules::complete(draft, Some(&old), &self.zone_name())?;
        self.swap(Action::Edit, old, new)
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<Record, Refusal> {
        let old = self.find(id)?;
        self.records.retain(|record| record.id != id);
        self.note(Action::Delete, Some(old.clone()), None);
        Ok(old)
    }

    fn swap(&mut self, action: Action, old: Record, mut new: Record) -> Result<Record, Refusal> {
        rules::same_kind(&new, &old)?;
        let others: Vec<Record> = self.records.iter().filter(|record| record.id != old.id).cloned().collect();
        rules::conflict(&new, &others)?;
        new.id = old.id.clone();
        new.created_at = old.created_at;
        new.modified_at = self.now;
        new.comment_modified_at =
            if new.comment == old.comment { old.comment_modified_at } else { Some(self.now) };
        if let Some(place) = self.records.iter_mut().find(|record| record.id == old.id) {
            *place = new.clone();
        }
        self.note(action, Some(old), Some(new.clone()));
        Ok(new)
    }

    fn find(&self, id: &str) -> Result<Record, Refusal> {
        self.records.iter().find(|record| record.id == id).cloned().ok_or_else(no_record)
    }

    fn zone_name(&self) -> String {
        self.state.holds.zones[self.zone].name.clone()
    }

    fn note(&mut self, action: Action, before: Option<Record>, after: Option<Record>) {
        let record = before.as_ref().or(after.as_ref()).map(|record| record.id.clone()).unwrap_or_default();
        let (at, who, zone) = (self.now, self.who.clone(), self.zone_name());
        self.entries.push(Entry { at, who, zone, record, action, before, after });
    }
}

pub(super) fn no_record() -> Refusal {
    Refusal::new(404, 81044, "Record does not exist.")
}

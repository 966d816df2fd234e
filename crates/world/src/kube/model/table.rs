//! Rows of one kind, by namespace and name, and the words that they have in common.
//!
//! Trees of small nodes instead of hash tables: they never grow by doubling, and a list comes in their order.

use super::super::pod::PodState;
use super::{Held, Progress};
use portico_domain::dns::Hostname;
use portico_domain::observed::{EndpointState, IngressHost};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

pub struct Table<V> {
    spaces: BTreeMap<Arc<str>, BTreeMap<Box<str>, Row<V>>>,
    /// Which list is the newest: what an older one told of and the newest did not is gone.
    round: u32,
    pub(super) progress: Progress,
}

struct Row<V> {
    round: u32,
    value: V,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { spaces: BTreeMap::new(), round: 0, progress: Progress::default() }
    }
}

impl<V: PartialEq> Table<V> {
    /// Whether it is new, or other than before.
    pub fn put(&mut self, namespace: Arc<str>, name: Box<str>, value: V) -> bool {
        let row = Row { round: self.round, value };
        match self.spaces.entry(namespace).or_default().entry(name) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(row);
                true
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                place.insert(row).value != place.get().value
            }
        }
    }

    /// Whether it was there.
    pub fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let Some(rows) = self.spaces.get_mut(namespace) else { return false };
        let removed = rows.remove(name).is_some();
        if rows.is_empty() {
            self.spaces.remove(namespace);
        }
        removed
    }

    /// A list begins; what there is stays until it has come to its end.
    pub fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// The list has ended: drops what it did not tell of, and says whether there was something.
    pub fn finish(&mut self) -> bool {
        let (before, round) = (self.len(), self.round);
        self.spaces.retain(|_, rows| {
            rows.retain(|_, row| row.round == round);
            !rows.is_empty()
        });
        before != self.len()
    }

    pub fn len(&self) -> usize {
        self.spaces.values().map(BTreeMap::len).sum()
    }

    /// Namespace, name and value of each, in their order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &V)> {
        let spaces = self.spaces.iter();
        spaces.flat_map(|(namespace, rows)| {
            rows.iter().map(move |(name, row)| (&**namespace, &**name, &row.value))
        })
    }

    pub fn within(&self, namespace: &str) -> impl Iterator<Item = (&str, &V)> {
        self.spaces.get(namespace).into_iter().flatten().map(|(name, row)| (&**name, &row.value))
    }

    pub fn get(&self, namespace: &str, name: &str) -> Option<&V> {
        Some(&self.spaces.get(namespace)?.get(name)?.value)
    }

    /// What `read` makes of it, unless its kind's last word is too old.
    pub fn held<T>(&self, read: impl FnOnce(&Self) -> T) -> Option<Held<T>> {
        Some(Held { age: self.progress.age()?, value: read(self) })
    }
}

/// An EndpointSlice.
#[derive(Debug, PartialEq)]
pub struct Slice {
    pub service: Box<str>,
    pub endpoints: Box<[Endpoint]>,
}

#[derive(Debug, PartialEq)]
pub struct Endpoint {
    pub pod: Option<Box<str>>,
    pub node: Option<Arc<str>>,
    pub ready: bool,
}

impl From<&Endpoint> for EndpointState {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            pod: endpoint.pod.as_deref().map(str::to_owned),
            node: endpoint.node.as_deref().map(str::to_owned),
            ready: endpoint.ready,
        }
    }
}

/// Any other version of it is news: what else it says is its controller's business.
#[derive(Debug, PartialEq)]
pub struct Ingress {
    pub version: Box<str>,
    pub hosts: Box<[Box<str>]>,
}

impl Ingress {
    /// Those of its hosts that are hostnames; wildcards are none.
    pub fn told(&self, namespace: &str, name: &str) -> impl Iterator<Item = IngressHost> {
        let hostnames = self.hosts.iter().filter_map(|host| Hostname::parse(host).ok());
        hostnames.map(move |hostname| IngressHost {
            namespace: namespace.to_owned(),
            ingress: name.to_owned(),
            hostname,
        })
    }
}

#[derive(Debug, PartialEq)]
pub struct Pod {
    pub uid: Box<str>,
    pub well: bool,
    /// What its containers wait for, and why; mostly nothing.
    pub waits: Box<[(Arc<str>, Box<str>)]>,
}

impl Pod {
    pub fn told(&self, name: &str) -> PodState {
        let waits = self.waits.iter();
        PodState {
            name: name.to_owned(),
            uid: self.uid.to_string(),
            well: self.well,
            waits: waits.map(|(reason, message)| (reason.to_string(), message.to_string())).collect(),
        }
    }
}

/// Words that many rows say, each held once.
#[derive(Default)]
pub struct Names {
    known: HashSet<Arc<str>>,
    /// So many there were after those that nobody says any more had gone.
    swept: usize,
}

impl Names {
    pub fn get(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        if self.known.len() > 2 * self.swept + 1_000 {
            self.known.retain(|word| Arc::strong_count(word) > 1);
            self.swept = self.known.len();
        }
        let word: Arc<str> = word.into();
        self.known.insert(word.clone());
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(table: &Table<u8>) -> Vec<String> {
        table.all().map(|(namespace, name, value)| format!("{namespace}/{name}={value}")).collect()
    }

    #[test]
    fn a_new_list_takes_the_place_of_the_old_one_only_at_its_end() {
        let mut table = Table::default();
        let put = |table: &mut Table<u8>, name: &str, value| table.put("a".into(), name.into(), value);
        table.begin();
        assert!(put(&mut table, "one", 1) && put(&mut table, "two", 2));
        assert!(!table.finish());
        table.begin();
        assert!(!put(&mut table, "two", 2), "the same again is no news");
        assert_eq!(names(&table), ["a/one=1", "a/two=2"], "what was known stands until the list has ended");
        assert!(put(&mut table, "two", 3));
        assert!(table.finish(), "one of them is gone");
        assert_eq!(names(&table), ["a/two=3"]);
        assert!(table.remove("a", "two") && !table.remove("a", "two") && !table.remove("b", "two"));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn words_that_nobody_says_any_more_are_let_go() {
        let mut names = Names::default();
        let kept = names.get("kept");
        for word in 0..5_000 {
            names.get(&word.to_string());
        }
        assert!(names.known.len() < 1_100, "{}", names.known.len());
        assert!(Arc::ptr_eq(&kept, &names.get("kept")));
    }
}

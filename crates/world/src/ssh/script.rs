//! What is sent to a machine to be run, and what comes back.
//!
//! The script's text and its values travel on stdin: first the length of the text and the text, then each
//! value, then an optional body until the end. The command line is the same constant for every script.

use portico_domain::credential::Secret;
use tokio::io::AsyncRead;
use zeroize::Zeroizing;

/// Reads a script of a stated length from stdin and runs it; what follows on stdin is the script's own.
/// In one piece where `dd` can wait for a full block, else byte by byte: neither may take more than it was asked for.
pub(super) const BOOTSTRAP: &str = r#"sh -c 'IFS= read -r n; s=$({ dd bs="$n" count=1 iflag=fullblock || dd bs=1 count="$n"; } 2>/dev/null; echo x); eval "${s%x}"'"#;

/// A POSIX script whose first line is `# portico NAME`.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    pub name: &'static str,
    pub text: &'static str,
}

/// With which rights a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// As the user who logged in.
    None,
    /// As root: directly, or by sudo.
    Root,
}

pub(super) type Progress = Box<dyn FnMut(u64) + Send>;

pub(super) struct Body {
    pub reader: Box<dyn AsyncRead + Send + Unpin>,
    pub progress: Progress,
}

/// The values of one run, in the order in which the script reads them.
#[derive(Default)]
pub struct Values {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) body: Option<Body>,
    pub(super) broken_line: bool,
}

impl Values {
    pub fn new() -> Self {
        Self::default()
    }

    /// One line. A line break in it fails the run before anything is sent.
    pub fn line(mut self, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        self.broken_line |= value.contains(['\n', '\0']);
        self.push(value.as_bytes());
        self.push(b"\n");
        self
    }

    /// Any bytes, with their length before them; no bytes are told from a line by the length 0.
    pub fn block(mut self, value: &[u8]) -> Self {
        self.push(format!("{}\n", value.len()).as_bytes());
        self.push(value);
        self
    }

    /// As [`Values::block`].
    pub fn secret(self, value: &Secret) -> Self {
        self.block(value.expose().as_bytes())
    }

    /// What the script reads until the end of its input. `progress` is told the bytes handed over so far.
    pub fn body(
        mut self,
        reader: impl AsyncRead + Send + Unpin + 'static,
        progress: impl FnMut(u64) + Send + 'static,
    ) -> Self {
        self.body = Some(Body { reader: Box::new(reader), progress: Box::new(progress) });
        self
    }

    /// A growing `Vec` leaves copies of its content behind, so the new room is made here and the old zeroed.
    fn push(&mut self, more: &[u8]) {
        if self.bytes.capacity() < self.bytes.len() + more.len() {
            let mut larger = Zeroizing::new(Vec::with_capacity((self.bytes.len() + more.len()) * 2));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(more);
    }
}

/// What a script left behind. It may be a token or a key: no Debug, and zeroed on drop.
pub struct Output {
    /// The exit status; 0 = done. The meaning of others is the script's.
    pub status: u32,
    pub stdout: Zeroizing<Vec<u8>>,
    /// For people; capped, the end is kept.
    pub stderr: String,
}

impl Output {
    /// The `key=value` lines of stdout.
    pub fn fields(&self) -> Fields<'_> {
        let text = std::str::from_utf8(&self.stdout).unwrap_or_default();
        Fields(text.lines().filter_map(|line| line.split_once('=')).collect())
    }

    /// Stdout as text; bytes that are none are replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }
}

/// `key=value` lines, in order; a key may come again.
pub struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.all(key).next()
    }

    /// Every value of `key`.
    pub fn all<'b>(&'b self, key: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        self.0.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.0.iter().copied()
    }
}

//! The append-only journal that lets a sandbox survive its own restart.
//!
//! One entry a line: hexadecimal of nonce ++ AES-256-GCM(JSON). It is encrypted because the
//! "provider" knows people's numbers and names and the keys of tenants, and none of that may lie
//! about in clear in a data directory. The key lies beside it (mode 0600): this is a stand-in for
//! development, and keeps nothing from somebody who has the directory.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::booking::Booking;
use crate::calcom::CalendarChange;
use crate::calendly::{Hook, Invitee};
use crate::call::{Call, WebhookAttempt};
use crate::credentials::{CalcomAccess, CalendlyAccess, RetellAccess};
use crate::ledger::SandboxRequest;
use crate::script::Script;
use crate::ses::SandboxMail;
use crate::twilio::SandboxSms;

/// Everything that can happen to the sandbox's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// A request to create a call, and the call if it created one.
    Arrived {
        request: SandboxRequest,
        call: Option<Box<Call>>,
        took_next: bool,
    },
    /// One attempt at a webhook; `settled` when it is the last for its event.
    Webhook {
        call_id: String,
        attempt: WebhookAttempt,
        settled: bool,
    },
    Stopped {
        call_id: String,
        at: DateTime<Utc>,
    },
    Deleted {
        call_id: String,
    },
    Scripted(Script),
    ClockMoved {
        offset_ms: i64,
    },
    RetellKey {
        api_key: String,
        access: RetellAccess,
    },
    CalcomKey {
        api_key: String,
        access: CalcomAccess,
    },
    Booked(Box<Booking>),
    CalendarChange(CalendarChange),
    CalendlyKey {
        api_key: String,
        access: CalendlyAccess,
    },
    CalendlyBooked(Box<Invitee>),
    /// A subscription, made or changed.
    CalendlyHook(Box<Hook>),
    CalendlyUnhooked {
        id: String,
    },
    CalendlyChange(CalendarChange),
    Texted(Box<SandboxSms>),
    Mailed(Box<SandboxMail>),
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("the sandbox's journal cannot be read or written")]
    Io(#[from] std::io::Error),
    /// A line before the last is not what was written, or the key is not the one it was written with.
    #[error("line {line} of the sandbox's journal is damaged")]
    Damaged {
        /// Counted from 1.
        line: usize,
    },
    /// The key file is not 32 bytes, or an entry could not be sealed.
    #[error("the sandbox's journal key is unusable")]
    Key,
}

const JOURNAL: &str = "sandbox.journal";
const KEY: &str = "sandbox-development.key";
const KEY_BYTES: usize = 32;

pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    key: RandomizedNonceKey,
}

impl Journal {
    /// Opens the journal of `dir`, creating both if need be, and reads what is in it. A last line
    /// that was cut short by a crash was never acknowledged, and is dropped.
    pub(crate) fn open(dir: &Path) -> Result<(Self, Vec<Entry>), JournalError> {
        std::fs::create_dir_all(dir)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key(&dir.join(KEY))?)
            .map_err(|_| JournalError::Key)?;
        let path = dir.join(JOURNAL);
        let mut file = private().create(true).append(true).read(true).open(&path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        if whole < text.len() {
            file.set_len(whole as u64)?;
            file.sync_all()?;
        }
        let journal = Self { file, path, key };
        let entries = text[..whole]
            .split_inclusive(|byte| *byte == b'\n')
            .enumerate()
            .map(|(at, line)| {
                journal
                    .unseal(line)
                    .ok_or(JournalError::Damaged { line: at + 1 })
            })
            .collect::<Result<_, _>>()?;
        Ok((journal, entries))
    }

    /// Writes one entry and waits until it is on the disk.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let before = self.file.seek(SeekFrom::End(0))?;
        let line = self.seal(entry)?;
        let written = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line would damage the next one.
            self.file.set_len(before)?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Rewrites every entry, for deletions that must really delete.
    pub(crate) fn rewrite(&mut self, change: impl Fn(&mut Entry)) -> Result<(), JournalError> {
        let mut text = String::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_string(&mut text)?;
        let mut renewed = String::with_capacity(text.len());
        for (at, line) in text.split_inclusive('\n').enumerate() {
            let mut entry = self
                .unseal(line.as_bytes())
                .ok_or(JournalError::Damaged { line: at + 1 })?;
            change(&mut entry);
            renewed.push_str(&self.seal(&entry)?);
        }
        let aside = self.path.with_extension("new");
        let mut file = private()
            .create(true)
            .write(true)
            .truncate(true)
            .open(&aside)?;
        file.write_all(renewed.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&aside, &self.path)?;
        if let Some(dir) = self.path.parent() {
            File::open(dir)?.sync_all()?;
        }
        self.file = private().append(true).read(true).open(&self.path)?;
        Ok(())
    }

    fn seal(&self, entry: &Entry) -> Result<String, JournalError> {
        let mut text = serde_json::to_vec(entry).map_err(|_| JournalError::Key)?;
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::empty(), &mut text)
            .map_err(|_| JournalError::Key)?;
        Ok(hex::encode(nonce.as_ref()) + &hex::encode(text) + "\n")
    }

    fn unseal(&self, line: &[u8]) -> Option<Entry> {
        let bytes = hex::decode(line.strip_suffix(b"\n")?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = self
            .key
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        serde_json::from_slice(text).ok()
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn key(path: &Path) -> Result<[u8; KEY_BYTES], JournalError> {
    match std::fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| JournalError::Key),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut key = [0; KEY_BYTES];
            aws_lc_rs::rand::fill(&mut key).map_err(|_| JournalError::Key)?;
            // Renamed into place: a crash must not leave half a key.
            let aside = path.with_extension("new");
            let mut file = private()
                .create(true)
                .write(true)
                .truncate(true)
                .open(&aside)?;
            file.write_all(&key)?;
            file.sync_all()?;
            std::fs::rename(&aside, path)?;
            Ok(key)
        }
        Err(error) => Err(error.into()),
    }
}

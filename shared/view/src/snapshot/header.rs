//! The part of a snapshot in clear.

use chrono::DateTime;
use uuid::Uuid;
use vio_domain::ids::TenantId;

use super::seal::OVERHEAD;
use super::{SnapshotError, SnapshotInfo};

/// The magic, and the format's number in its last character. Any change of what chunks hold, of the order of columns or
/// of the lists of codes is a new format: an old snapshot is then rebuilt, never misread.
pub(super) const MAGIC: &[u8; 8] = b"VIOVIEW4";
/// Bytes before the header: magic and the header's length.
pub(super) const PREFIX: usize = 12;
/// A header never has more bytes: chunks enough for many million contacts.
const LONGEST_HEADER: usize = 1024 * 1024;
const FIXED: usize = 16 + 8 + 8 + 8 + 4 + 4;
const PER_CHUNK: usize = 5;
/// No chunk is larger, sealed: a block of one enormous contact.
const LARGEST_CHUNK: usize = 64 * 1024 * 1024;

/// What a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Groups and words, as JSON.
    Names,
    /// Parts of columns.
    Columns,
    /// A block of searched texts.
    Text,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Names => 1,
            Self::Columns => 2,
            Self::Text => 3,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Names, Self::Columns, Self::Text]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) info: SnapshotInfo,
    /// The latest instant the view was brought to, in microseconds.
    pub(super) now: i64,
    pub(super) rows: u32,
    /// Kind and sealed length of each chunk.
    pub(super) chunks: Vec<(Kind, u32)>,
}

impl Header {
    /// Magic, length and header.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let len = FIXED + self.chunks.len() * PER_CHUNK;
        out.extend_from_slice(&(len as u32).to_le_bytes());
        out.extend_from_slice(self.info.tenant.uuid().as_bytes());
        out.extend_from_slice(&self.info.version.to_le_bytes());
        let complete_to = self.info.complete_to.timestamp_micros();
        out.extend_from_slice(&complete_to.to_le_bytes());
        out.extend_from_slice(&self.now.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&(self.chunks.len() as u32).to_le_bytes());
        for (kind, len) in &self.chunks {
            out.push(kind.code());
            out.extend_from_slice(&len.to_le_bytes());
        }
        out
    }

    /// How long magic, length and header are, once the first [`PREFIX`] bytes are there.
    pub(super) fn length(prefix: &[u8; PREFIX]) -> Result<usize, SnapshotError> {
        let (magic, len) = prefix.split_at(MAGIC.len());
        let len = number(len)? as usize;
        let sound = magic == MAGIC && (FIXED..=LONGEST_HEADER).contains(&len);
        sound
            .then_some(PREFIX + len)
            .ok_or(SnapshotError::NotASnapshot)
    }

    /// Reads what [`Header::write`] wrote, given whole.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let bad = SnapshotError::NotASnapshot;
        let header = bytes.get(PREFIX..).ok_or(bad)?;
        let (fixed, table) = header.split_at_checked(FIXED).ok_or(bad)?;
        let tenant = Uuid::from_slice(&fixed[..16]).map_err(|_| bad)?;
        let long = |at: usize| -> Result<[u8; 8], SnapshotError> {
            fixed[at..at + 8].try_into().map_err(|_| bad)
        };
        let complete_to =
            DateTime::from_timestamp_micros(i64::from_le_bytes(long(24)?)).ok_or(bad)?;
        let count = number(&fixed[44..48])? as usize;
        if table.len() != count * PER_CHUNK {
            return Err(bad);
        }
        let chunk = |entry: &[u8]| {
            let kind = Kind::from_code(entry[0]).ok_or(bad)?;
            let len = number(&entry[1..])?;
            let sound = (OVERHEAD..=LARGEST_CHUNK).contains(&(len as usize));
            sound.then_some((kind, len)).ok_or(bad)
        };
        Ok(Self {
            info: SnapshotInfo {
                tenant: TenantId::new(tenant),
                version: u64::from_le_bytes(long(16)?),
                complete_to,
            },
            now: i64::from_le_bytes(long(32)?),
            rows: number(&fixed[40..44])?,
            chunks: table
                .chunks_exact(PER_CHUNK)
                .map(chunk)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn number(bytes: &[u8]) -> Result<u32, SnapshotError> {
    let bytes = bytes.try_into().map_err(|_| SnapshotError::NotASnapshot)?;
    Ok(u32::from_le_bytes(bytes))
}

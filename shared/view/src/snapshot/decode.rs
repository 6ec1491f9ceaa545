//! From chunks to a view.

use vio_domain::ids::TenantId;

use super::encode::{COLUMN_BYTES, Names};
use super::header::{Header, Kind, PREFIX};
use super::seal::Place;
use super::{SnapshotError, SnapshotInfo, SnapshotKey};
use crate::memory::{Reused, Wiped, Wiping, wipe};
use crate::model::plain::{Section, slack, spans_mut};
use crate::model::{Groups, TenantView};
use crate::text::{BLOCK_BYTES, Block};

/// The pieces of a chunk and what leads each.
const MOST_PIECES: usize = COLUMN_BYTES + 1_024;
/// No part is larger before compression.
const LARGEST_PART: usize = 64 * 1024 * 1024;

/// A snapshot that is being read: opens each chunk as soon as its bytes are there, so that a download and the work on it
/// overlap.
pub struct Loading<'a> {
    key: &'a SnapshotKey,
    tenant: TenantId,
    version: u64,
    /// Bytes of the chunk (or header) that is not complete yet.
    waiting: Reused,
    /// Parts of columns, one after another in the same memory.
    pieces: Reused,
    header: Option<(Vec<u8>, Header)>,
    next: usize,
    view: TenantView,
}

impl<'a> Loading<'a> {
    /// Nothing read yet, of a snapshot that must be this tenant's and of this version.
    pub fn new(key: &'a SnapshotKey, tenant: TenantId, version: u64) -> Self {
        Self {
            key,
            tenant,
            version,
            waiting: Reused::default(),
            pieces: Reused::default(),
            header: None,
            next: 0,
            view: TenantView::new(tenant, chrono::DateTime::UNIX_EPOCH),
        }
    }

    /// Takes the bytes that follow. After an error it is of no more use.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), SnapshotError> {
        loop {
            let Some(wanted) = self.wanted()? else {
                return if bytes.is_empty() {
                    Ok(())
                } else {
                    Err(SnapshotError::Trailing)
                };
            };
            let missing = wanted - self.waiting.len();
            let (now, later) = bytes.split_at(missing.min(bytes.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
            if self.waiting.len() < wanted {
                return Ok(());
            }
            self.take()?;
        }
    }

    /// How many bytes the next piece has; none once all is there.
    fn wanted(&self) -> Result<Option<usize>, SnapshotError> {
        match &self.header {
            Some((_, header)) => Ok(header.chunks.get(self.next).map(|(_, len)| *len as usize)),
            None => match self.waiting.first_chunk::<PREFIX>() {
                Some(prefix) => Header::length(prefix).map(Some),
                None => Ok(Some(PREFIX)),
            },
        }
    }

    fn take(&mut self) -> Result<(), SnapshotError> {
        if self.header.is_none() {
            if self.wanted()? == Some(self.waiting.len()) {
                self.begin()?;
            }
            return Ok(());
        }
        let Some((bytes, header)) = &self.header else {
            return Ok(());
        };
        let Some(&(kind, _)) = header.chunks.get(self.next) else {
            return Ok(());
        };
        let place = Place::new(bytes, self.next as u32);
        self.next += 1;
        let chunk = self.key.open(&place, &mut self.waiting)?;
        let read = read_chunk(&mut self.view, &mut self.pieces, kind, chunk);
        self.waiting.emptied();
        read
    }

    fn begin(&mut self) -> Result<(), SnapshotError> {
        let bytes = self.waiting.to_vec();
        let header = Header::read(&bytes)?;
        if header.info.tenant != self.tenant {
            return Err(SnapshotError::ForeignTenant);
        }
        if header.info.version != self.version {
            return Err(SnapshotError::OtherVersion);
        }
        self.view.now = header.now;
        let largest = header.chunks.iter().map(|(_, len)| *len as usize).max();
        self.waiting = Reused::with_capacity(largest.unwrap_or_default());
        self.header = Some((bytes, header));
        Ok(())
    }

    /// The view, once all is there and fits together.
    pub fn finish(mut self) -> Result<(TenantView, SnapshotInfo), SnapshotError> {
        let (_, header) = self.header.take().ok_or(SnapshotError::Truncated)?;
        if self.next < header.chunks.len() {
            return Err(SnapshotError::Truncated);
        }
        let whole = self.view.columns.id.len() == header.rows as usize && self.view.derive();
        whole
            .then_some((self.view, header.info))
            .ok_or(SnapshotError::Malformed)
    }
}

/// As `encode::sections`.
fn sections_mut(view: &mut TenantView) -> Vec<&mut dyn Section> {
    let mut sections = view.columns.sections_mut();
    sections.push(&mut view.texts.odd);
    sections.push(&mut view.texts.numbers);
    sections.extend(spans_mut(&mut view.texts.originals));
    sections.extend(spans_mut(&mut view.appointments));
    sections.extend(spans_mut(&mut view.appointment_texts));
    sections.extend(spans_mut(&mut view.joined));
    sections.extend(spans_mut(&mut view.tags));
    sections.extend(spans_mut(&mut view.rest));
    sections
}

/// Puts an opened chunk into the view. Whatever it holds, this does not panic.
pub(super) fn read_chunk(
    view: &mut TenantView,
    pieces: &mut Reused,
    kind: Kind,
    chunk: &[u8],
) -> Result<(), SnapshotError> {
    let bad = SnapshotError::Malformed;
    let mut rest = chunk;
    match kind {
        Kind::Names => {
            let names = Wiping::new(part(&mut rest, 0)?);
            let names: Names = serde_json::from_slice(&names).map_err(|_| bad)?;
            view.groups = Groups::from_stored(names.groups);
            for (number, word) in (0..).zip(&names.words) {
                if view.words.number(word) != number {
                    return Err(bad);
                }
            }
        }
        Kind::Columns => {
            if pieces.capacity() == 0 {
                *pieces = Reused::with_capacity(MOST_PIECES);
            }
            let plain = rest.first_chunk().map(|plain| u32::from_le_bytes(*plain));
            // Growing would leave something behind.
            if plain.is_none_or(|plain| plain as usize > MOST_PIECES) {
                return Err(bad);
            }
            let (plain, frame) = next(&mut rest)?;
            let room = pieces.emptied();
            room.resize(plain, 0);
            inflate(frame, room)?;
            columns(view, pieces)?;
        }
        Kind::Text => {
            let entries = Wiping::new(part(&mut rest, 0)?);
            // Room to grow in the last block; the others are full.
            let text = Wiped::from_vec(part(&mut rest, BLOCK_BYTES)?);
            let upper = Wiped::from_vec(part(&mut rest, BLOCK_BYTES / 8)?);
            let mut block = Block {
                text,
                upper,
                ..Block::default()
            };
            let mut entries = &entries[..];
            let count = number(&mut entries)? as usize;
            let columns = [&mut block.starts, &mut block.lens, &mut block.rows];
            // An entry has at least a byte, so planes that do not vary cannot claim more than there is.
            if count > block.text.len() {
                return Err(bad);
            }
            for column in columns {
                if !column.append(&mut entries, count) {
                    return Err(bad);
                }
            }
            if !entries.is_empty() || !view.texts.take(block, view.columns.id.len()) {
                return Err(bad);
            }
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(bad) }
}

/// The next part of a chunk, inflated, in memory for at least `capacity` bytes.
pub(super) fn part(rest: &mut &[u8], capacity: usize) -> Result<Vec<u8>, SnapshotError> {
    let (plain, frame) = next(rest)?;
    // All at once: memory that comes zeroed is not written twice.
    let mut out = vec![0; plain.max(capacity)];
    out.truncate(plain);
    inflate(frame, &mut out).map(|()| out)
}

/// The length of the next part once it is inflated, and its frame.
fn next<'a>(rest: &mut &'a [u8]) -> Result<(usize, &'a [u8]), SnapshotError> {
    let bad = SnapshotError::Malformed;
    let (plain, frame) = (number(rest)? as usize, number(rest)? as usize);
    let (frame, after) = rest.split_at_checked(frame).ok_or(bad)?;
    *rest = after;
    if plain > LARGEST_PART {
        return Err(bad);
    }
    Ok((plain, frame))
}

/// Inflates a frame that fills `out`.
fn inflate(frame: &[u8], out: &mut [u8]) -> Result<(), SnapshotError> {
    // Neither is longer than a chunk may be.
    let plain = i32::try_from(out.len()).map_err(|_| SnapshotError::Malformed)?;
    match lz4::block::decompress_to_buffer(frame, Some(plain), out) {
        Ok(done) if done == out.len() => Ok(()),
        _ => {
            wipe(out);
            Err(SnapshotError::Malformed)
        }
    }
}

fn columns(view: &mut TenantView, mut pieces: &[u8]) -> Result<(), SnapshotError> {
    let bad = SnapshotError::Malformed;
    let mut sections = sections_mut(view);
    while !pieces.is_empty() {
        let section = number(&mut pieces)? as usize;
        let (elements, count) = (number(&mut pieces)? as usize, number(&mut pieces)? as usize);
        let section = sections.get_mut(section).ok_or(bad)?;
        // Planes that do not vary hardly take bytes: without this, a few could claim any amount of memory.
        if count.saturating_mul(section.size()) > COLUMN_BYTES + section.size()
            || section.elements() + count > elements
        {
            return Err(bad);
        }
        if section.elements() == 0 {
            if elements.saturating_mul(section.size()) > crate::MOST_BYTES {
                return Err(bad);
            }
            section.expect(elements + slack(elements));
        }
        if !section.append(&mut pieces, count) {
            return Err(bad);
        }
    }
    Ok(())
}

fn number(bytes: &mut &[u8]) -> Result<u32, SnapshotError> {
    let (head, rest) = bytes
        .split_first_chunk::<4>()
        .ok_or(SnapshotError::Malformed)?;
    *bytes = rest;
    Ok(u32::from_le_bytes(*head))
}

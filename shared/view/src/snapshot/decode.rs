//! From chunks to a view.

use vio_domain::ids::TenantId;
use zstd::bulk::Decompressor;

use super::encode::{COLUMN_BYTES, Names};
use super::header::{Header, Kind, PREFIX};
use super::seal::Place;
use super::{SnapshotError, SnapshotInfo, SnapshotKey};
use crate::memory::{Wipe, Wiped, Wiping};
use crate::model::plain::{Section, slack, spans_mut};
use crate::model::{Groups, TenantView};
use crate::text::{BLOCK_BYTES, Block};

/// No part is larger before compression.
const LARGEST_PART: usize = 64 * 1024 * 1024;

/// A snapshot that is being read: opens each chunk as soon as its bytes are there, so that a download and the work on it
/// overlap.
pub struct Loading<'a> {
    key: &'a SnapshotKey,
    tenant: TenantId,
    version: u64,
    /// Bytes of the chunk (or header) that is not complete yet.
    waiting: Wiping<Vec<u8>>,
    /// Parts of columns, one after another in the same memory.
    pieces: Wiping<Vec<u8>>,
    header: Option<(Vec<u8>, Header)>,
    next: usize,
    view: TenantView,
    inflate: Option<Decompressor<'static>>,
}

impl<'a> Loading<'a> {
    /// Nothing read yet, of a snapshot that must be this tenant's and of this version.
    pub fn new(key: &'a SnapshotKey, tenant: TenantId, version: u64) -> Self {
        Self {
            key,
            tenant,
            version,
            waiting: Wiping::default(),
            pieces: Wiping::default(),
            header: None,
            next: 0,
            view: TenantView::new(tenant, chrono::DateTime::UNIX_EPOCH),
            inflate: None,
        }
    }

    /// Takes the bytes that follow. After an error it is of no more use.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), SnapshotError> {
        loop {
            let wanted = self.wanted()?;
            let Some(wanted) = wanted else {
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
        let Some((bytes, header)) = &self.header else {
            if self.wanted()? == Some(self.waiting.len()) {
                self.begin()?;
            }
            return Ok(());
        };
        let Some((kind, _)) = header.chunks.get(self.next).copied() else {
            return Ok(());
        };
        let place = Place::new(bytes, self.next as u32);
        self.next += 1;
        let chunk = self.key.open(&place, &mut self.waiting)?;
        let read = match &mut self.inflate {
            Some(inflate) => read_chunk(&mut self.view, inflate, &mut self.pieces, kind, chunk),
            None => Err(SnapshotError::NotMade),
        };
        self.waiting.wipe();
        self.waiting.clear();
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
        self.waiting = Wiping::new(Vec::with_capacity(largest.unwrap_or_default()));
        self.inflate = Some(Decompressor::new().map_err(|_| SnapshotError::NotMade)?);
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
    inflate: &mut Decompressor<'static>,
    pieces: &mut Wiping<Vec<u8>>,
    kind: Kind,
    chunk: &[u8],
) -> Result<(), SnapshotError> {
    let bad = SnapshotError::Malformed;
    let mut rest = chunk;
    let mut part = |capacity| {
        let mut out = Vec::with_capacity(capacity);
        frame(inflate, &mut rest, &mut out).map(|()| out)
    };
    match kind {
        Kind::Names => {
            let names = Wiping::new(part(0)?);
            let names: Names = serde_json::from_slice(&names).map_err(|_| bad)?;
            view.groups = Groups::from_stored(names.groups);
            for (number, word) in (0..).zip(&names.words) {
                if view.words.number(word) != number {
                    return Err(bad);
                }
            }
        }
        Kind::Columns => {
            pieces.wipe();
            pieces.clear();
            pieces.reserve_exact(COLUMN_BYTES + 1_024);
            frame(inflate, &mut rest, pieces)?;
            columns(view, pieces)?;
        }
        Kind::Text => {
            let entries = Wiping::new(part(0)?);
            // Room to grow in the last block; the others are full.
            let text = Wiped::from_vec(part(BLOCK_BYTES)?);
            let upper = Wiped::from_vec(part(BLOCK_BYTES / 8)?);
            let mut block = Block {
                text,
                upper,
                ..Block::default()
            };
            if !entries.len().is_multiple_of(12) {
                return Err(bad);
            }
            let third = entries.len() / 3;
            let columns = [&mut block.starts, &mut block.lens, &mut block.rows];
            for (column, bytes) in columns.into_iter().zip(entries.chunks(third.max(1))) {
                column.append(bytes);
            }
            if !view.texts.take(block, view.columns.id.len()) {
                return Err(bad);
            }
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(bad) }
}

/// Inflates the next part of a chunk into `out`, which is empty.
pub(super) fn frame(
    inflate: &mut Decompressor<'static>,
    rest: &mut &[u8],
    out: &mut Vec<u8>,
) -> Result<(), SnapshotError> {
    let bad = SnapshotError::Malformed;
    let (plain, frame) = (number(rest)? as usize, number(rest)? as usize);
    let (frame, after) = rest.split_at_checked(frame).ok_or(bad)?;
    *rest = after;
    if plain > LARGEST_PART {
        return Err(bad);
    }
    out.reserve_exact(plain);
    let done = inflate.decompress_to_buffer(frame, out);
    if done.ok() == Some(plain) && out.len() == plain {
        Ok(())
    } else {
        out.wipe();
        out.clear();
        Err(bad)
    }
}

fn columns(view: &mut TenantView, mut pieces: &[u8]) -> Result<(), SnapshotError> {
    let bad = SnapshotError::Malformed;
    let mut sections = sections_mut(view);
    while !pieces.is_empty() {
        let section = number(&mut pieces)? as usize;
        let (elements, bytes) = (number(&mut pieces)? as usize, number(&mut pieces)? as usize);
        let (piece, after) = pieces.split_at_checked(bytes).ok_or(bad)?;
        pieces = after;
        let section = sections.get_mut(section).ok_or(bad)?;
        if section.elements() == 0 {
            if elements.saturating_mul(section.size()) > crate::MOST_BYTES {
                return Err(bad);
            }
            section.expect(elements + slack(elements));
        }
        if !section.append(piece) || section.elements() > elements {
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

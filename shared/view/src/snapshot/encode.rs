//! From a view to chunks.

use chrono::{DateTime, Utc};
use lz4::block::CompressionMode::HIGHCOMPRESSION;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::header::{Header, Kind};
use super::seal::{OVERHEAD, Place};
use super::{SnapshotError, SnapshotInfo, SnapshotKey};
use crate::model::plain::{Section, spans};
use crate::model::{StoredSlot, TenantView};
use crate::text::Block;

/// Of the high compression: inflated as fast as by any other level, and slower ones save a few percent.
const LEVEL: i32 = 4;
/// Bytes of columns in a chunk, before compression.
pub(super) const COLUMN_BYTES: usize = 3 * 1024 * 1024;

/// The short lists of a tenant.
#[derive(Serialize, Deserialize)]
pub(super) struct Names {
    pub(super) groups: Vec<StoredSlot>,
    pub(super) words: Vec<String>,
}

/// All arrays of a view besides the blocks, always in this order, in chunks.
fn sections(view: &TenantView) -> Vec<Zeroizing<Vec<u8>>> {
    let originals = view.texts.originals.packed();
    let appointments = view.appointments.packed();
    let appointment_texts = view.appointment_texts.packed();
    let joined = view.joined.packed();
    let tags = view.tags.packed();
    let rest = view.rest.packed();
    let mut sections = view.columns.sections();
    sections.push(&view.texts.odd);
    sections.push(&view.texts.numbers);
    sections.extend(spans(&originals));
    sections.extend(spans(&appointments));
    sections.extend(spans(&appointment_texts));
    sections.extend(spans(&joined));
    sections.extend(spans(&tags));
    sections.extend(spans(&rest));
    column_chunks(&sections)
}

/// A chunk in clear, compressed.
type Chunk = (Kind, Zeroizing<Vec<u8>>);

/// The chunks of a view.
pub(super) fn chunks(view: &TenantView) -> Result<Vec<Chunk>, SnapshotError> {
    let mut chunks = Vec::new();
    let words = view.words.iter().map(|(_, word)| word.to_owned());
    let names = Names {
        groups: view.groups.stored(),
        words: words.collect(),
    };
    let names = serde_json::to_vec(&names).map_err(|_| SnapshotError::NotMade)?;
    chunks.push((Kind::Names, frames(&[&Zeroizing::new(names)])?));
    for part in sections(view) {
        chunks.push((Kind::Columns, frames(&[&part])?));
    }
    for block in &view.texts.blocks {
        chunks.push((Kind::Text, text_chunk(block)?));
    }
    Ok(chunks)
}

pub(super) fn encode(
    view: &TenantView,
    key: &SnapshotKey,
    version: u64,
    complete_to: DateTime<Utc>,
) -> Result<Vec<u8>, SnapshotError> {
    let chunks = chunks(view)?;
    let length =
        |chunk: &[u8]| u32::try_from(chunk.len() + OVERHEAD).map_err(|_| SnapshotError::NotMade);
    let table = chunks
        .iter()
        .map(|(kind, chunk)| Ok((*kind, length(chunk)?)));
    let header = Header {
        info: SnapshotInfo {
            tenant: view.tenant,
            version,
            complete_to,
        },
        now: view.now,
        rows: u32::try_from(view.columns.id.len()).map_err(|_| SnapshotError::NotMade)?,
        chunks: table.collect::<Result<_, _>>()?,
    };
    let mut out = header.write();
    let header = out.clone();
    out.reserve(chunks.iter().map(|(_, chunk)| chunk.len() + OVERHEAD).sum());
    for (number, (_, chunk)) in (0..).zip(&chunks) {
        key.seal(&Place::new(&header, number), chunk, &mut out)?;
    }
    Ok(out)
}

/// Parts as compressed frames, each led by its length before and after.
pub(super) fn frames(parts: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, SnapshotError> {
    let mut out = Zeroizing::new(Vec::new());
    for part in parts {
        let frame = lz4::block::compress(part, Some(HIGHCOMPRESSION(LEVEL)), false)
            .map_err(|_| SnapshotError::NotMade)?;
        let frame = Zeroizing::new(frame);
        for len in [part.len(), frame.len()] {
            let len = u32::try_from(len).map_err(|_| SnapshotError::NotMade)?;
            out.extend_from_slice(&len.to_le_bytes());
        }
        out.extend_from_slice(&frame);
    }
    Ok(out)
}

/// The sections in pieces: each piece is led by the section's number, its elements in all, and those of the piece.
fn column_chunks(sections: &[&dyn Section]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut chunks = Vec::new();
    let mut chunk = Zeroizing::new(Vec::with_capacity(COLUMN_BYTES + 1_024));
    for (number, section) in (0u32..).zip(sections) {
        let (elements, size) = (section.elements(), section.size());
        let mut from = 0;
        while from < elements {
            if chunk.len() >= COLUMN_BYTES {
                let full = Zeroizing::new(Vec::with_capacity(COLUMN_BYTES + 1_024));
                chunks.push(std::mem::replace(&mut chunk, full));
            }
            let room = ((COLUMN_BYTES - chunk.len()) / size).max(1);
            let to = elements.min(from + room);
            for head in [number, elements as u32, (to - from) as u32] {
                chunk.extend_from_slice(&head.to_le_bytes());
            }
            section.write(from, to, &mut chunk);
            from = to;
        }
    }
    if !chunk.is_empty() {
        chunks.push(chunk);
    }
    chunks
}

/// The entries, the text, and which of its bytes are upper case.
fn text_chunk(block: &Block) -> Result<Zeroizing<Vec<u8>>, SnapshotError> {
    let count = block.starts.len();
    let mut entries = Zeroizing::new(Vec::with_capacity(count * 12 + 64));
    entries.extend_from_slice(&(count as u32).to_le_bytes());
    for column in [&block.starts, &block.lens, &block.rows] {
        column.write(0, count, &mut entries);
    }
    frames(&[&entries, &block.text, &block.upper])
}

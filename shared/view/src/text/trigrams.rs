//! Which parts of a block can hold a text at all: a bit for each three bytes that occur in a part.

use crate::memory::Wiped;

/// Parts of a block: one bit each of a word.
pub(crate) const PARTS: usize = 64;

const BUCKET_BITS: u32 = 15;
const BUCKETS: usize = 1 << BUCKET_BITS;

/// For each bucket of three-byte texts the parts that hold one of them. Never says no wrongly; texts that are gone leave
/// their bits until the block is written anew.
#[derive(Clone)]
pub(crate) struct Trigrams(Wiped<u64>);

impl Trigrams {
    pub(crate) fn new() -> Self {
        Self(Wiped::from_vec(vec![0; BUCKETS]))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Notes that `text` lies in `part`.
    pub(crate) fn add(&mut self, part: usize, text: &[u8]) {
        let bit = 1u64 << part;
        for three in text.windows(3) {
            self.0[bucket(three)] |= bit;
        }
    }

    /// The parts that may hold a text with these buckets.
    pub(crate) fn parts(&self, buckets: &[usize]) -> u64 {
        let mut parts = u64::MAX;
        for bucket in buckets {
            parts &= self.0[*bucket];
            if parts == 0 {
                break;
            }
        }
        parts
    }
}

/// The buckets of a needle; none for one shorter than three bytes.
pub(crate) fn buckets(needle: &[u8]) -> Vec<usize> {
    needle.windows(3).map(bucket).collect()
}

fn bucket(three: &[u8]) -> usize {
    let number = u32::from(three[0]) | u32::from(three[1]) << 8 | u32::from(three[2]) << 16;
    (number.wrapping_mul(0x9E37_79B1) >> (32 - BUCKET_BITS)) as usize
}

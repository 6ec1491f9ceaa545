//! A growing array that is wiped when it moves and when it is dropped.

use std::ops::{Deref, DerefMut};

use zeroize::{DefaultIsZeroes, optimization_barrier};

/// Overwrites memory at the speed of the memory. `zeroize` itself writes element by element, each write volatile; the
/// barrier is its own means of keeping a plain write from being left out.
pub(crate) fn wipe<T: DefaultIsZeroes>(elements: &mut [T]) {
    // Most texts are empty, and filling nothing is dear: the C library writes under a mask, here where no memory is.
    if elements.is_empty() {
        return;
    }
    elements.fill(T::default());
    optimization_barrier(elements);
}

/// Memory that can be wiped as a whole.
pub(crate) trait Wipe {
    fn wipe(&mut self);
}

impl<T: DefaultIsZeroes> Wipe for Vec<T> {
    fn wipe(&mut self) {
        wipe(self);
    }
}

impl Wipe for String {
    fn wipe(&mut self) {
        wipe(&mut std::mem::take(self).into_bytes());
    }
}

/// A text or some bytes that are wiped when they are dropped. Whoever lets it grow or cuts it off wipes before.
#[derive(Clone, Default)]
pub(crate) struct Wiping<T: Wipe>(T);

impl<T: Wipe> Wiping<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T: Wipe> Drop for Wiping<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

impl<T: Wipe> Deref for Wiping<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Wipe> DerefMut for Wiping<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Bytes that come and go in the same memory, which is wiped once, when it is dropped.
#[derive(Default)]
pub(crate) struct Reused {
    bytes: Vec<u8>,
    /// How much of it was ever filled.
    most: usize,
}

impl Reused {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            most: 0,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The memory, empty, to be filled without letting it grow.
    pub(crate) fn emptied(&mut self) -> &mut Vec<u8> {
        self.most = self.most.max(self.bytes.len());
        self.bytes.clear();
        &mut self.bytes
    }

    /// Adds bytes; memory that is outgrown is wiped.
    pub(crate) fn extend_from_slice(&mut self, more: &[u8]) {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed);
            larger.extend_from_slice(&self.bytes);
            self.wipe();
            *self = Self {
                bytes: larger,
                most: 0,
            };
        }
        self.bytes.extend_from_slice(more);
    }

    fn wipe(&mut self) {
        self.bytes.resize(self.most.max(self.bytes.len()), 0);
        wipe(&mut self.bytes);
    }
}

impl Drop for Reused {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl Deref for Reused {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl DerefMut for Reused {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// A `Vec` whose outgrown and dropped memory is overwritten. Shrinking wipes what it cuts off.
pub(crate) struct Wiped<T: DefaultIsZeroes>(Vec<T>);

impl<T: DefaultIsZeroes> Wiped<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn with_capacity(elements: usize) -> Self {
        Self(Vec::with_capacity(elements))
    }

    /// Takes over memory filled elsewhere.
    pub(crate) fn from_vec(elements: Vec<T>) -> Self {
        Self(elements)
    }

    /// Bytes held, used or not.
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }

    /// Makes room; what is outgrown is wiped. Grows by a quarter, so that adding stays cheap and slack small.
    pub(crate) fn reserve(&mut self, more: usize) {
        let needed = self.0.len() + more;
        if needed > self.0.capacity() {
            let grown = self.0.capacity() + self.0.capacity() / 4;
            self.move_to(needed.max(grown).max(16));
        }
    }

    fn move_to(&mut self, capacity: usize) {
        let mut larger = Vec::with_capacity(capacity);
        larger.extend_from_slice(&self.0);
        wipe(&mut self.0);
        self.0 = larger;
    }

    pub(crate) fn push(&mut self, element: T) {
        self.reserve(1);
        self.0.push(element);
    }

    pub(crate) fn extend_from_slice(&mut self, elements: &[T]) {
        self.reserve(elements.len());
        self.0.extend_from_slice(elements);
    }

    /// Adds as many elements as `elements` says it has.
    pub(crate) fn extend(&mut self, elements: impl ExactSizeIterator<Item = T>) {
        self.reserve(elements.len());
        let room = self.0.capacity() - self.0.len();
        self.0.extend(elements.take(room));
    }

    pub(crate) fn resize(&mut self, elements: usize, value: T) {
        if elements <= self.0.len() {
            wipe(&mut self.0[elements..]);
            self.0.truncate(elements);
        } else {
            self.reserve(elements - self.0.len());
            self.0.resize(elements, value);
        }
    }
}

impl<T: DefaultIsZeroes> Clone for Wiped<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: DefaultIsZeroes> Default for Wiped<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: DefaultIsZeroes> Drop for Wiped<T> {
    fn drop(&mut self) {
        // Only what was ever written: the rest of the capacity never held anything.
        wipe(&mut self.0);
    }
}

impl<T: DefaultIsZeroes> Deref for Wiped<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: DefaultIsZeroes> DerefMut for Wiped<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_reused_is_wiped_to_its_end() {
        let mut reused = Reused::with_capacity(8);
        reused.extend_from_slice(b"a longer text");
        assert_eq!(&reused[..], b"a longer text");
        reused.emptied().extend_from_slice(b"short");
        assert_eq!((reused.len(), reused.most), (5, 13));
        reused.wipe();
        assert_eq!(reused[..], [0; 13]);
    }

    #[test]
    fn holds_what_a_vec_would() {
        let mut wiped = Wiped::new();
        let mut plain = Vec::new();
        for n in 0..1_000u32 {
            wiped.push(n);
            plain.push(n);
        }
        wiped.extend_from_slice(&[7; 300]);
        plain.extend_from_slice(&[7; 300]);
        wiped.resize(1_100, 9);
        plain.resize(1_100, 9);
        assert_eq!(&wiped[..], &plain[..]);
        wiped.resize(2_000, 5);
        assert_eq!(&wiped[1_100..], &[5; 900]);
        assert!(wiped.bytes() >= 2_000 * 4 && wiped.bytes() < 4_000 * 4);
    }
}

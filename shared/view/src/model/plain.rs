//! Numbers and records of numbers as bytes, for snapshots.

use zeroize::DefaultIsZeroes;

use crate::memory::{Bits, Spans, Wiped};

/// A value of a fixed number of bytes, little-endian.
pub(crate) trait Plain: DefaultIsZeroes {
    const SIZE: usize;
    fn put(self, out: &mut Vec<u8>);
    /// From exactly `SIZE` bytes.
    fn take(bytes: &[u8]) -> Self;
    /// Appends all that `bytes` hold, however many they are; what is left of a cut one is left out.
    fn take_all(bytes: &[u8], out: &mut Wiped<Self>);
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Plain for $number {
            const SIZE: usize = size_of::<$number>();
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn take(bytes: &[u8]) -> Self {
                bytes.try_into().map(Self::from_le_bytes).unwrap_or_default()
            }
            // Of arrays of a known length, which becomes one copy where numbers are little-endian.
            fn take_all(bytes: &[u8], out: &mut Wiped<Self>) {
                let (numbers, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
                out.extend(numbers.iter().map(|bytes| Self::from_le_bytes(*bytes)));
            }
        }
    )+};
}
numbers!(u8, u16, u32, u64, u128, i64);

/// A record of [`Plain`] fields.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq)]
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $kind,)+ }

        impl zeroize::DefaultIsZeroes for $name {}

        impl $crate::model::plain::Plain for $name {
            const SIZE: usize = 0 $(+ <$kind as $crate::model::plain::Plain>::SIZE)+;
            fn put(self, out: &mut Vec<u8>) {
                $($crate::model::plain::Plain::put(self.$field, out);)+
            }
            #[inline]
            fn take(bytes: &[u8]) -> Self {
                let mut rest = bytes;
                $(
                    let size = <$kind as $crate::model::plain::Plain>::SIZE.min(rest.len());
                    let (head, tail) = rest.split_at(size);
                    let $field = <$kind as $crate::model::plain::Plain>::take(head);
                    rest = tail;
                )+
                let _ = rest;
                Self { $($field),+ }
            }
            fn take_all(bytes: &[u8], out: &mut $crate::memory::Wiped<Self>) {
                let (records, _) = bytes.as_chunks::<{ <$name as $crate::model::plain::Plain>::SIZE }>();
                out.extend(records.iter().map(|bytes| <Self as $crate::model::plain::Plain>::take(bytes)));
            }
        }
    };
}
pub(crate) use record;

/// One array of a snapshot.
pub(crate) trait Section {
    /// Elements it has.
    fn elements(&self) -> usize;
    /// Bytes of each.
    fn size(&self) -> usize;
    /// Appends some elements as bytes.
    fn write(&self, from: usize, to: usize, out: &mut Vec<u8>);
    /// Makes room for that many in all.
    fn expect(&mut self, elements: usize);
    /// Takes elements from bytes; false if the last one is cut.
    fn append(&mut self, bytes: &[u8]) -> bool;
}

impl<T: Plain> Section for Wiped<T> {
    fn elements(&self) -> usize {
        self.len()
    }

    fn size(&self) -> usize {
        T::SIZE
    }

    fn write(&self, from: usize, to: usize, out: &mut Vec<u8>) {
        self[from..to].iter().for_each(|value| value.put(out));
    }

    fn expect(&mut self, elements: usize) {
        self.reserve(elements);
    }

    fn append(&mut self, bytes: &[u8]) -> bool {
        T::take_all(bytes, self);
        bytes.len().is_multiple_of(T::SIZE)
    }
}

/// Slack that an array gets when it is read from a snapshot, so that the first changes move nothing.
pub(crate) fn slack(elements: usize) -> usize {
    elements / 32 + 1_024
}

/// The arrays of a list per row.
pub(crate) fn spans<T: Plain>(spans: &Spans<T>) -> [&dyn Section; 3] {
    [&spans.starts, &spans.lens, &spans.items]
}

/// As [`spans`], to be read into.
pub(crate) fn spans_mut<T: Plain>(spans: &mut Spans<T>) -> [&mut dyn Section; 3] {
    [&mut spans.starts, &mut spans.lens, &mut spans.items]
}

/// The rows in which a column has a value that `test` holds for.
pub(crate) fn rows_where<T: DefaultIsZeroes>(
    column: &Wiped<T>,
    mut test: impl FnMut(T) -> bool,
) -> Bits {
    Bits::of(column.len(), |row| test(column[row]))
}

//! Numbers and records of numbers as bytes, for snapshots.

use zeroize::DefaultIsZeroes;

use crate::memory::{Bits, Spans, Wiped, wipe};

/// A plane of which all bytes are this one that follows.
const EQUAL: u8 = 0;
/// A plane of a byte for each value.
const VARIES: u8 = 1;
/// Values that are put together at a time: they stay in the processor's nearest cache.
pub(crate) const AT_A_TIME: usize = 256;

/// A value of a fixed number of bytes. Many of them are written by significance: the lowest byte of all, then the next
/// one of all, and so on, each such plane as one byte where it is the same in all. Most planes of times, versions and
/// counts are, and random ones lie together, which a compressor passes over.
pub(crate) trait Plain: DefaultIsZeroes {
    /// Bytes, and so planes, of a value.
    const SIZE: usize;
    /// The planes of some values as they lie in a snapshot.
    type Planes<'a>;
    /// Memory for [`AT_A_TIME`] values that are put together, wiped by [`Plain::wipe_room`].
    type Room;

    fn put(values: &[Self], out: &mut Vec<u8>);
    /// Finds the planes of `count` values at the beginning of `bytes`, which are cut off; none if they end too early.
    fn planes<'a>(bytes: &mut &'a [u8], count: usize) -> Option<Self::Planes<'a>>;
    fn room() -> Self::Room;
    fn wipe_room(room: &mut Self::Room);
    /// Puts values together, from the one at `from` on. At most [`AT_A_TIME`].
    fn fill(planes: &Self::Planes<'_>, from: usize, room: &mut Self::Room, out: &mut [Self]);
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Plain for $number {
            const SIZE: usize = size_of::<$number>();
            /// What all values have in common, and the planes that vary.
            type Planes<'a> = ($number, [&'a [u8]; size_of::<$number>()]);
            type Room = ();

            fn put(values: &[Self], out: &mut Vec<u8>) {
                for place in 0..Self::SIZE {
                    let byte = |value: &Self| value.to_le_bytes()[place];
                    let first = values.first().map_or(0, byte);
                    if values.iter().all(|value| byte(value) == first) {
                        out.extend_from_slice(&[EQUAL, first]);
                    } else {
                        out.push(VARIES);
                        out.extend(values.iter().map(byte));
                    }
                }
            }

            fn planes<'a>(bytes: &mut &'a [u8], count: usize) -> Option<Self::Planes<'a>> {
                let mut common = [0; size_of::<$number>()];
                let mut varying: [&[u8]; size_of::<$number>()] = [&[]; size_of::<$number>()];
                for (common, varying) in common.iter_mut().zip(&mut varying) {
                    let (kind, rest) = bytes.split_first()?;
                    let len = match *kind { EQUAL => 1, VARIES => count, _ => return None };
                    let (plane, rest) = rest.split_at_checked(len)?;
                    *bytes = rest;
                    if *kind == EQUAL {
                        *common = *plane.first()?;
                    } else {
                        *varying = plane;
                    }
                }
                Some((Self::from_le_bytes(common), varying))
            }

            fn room() {}

            fn wipe_room((): &mut ()) {}

            fn fill((common, varying): &Self::Planes<'_>, from: usize, (): &mut (), out: &mut [Self]) {
                out.fill(*common);
                for (place, plane) in varying.iter().enumerate() {
                    let plane = plane.get(from..).unwrap_or_default();
                    for (value, byte) in out.iter_mut().zip(plane) {
                        *value |= Self::from(*byte) << (8 * place);
                    }
                }
            }
        }
    )+};
}
numbers!(u8, u16, u32, u64, i64);

impl Plain for u128 {
    const SIZE: usize = 16;
    /// Of the lower and the upper half.
    type Planes<'a> = [<u64 as Plain>::Planes<'a>; 2];
    type Room = [[u64; AT_A_TIME]; 2];

    fn put(values: &[Self], out: &mut Vec<u8>) {
        for shift in [0, 64] {
            let mut half = Wiped::with_capacity(values.len());
            half.extend(values.iter().map(|value| (value >> shift) as u64));
            u64::put(&half, out);
        }
    }

    fn planes<'a>(bytes: &mut &'a [u8], count: usize) -> Option<Self::Planes<'a>> {
        Some([u64::planes(bytes, count)?, u64::planes(bytes, count)?])
    }

    fn room() -> Self::Room {
        [[0; AT_A_TIME]; 2]
    }

    fn wipe_room(room: &mut Self::Room) {
        room.iter_mut().for_each(|half| wipe(half));
    }

    fn fill(planes: &Self::Planes<'_>, from: usize, room: &mut Self::Room, out: &mut [Self]) {
        let [low, high] = room;
        u64::fill(&planes[0], from, &mut (), &mut low[..out.len()]);
        u64::fill(&planes[1], from, &mut (), &mut high[..out.len()]);
        for ((value, low), high) in out.iter_mut().zip(low).zip(high) {
            *value = Self::from(*high) << 64 | Self::from(*low);
        }
    }
}

/// A record of [`Plain`] fields, whose planes are those of its fields, one after another.
macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq)]
        pub(crate) struct $name { $($(#[$field_doc])* pub(crate) $field: $kind,)+ }

        impl zeroize::DefaultIsZeroes for $name {}

        const _: () = {
            use $crate::memory::{Wiped, wipe};
            use $crate::model::plain::{AT_A_TIME, Plain};

            /// Something of each field.
            pub(crate) struct Planes<'a> { $($field: <$kind as Plain>::Planes<'a>,)+ }
            pub(crate) struct Room { $($field: ([$kind; AT_A_TIME], <$kind as Plain>::Room),)+ }

            impl Plain for $name {
                const SIZE: usize = 0 $(+ <$kind as Plain>::SIZE)+;
                type Planes<'a> = Planes<'a>;
                type Room = Room;

                fn put(values: &[Self], out: &mut Vec<u8>) {
                    $(
                        let mut column = Wiped::with_capacity(values.len());
                        column.extend(values.iter().map(|value| value.$field));
                        <$kind as Plain>::put(&column, out);
                    )+
                }

                fn planes<'a>(bytes: &mut &'a [u8], count: usize) -> Option<Self::Planes<'a>> {
                    Some(Planes { $($field: <$kind as Plain>::planes(bytes, count)?,)+ })
                }

                fn room() -> Self::Room {
                    Room { $($field: ([Default::default(); AT_A_TIME], <$kind as Plain>::room()),)+ }
                }

                fn wipe_room(room: &mut Self::Room) {
                    $(
                        wipe(&mut room.$field.0);
                        <$kind as Plain>::wipe_room(&mut room.$field.1);
                    )+
                }

                fn fill(planes: &Self::Planes<'_>, from: usize, room: &mut Self::Room, out: &mut [Self]) {
                    $(
                        let (values, beneath) = &mut room.$field;
                        let values = &mut values[..out.len()];
                        <$kind as Plain>::fill(&planes.$field, from, beneath, values);
                        for (record, value) in out.iter_mut().zip(values) {
                            record.$field = *value;
                        }
                    )+
                }
            }
        };
    };
}
pub(crate) use record;

/// One array of a snapshot.
pub(crate) trait Section {
    /// Elements it has.
    fn elements(&self) -> usize;
    /// Bytes of each.
    fn size(&self) -> usize;
    /// Appends some elements as bytes, by significance.
    fn write(&self, from: usize, to: usize, out: &mut Vec<u8>);
    /// Makes room for that many in all.
    fn expect(&mut self, elements: usize);
    /// Takes so many elements from the beginning of `bytes`, which is cut off; false if they are not there.
    fn append(&mut self, bytes: &mut &[u8], count: usize) -> bool;
}

impl<T: Plain> Section for Wiped<T> {
    fn elements(&self) -> usize {
        self.len()
    }

    fn size(&self) -> usize {
        T::SIZE
    }

    fn write(&self, from: usize, to: usize, out: &mut Vec<u8>) {
        T::put(&self[from..to], out);
    }

    fn expect(&mut self, elements: usize) {
        self.reserve(elements);
    }

    fn append(&mut self, bytes: &mut &[u8], count: usize) -> bool {
        let Some(planes) = T::planes(bytes, count) else {
            return false;
        };
        let (mut values, mut room) = ([T::default(); AT_A_TIME], T::room());
        self.reserve(count);
        for from in (0..count).step_by(AT_A_TIME) {
            let values = &mut values[..AT_A_TIME.min(count - from)];
            T::fill(&planes, from, &mut room, values);
            self.extend_from_slice(values);
        }
        wipe(&mut values);
        T::wipe_room(&mut room);
        true
    }
}

/// Slack that an array gets when it is read from a snapshot, so that the first changes move nothing.
pub(crate) fn slack(elements: usize) -> usize {
    elements / 32 + 1_024
}

/// The arrays of a packed list per row: where each begins follows from their lengths.
pub(crate) fn spans<T: Plain>(spans: &Spans<T>) -> [&dyn Section; 2] {
    [&spans.lens, &spans.items]
}

/// As [`spans`], to be read into.
pub(crate) fn spans_mut<T: Plain>(spans: &mut Spans<T>) -> [&mut dyn Section; 2] {
    [&mut spans.lens, &mut spans.items]
}

/// The rows in which a column has a value that `test` holds for.
pub(crate) fn rows_where<T: DefaultIsZeroes>(
    column: &Wiped<T>,
    mut test: impl FnMut(T) -> bool,
) -> Bits {
    Bits::of(column.len(), |row| test(column[row]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    record! {
        Mixed {
            id: u128,
            at: i64,
            count: u16,
            flag: u8,
        }
    }

    fn value() -> impl Strategy<Value = Mixed> {
        let numbers = (any::<u64>(), any::<i64>(), any::<u16>(), any::<u8>());
        // What varies in some places only, in all, or in none.
        (numbers, 0..4u8).prop_map(|((id, at, count, flag), which)| Mixed {
            id: [7, u128::from(id) << 40, u128::MAX, u128::from(id)][usize::from(which)],
            at: [i64::MIN, at, at % 1_000, -1][usize::from(which)],
            count: [3, count, 3, 3][usize::from(which)],
            flag: flag % (which + 1),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn is_read_as_it_was_written(values in proptest::collection::vec(value(), 0..700), cut in any::<proptest::sample::Index>()) {
            let mut written = Wiped::new();
            written.extend_from_slice(&values);
            let mut bytes = Vec::new();
            written.write(0, values.len(), &mut bytes);
            prop_assert!(bytes.len() <= values.len() * Mixed::SIZE + 2 * Mixed::SIZE);
            let mut read = Wiped::<Mixed>::new();
            let mut rest = &bytes[..];
            prop_assert!(read.append(&mut rest, values.len()) && rest.is_empty());
            prop_assert_eq!(&read[..], &values[..]);
            let mut cut = &bytes[..cut.index(bytes.len())];
            prop_assert!(!Wiped::<Mixed>::new().append(&mut cut, values.len()));
        }
    }
}

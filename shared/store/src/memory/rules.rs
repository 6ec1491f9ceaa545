//! What DynamoDB refuses, and when its conditions hold.

use crate::port::{
    AttributeValue, Attributes, Condition, Index, Key, MAX_ITEM_BYTES, MAX_OPS, Op, PK, PortError,
    Position, Query, SK, SortRange, Source, TableName, Transaction, VERSION,
};

/// Bytes of a partition key and of a sort key.
const MAX_KEY_BYTES: (usize, usize) = (2048, 1024);
/// Bytes of all items of one transaction.
const MAX_TRANSACTION_BYTES: usize = 4 * 1024 * 1024;
/// Length of a transaction's token.
const MAX_TOKEN: usize = 36;

pub(super) fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn number(item: &Attributes, name: &str) -> Option<i128> {
    match item.get(name) {
        Some(AttributeValue::N(number)) => number.parse().ok(),
        _ => None,
    }
}

/// Whether a condition holds of an item as stored. A comparison with an attribute that is not there is false.
pub(super) fn holds(condition: &Condition, item: Option<&Attributes>) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Absent => item.is_none(),
        Condition::Present => item.is_some(),
        Condition::VersionIs(version) => item
            .and_then(|item| number(item, VERSION))
            .is_some_and(|found| found == i128::from(*version)),
        Condition::AbsentOrExpired { attribute, now_ms } => item.is_none_or(|item| {
            number(item, attribute).is_some_and(|expiry| expiry <= i128::from(*now_ms))
        }),
        Condition::Equals(name, value) => item.is_some_and(|item| item.get(*name) == Some(value)),
        Condition::Both(a, b) => holds(a, item) && holds(b, item),
    }
}

/// Whether a condition asks for anything; a check that does not is malformed.
fn says_something(condition: &Condition) -> bool {
    match condition {
        Condition::Always => false,
        Condition::Both(a, b) => says_something(a) || says_something(b),
        _ => true,
    }
}

/// Size of an item as DynamoDB counts it: names and values, a number by its digits, a byte or three for structure.
pub fn item_bytes(item: &Attributes) -> usize {
    fn number(digits: &str) -> usize {
        digits.len() / 2 + 2
    }
    fn value(held: &AttributeValue) -> usize {
        match held {
            AttributeValue::S(s) => s.len(),
            AttributeValue::N(n) => number(n),
            AttributeValue::B(b) => b.len(),
            AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
            AttributeValue::M(map) => {
                3 + map
                    .iter()
                    .map(|(k, v)| 1 + k.len() + value(v))
                    .sum::<usize>()
            }
            AttributeValue::L(list) => 3 + list.iter().map(|v| 1 + value(v)).sum::<usize>(),
            AttributeValue::Ss(set) => set.iter().map(String::len).sum(),
            AttributeValue::Ns(set) => set.iter().map(|n| number(n)).sum(),
            AttributeValue::Bs(set) => set.iter().map(Vec::len).sum(),
        }
    }
    item.iter().map(|(name, v)| name.len() + value(v)).sum()
}

fn invalid(reason: impl Into<String>) -> PortError {
    PortError::Invalid(reason.into())
}

/// A key attribute is text of bounded length, and never empty.
fn key_part(value: &str, most: usize, name: &str) -> Result<(), PortError> {
    if value.is_empty() || value.len() > most {
        return Err(invalid(format!("{name} of {} bytes", value.len())));
    }
    Ok(())
}

pub(super) fn key(key: &Key) -> Result<(), PortError> {
    key_part(&key.pk, MAX_KEY_BYTES.0, PK)?;
    key_part(&key.sk, MAX_KEY_BYTES.1, SK)
}

/// An index key that is there must be fit for a key, whether or not the other half of it is there.
fn index_keys(item: &Attributes) -> Result<(), PortError> {
    for index in [Index::Due, Index::Enumeration] {
        let (pk, sk) = index.key_names();
        for (name, most) in [(pk, MAX_KEY_BYTES.0), (sk, MAX_KEY_BYTES.1)] {
            match item.get(name) {
                None => {}
                Some(AttributeValue::S(value)) => key_part(value, most, name)?,
                Some(_) => return Err(invalid(format!("{name} is not text"))),
            }
        }
    }
    Ok(())
}

/// The key of the item that an operation is on.
fn op_key(op: &Op) -> Result<Key, PortError> {
    Ok(match op {
        Op::Put { table, item, .. } => match (text(item, PK), text(item, SK)) {
            (Some(pk), Some(sk)) => Key {
                table: *table,
                pk: pk.to_owned(),
                sk: sk.to_owned(),
            },
            _ => return Err(invalid("an item without its key")),
        },
        Op::Delete { key, .. } | Op::Check { key, .. } => key.clone(),
    })
}

/// The keys of a transaction's operations, in order; an error for what DynamoDB would refuse.
pub(super) fn transaction(transaction: &Transaction) -> Result<Vec<Key>, PortError> {
    let ops = &transaction.ops;
    if ops.is_empty() || ops.len() > MAX_OPS {
        return Err(invalid(format!(
            "a transaction of {} operations",
            ops.len()
        )));
    }
    if let [Op::Check { .. }] = ops.as_slice() {
        return Err(invalid("a check alone writes nothing"));
    }
    // A single operation is sent as a plain write, without the token.
    let alone = ops.len() == 1;
    if !alone && (transaction.token.is_empty() || transaction.token.len() > MAX_TOKEN) {
        return Err(invalid("a token of a wrong length"));
    }
    let mut keys = Vec::with_capacity(ops.len());
    let mut bytes = 0;
    for op in ops {
        let target = op_key(op)?;
        key(&target)?;
        if keys.contains(&target) {
            return Err(invalid("two operations on one item"));
        }
        match op {
            Op::Put { table, item, .. } => {
                if *table == TableName::Main {
                    index_keys(item)?;
                }
                let size = item_bytes(item);
                if size > MAX_ITEM_BYTES {
                    return Err(invalid("an item over 400 KB"));
                }
                bytes += size;
            }
            Op::Check { condition, .. } if !says_something(condition) => {
                return Err(invalid("a check without a condition"));
            }
            Op::Check { .. } | Op::Delete { .. } => {}
        }
        keys.push(target);
    }
    if !alone && bytes > MAX_TRANSACTION_BYTES {
        return Err(invalid("a transaction over 4 MB"));
    }
    Ok(keys)
}

/// Checks a query, and that it may start after the position given.
pub(super) fn query(query: &Query) -> Result<(), PortError> {
    key_part(&query.pk, MAX_KEY_BYTES.0, "partition key")?;
    let bounds: &[&String] = match &query.sort {
        SortRange::All => &[],
        SortRange::Prefix(prefix) => &[prefix],
        SortRange::AtMost(high) => &[high],
        SortRange::Between(low, high) if low > high => {
            return Err(invalid("a range whose end lies before its start"));
        }
        SortRange::Between(low, high) => &[low, high],
    };
    for bound in bounds {
        key_part(bound, MAX_KEY_BYTES.1, "sort key")?;
    }
    query
        .after
        .as_ref()
        .map_or(Ok(()), |after| position(query, after))
}

fn position(query: &Query, after: &Position) -> Result<(), PortError> {
    key_part(&after.pk, MAX_KEY_BYTES.0, PK)?;
    key_part(&after.sk, MAX_KEY_BYTES.1, SK)?;
    let (pk, sort) = match (query.source, &after.index) {
        (Source::Table(_), None) => (&after.pk, &after.sk),
        (Source::Index(_), Some((pk, sort))) => (pk, sort),
        _ => return Err(invalid("a position of another index")),
    };
    let within = match &query.sort {
        SortRange::All => true,
        SortRange::Prefix(prefix) => sort.starts_with(prefix.as_str()),
        SortRange::Between(low, high) => low <= sort && sort <= high,
        SortRange::AtMost(high) => sort <= high,
    };
    if *pk != query.pk || !within {
        return Err(invalid("a position outside the query"));
    }
    Ok(())
}

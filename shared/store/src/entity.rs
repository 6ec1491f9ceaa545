//! What is stored: an entity states its type, key, version and index keys in one place, and the envelope adds them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::port::{
    AttributeValue, Attributes, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, Key, PK, SK, TTL,
    VERSION,
};

/// Attribute that names the entity's type.
pub const TYPE: &str = "_t";
/// Attribute that names the version of the entity's stored form.
pub const SCHEMA: &str = "_s";

/// Names of the envelope's own attributes.
const ENVELOPE: [&str; 11] = [
    PK, SK, TYPE, SCHEMA, VERSION, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, TTL,
];

/// Position in the enumeration index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enumerated {
    pub pk: String,
    pub sk: String,
    /// A small word to filter by, projected into the index.
    pub tag: Option<String>,
}

/// Position in the due index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEntry {
    pub pk: String,
    pub sk: String,
}

/// Something kept in the table. Its serde form must not use the attribute names of the envelope
/// (`pk`, `sk`, `v`, `_t`, `_s`, `due_*`, `enum_*`, `ttl`).
pub trait Entity: Serialize + DeserializeOwned + Send + Sync {
    /// Short name of the type, stored as `_t`.
    const TYPE: &'static str;
    /// Version of the stored form; a reader of an older one upgrades it.
    const SCHEMA: u32 = 1;

    /// Where it lies.
    fn key(&self) -> Key;
    /// Its version: 0 before it was ever written. Entities that are written once may leave this at 1.
    fn version(&self) -> u64;
    /// Sets the version, as read from the table or as about to be written.
    fn set_version(&mut self, version: u64);
    /// When it must be looked at again, if ever.
    fn due(&self) -> Option<DueEntry> {
        None
    }
    /// Its place in the enumeration of its kind, if it has one.
    fn enumerated(&self) -> Option<Enumerated> {
        None
    }
    /// Epoch second of garbage collection.
    fn ttl(&self) -> Option<i64> {
        None
    }
}

/// The item of an entity with the version it is to be stored under.
pub fn to_item<E: Entity>(entity: &E, version: u64) -> Result<Attributes, StoreError> {
    let item: serde_dynamo::Item =
        serde_dynamo::to_item(entity).map_err(|source| StoreError::Encode {
            entity: E::TYPE,
            source,
        })?;
    let mut item = item.into_inner();
    if let Some(name) = ENVELOPE.iter().find(|name| item.contains_key(**name)) {
        let entity = E::TYPE;
        return Err(StoreError::Invalid(format!("{entity} has a field {name}")));
    }
    let Key { pk, sk, .. } = entity.key();
    let text = AttributeValue::S;
    item.insert(PK.into(), text(pk));
    item.insert(SK.into(), text(sk));
    item.insert(TYPE.into(), text(E::TYPE.into()));
    item.insert(SCHEMA.into(), AttributeValue::N(E::SCHEMA.to_string()));
    item.insert(VERSION.into(), AttributeValue::N(version.to_string()));
    if let Some(due) = entity.due() {
        item.insert(DUE_PK.into(), text(due.pk));
        item.insert(DUE_SK.into(), text(due.sk));
    }
    if let Some(place) = entity.enumerated() {
        item.insert(ENUM_PK.into(), text(place.pk));
        item.insert(ENUM_SK.into(), text(place.sk));
        if let Some(tag) = place.tag {
            item.insert(ENUM_TAG.into(), text(tag));
        }
    }
    if let Some(ttl) = entity.ttl() {
        item.insert(TTL.into(), AttributeValue::N(ttl.to_string()));
    }
    // Nulls cost bytes and say nothing that absence does not.
    item.retain(|_, value| !matches!(value, AttributeValue::Null(true)));
    Ok(item)
}

/// The entity of an item. An item of another type is an error: keys are typed, so it can only be corruption.
pub fn from_item<E: Entity>(item: Attributes) -> Result<E, StoreError> {
    if type_of(&item) != Some(E::TYPE) {
        return Err(StoreError::WrongType { expected: E::TYPE });
    }
    let version = match item.get(VERSION) {
        Some(AttributeValue::N(number)) => number.parse().unwrap_or(0),
        _ => 0,
    };
    let mut entity: E =
        serde_dynamo::from_item(serde_dynamo::Item::from(item)).map_err(|source| {
            StoreError::Decode {
                entity: E::TYPE,
                source,
            }
        })?;
    entity.set_version(version);
    Ok(entity)
}

/// The type of an item, for folding a collection of mixed entities.
pub fn type_of(item: &Attributes) -> Option<&str> {
    match item.get(TYPE) {
        Some(AttributeValue::S(name)) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::TableName;

    #[derive(Debug, Serialize, serde::Deserialize)]
    struct Greedy {
        ttl: i64,
    }

    impl Entity for Greedy {
        const TYPE: &'static str = "greedy";
        fn key(&self) -> Key {
            Key {
                table: TableName::Main,
                pk: "a".into(),
                sk: "b".into(),
            }
        }
        fn version(&self) -> u64 {
            1
        }
        fn set_version(&mut self, _: u64) {}
    }

    #[test]
    fn a_field_named_like_the_envelopes_is_refused() {
        let outcome = to_item(&Greedy { ttl: 1 }, 1);
        assert!(matches!(outcome, Err(StoreError::Invalid(text)) if text.contains("ttl")));
    }
}

//! Texts that many rows share, each kept once.

use std::collections::HashMap;

/// A number for each different text. Numbers are never given back: what is kept here is a tenant's own short lists
/// (tags, industries, locations, users), not persons.
#[derive(Clone, Default)]
pub(crate) struct Dict {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

/// The number that stands for no text.
pub(crate) const NO_TEXT: u32 = u32::MAX;

impl Dict {
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    pub(crate) fn number_of(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NO_TEXT, |text| self.number(text))
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..).zip(self.texts.iter().map(String::as_str))
    }

    pub(crate) fn bytes(&self) -> usize {
        let texts = self.texts.iter().map(|text| 2 * text.capacity() + 64);
        texts.sum()
    }
}

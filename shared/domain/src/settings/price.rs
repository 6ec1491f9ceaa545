//! What a call costs a tenant (rules.md Campaigns: the estimated cost; integer minor units plus currency).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Invalid;

/// A currency by its ISO 4217 letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three letters, in capitals.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => {
                Ok(Self([*a, *b, *c]))
            }
            _ => Err(Invalid::new(
                "not_a_currency",
                "A currency has three capital letters, such as GBP.",
            )),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({self})")
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.to_string()
    }
}

/// The price of one call. Never zero: a business that pays nothing per call has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPrice", into = "RawPrice")]
pub struct Price {
    amount_minor: u32,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
struct RawPrice {
    amount_minor: u32,
    currency: Currency,
}

impl Price {
    /// The highest price, in the smallest unit.
    pub const MOST: u32 = 1_000_000;

    /// So much of the currency's smallest unit.
    ///
    /// # Errors
    /// Zero, or more than [`Price::MOST`].
    pub fn new(amount_minor: u32, currency: Currency) -> Result<Self, Invalid> {
        if (1..=Self::MOST).contains(&amount_minor) {
            Ok(Self {
                amount_minor,
                currency,
            })
        } else {
            Err(Invalid::new(
                "out_of_range",
                "A price is 1 to 1,000,000 of the smallest unit; without a price leave it empty.",
            ))
        }
    }

    /// In the currency's smallest unit.
    pub const fn amount_minor(self) -> u32 {
        self.amount_minor
    }

    /// Of what.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

impl TryFrom<RawPrice> for Price {
    type Error = Invalid;

    fn try_from(raw: RawPrice) -> Result<Self, Invalid> {
        Self::new(raw.amount_minor, raw.currency)
    }
}

impl From<Price> for RawPrice {
    fn from(price: Price) -> Self {
        Self {
            amount_minor: price.amount_minor,
            currency: price.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_never_zero_and_has_a_currency() {
        let gbp = Currency::parse("GBP").unwrap();
        assert_eq!(gbp.to_string(), "GBP");
        for wrong in ["gbp", "GB", "POUND", "G1P", ""] {
            assert_eq!(Currency::parse(wrong).unwrap_err().code, "not_a_currency");
        }
        assert!(Price::new(0, gbp).is_err() && Price::new(Price::MOST + 1, gbp).is_err());
        let price = Price::new(12, gbp).unwrap();
        let json = serde_json::to_value(price).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"amount_minor": 12, "currency": "GBP"})
        );
        assert_eq!(serde_json::from_value::<Price>(json).unwrap(), price);
        let zero = serde_json::json!({"amount_minor": 0, "currency": "GBP"});
        assert!(serde_json::from_value::<Price>(zero).is_err());
    }
}

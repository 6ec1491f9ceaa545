//! What the agent may say.

use serde::{Deserialize, Serialize};

macro_rules! choices {
    ($($name:ident { $($choice:ident),* })*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($choice),* }
    )*};
}

choices! {
    HipaaLevel { Strict, Standard, Basic }
    Personalization { Minimal, Standard, Enhanced }
    ScriptLength { Brief, Standard, Detailed }
    Tone { Professional, Friendly, Casual, Medical }
}

//! Cells of files that a spreadsheet opens.

use std::borrow::Cow;

/// A cell that a spreadsheet would run as a formula is shown as text (rules.md Import and export).
pub fn neutral(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_run_is_shown() {
        for cell in ["=1+1", "+44 20", "-2", "@sum", "\tx", "\rx"] {
            assert_eq!(neutral(cell), format!("'{cell}"));
        }
        for cell in ["", "Ada", "a=b", "07700 900123"] {
            assert_eq!(neutral(cell), cell);
        }
    }
}

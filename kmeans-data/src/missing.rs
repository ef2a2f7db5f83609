//! Values that are not there.

/// What becomes of fields of text that hold no value: empty ones, and the words `NA`, `N/A` and `null` in either case.
///
/// `nan` is a number of text files in any case: NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// They are an error that names line and column.
    #[default]
    Refuse,
    /// They are NaN, for who fills them.
    AsNan,
}

/// The words for a value that is not there, in lower case.
const WORDS: [&[u8]; 3] = [b"na", b"n/a", b"null"];

/// Whether a field without spaces around it is one of the words for a value that is not there.
pub(crate) fn is_word_for_missing(field: &[u8]) -> bool {
    WORDS.iter().any(|word| field.eq_ignore_ascii_case(word))
}

//! Raw text to normalised text.
pub mod cleaning;

/// Whether a character is a blank or cannot be seen.
pub fn is_blank_or_invisible(character: char) -> bool {
    character.is_whitespace()
}

//! A comparison for a person to read: text for a terminal, a page, tables for a spreadsheet or a manuscript.

pub mod export;
pub mod glyph;
pub mod html;
pub mod label;
pub mod terminal;

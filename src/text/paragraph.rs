//! Paragraphs and what each is for.

/// What a paragraph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParagraphRole {
    /// The document's title, or a headline above the body.
    Title,
    /// A heading inside the body, such as 第一章 总则.
    Heading,
    /// Running text.
    Body,
    /// Who published it and when, or by whom it was adopted.
    Byline,
    /// Who attended.
    Attendance,
    /// A web page's own words, such as 返回顶部; never compared.
    Furniture,
}

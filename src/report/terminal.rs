//! Terminal text.

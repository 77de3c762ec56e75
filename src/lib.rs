//! policy-echo compares policy documents.

pub mod compare;
pub mod text;

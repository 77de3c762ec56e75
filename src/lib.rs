//! policy-echo compares policy documents.

pub mod allocator;
pub mod cli;
pub mod compare;
pub mod report;
pub mod service;
pub mod text;
pub mod trace;

//! Shared runs.

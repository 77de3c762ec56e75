//! The locks of [`super::queue`]; `tests/admission_model.rs` puts others in their place.

pub(super) use std::sync::{Condvar, Mutex, MutexGuard};

//! The tests and benchmarks of the whole.

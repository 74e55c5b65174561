//! Socket frames, both ways.

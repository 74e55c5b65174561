//! The rules of Maru: types that cannot be invalid, state machines, permissions, plans. No I/O.

//! Registration, sign-in, sessions, limits of sign-in.

//! What travels: REST bodies, socket frames, problem documents. No rules.

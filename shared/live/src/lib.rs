//! Who is connected and how they hear of changes: connections, room index, limits, posts to sockets.

/// Redis, DynamoDB and the sockets, as a function sees them. Cheap to clone.
#[derive(Clone)]
pub struct Live;

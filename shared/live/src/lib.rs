//! Who is connected and how they hear of changes: connections, room index, limits, posts to sockets.

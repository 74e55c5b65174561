//! The words and shapes of `domain` as the API's description shows them. Never made, only described:
//! the rules' own types are what is read and written.

use utoipa::ToSchema;

/// Where a page begins, from an answer of the same list, unchanged.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 16_384, pattern = "^[A-Za-z0-9_-]+$")]
pub struct Cursor(pub String);

/// The id of a message, or a seq.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, pattern = "^([0-9]{1,18}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$")]
pub struct MessagePlace(pub String);

/// Text that is looked for; it cannot hold U+0000, as nothing does.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, pattern = r"^[^\x00]*$")]
pub struct Wanted(pub String);

/// The name of a room: 3 to 100 characters after trimming, none of them a control character.
#[derive(Debug, ToSchema)]
#[schema(
    value_type = String,
    min_length = 3,
    max_length = 100,
    pattern = r"^ *[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]+[^\x00-\x20\x7f-\x9f] *$",
    example = "신제품 회의"
)]
pub struct RoomTitle(pub String);

/// The name of a person or a company: up to 100 characters, none of them a control character.
#[derive(Debug, ToSchema)]
#[schema(
    value_type = String,
    min_length = 1,
    max_length = 100,
    pattern = r"^[^\x00-\x1f\x7f-\x9f]*\S[^\x00-\x1f\x7f-\x9f]*$",
    example = "김민지"
)]
pub struct PlainName(pub String);

/// An email address: ASCII, a dotted host name.
#[derive(Debug, ToSchema)]
#[schema(
    value_type = String,
    max_length = 254,
    pattern = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+([.][A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?[.])+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$",
    example = "minji@example.com"
)]
pub struct EmailAddress(pub String);

/// A refresh token.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 128)]
pub struct RefreshToken(pub String);

/// A media type, or all of a kind: `image/png`, `image/*`.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9!#$&^_.+-]{1,127}/([*]|[A-Za-z0-9!#$&^_.+-]{1,127})$", example = "image/*")]
pub struct MediaRange(pub String);

/// What a person is in a room.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoomRole {
    /// Writes, makes threads, uploads.
    Member,
    /// Also deletes anyone's message, pins, manages threads.
    Moderator,
    /// Also changes settings, manages members below, archives and restores.
    Admin,
    /// Made the room or was handed it.
    Creator,
}

/// How much of a role a person may use.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoomAccess {
    /// All of it.
    Full,
    /// Reading only.
    ReadOnly,
}

/// Who can find a room.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoomKind {
    /// Anyone of the company but guests.
    Public,
    /// Only who was added.
    Private,
    /// Two people.
    Direct,
}

/// Where a room is in its life.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoomStatus {
    /// In use.
    Active,
    /// Read, never written, until it is restored.
    Archived,
}

/// Something that a person may do in a room.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoomAction {
    /// Read messages, members and files, download, hear events.
    Read,
    /// Send messages and react.
    Write,
    /// Upload files.
    Upload,
    /// Start threads.
    CreateThread,
    /// Pin messages.
    Pin,
    /// Delete anyone's message, see reports.
    Moderate,
    /// Close, archive and restore anyone's thread.
    ManageThreads,
    /// Rename, delete and restore anyone's file.
    ManageFiles,
    /// Add people.
    Invite,
    /// Remove people below, change their role and access.
    ManageMembers,
    /// Change name, description, type, limit and settings.
    Edit,
    /// Make the room read-only.
    Archive,
    /// Take it back into use.
    Restore,
    /// Go.
    Leave,
    /// Come in.
    Join,
}

/// How a room is set up.
#[derive(Debug, ToSchema)]
pub struct RoomSettings {
    /// Whether members may upload.
    pub uploads: bool,
    /// Whether members may start threads.
    pub threads: bool,
    /// Whether each uploaded file gets a thread of its own.
    pub auto_thread: bool,
    /// The media types that may be uploaded, as `image/png` or `image/*`; null for all that the company allows.
    pub allowed_types: Option<Vec<String>>,
    /// How long after sending a message may be edited, in seconds; 0 for never.
    pub edit_window_s: u32,
    /// Shortest time between two messages of one member, in seconds; 0 for none.
    pub slow_mode_s: u32,
    /// After how many days messages are removed; null for never.
    pub retention_days: Option<u32>,
    /// Whether members may add people.
    pub members_invite: bool,
    /// What newcomers are shown; empty for nothing.
    pub welcome_message: String,
    /// How many bytes the files of the room may take; null for what the company has.
    pub storage_limit_bytes: Option<u64>,
}

/// Something that a person may do with a file.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum FileAction {
    /// Fetch its content and former contents.
    Download,
    /// Change name, description, metadata; take a former content again.
    Change,
    /// Send new content for it.
    AddVersion,
    /// Share it by links.
    Share,
    /// Pin it in its room.
    Pin,
    /// Show it in another room where one may write.
    Show,
    /// Delete it, and restore it within 30 days.
    Delete,
    /// Let blocked content through.
    Release,
}

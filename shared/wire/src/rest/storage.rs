//! What a company stores, and who stores it.

use domain::upload::{Storage, Warning};
use domain::{RoomId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// What the company stores and has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StorageView {
    /// Bytes of finished files; equal content counts once.
    pub used_bytes: u64,
    /// Bytes promised to uploads that are under way.
    pub reserved_bytes: u64,
    /// Bytes that the plan allows in all; null for no limit.
    pub limit_bytes: Option<u64>,
    /// Bytes that a new upload may have; null for no limit.
    pub available_bytes: Option<u64>,
    /// Bytes of the largest file that the plan allows.
    pub max_file_bytes: u64,
    /// `high` from 80 %, `critical` from 95 %, else null.
    pub warning: Option<WarningName>,
    /// Whose files take the most, for administrators of the company; each file counts, also where content is shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_person: Option<Vec<PersonStorage>>,
    /// Which rooms' files take the most, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_room: Option<Vec<RoomStorage>>,
}

/// What one person's files take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PersonStorage {
    /// Who.
    #[schema(value_type = uuid::Uuid)]
    pub user_id: UserId,
    /// Their name.
    pub full_name: String,
    /// Bytes of their files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
}

/// What the files of one room take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoomStorage {
    /// Which.
    #[schema(value_type = uuid::Uuid)]
    pub room_id: RoomId,
    /// Its name; empty for a direct room.
    pub name: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
}

/// How close a company is to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningName {
    /// 80 % are taken.
    High,
    /// 95 % are taken.
    Critical,
}

impl From<Storage> for StorageView {
    fn from(storage: Storage) -> Self {
        Self {
            used_bytes: storage.used,
            reserved_bytes: storage.reserved,
            limit_bytes: storage.limit,
            available_bytes: storage.available(),
            max_file_bytes: storage.file_limit,
            warning: storage.warning().map(|warning| match warning {
                Warning::High => WarningName::High,
                Warning::Critical => WarningName::Critical,
            }),
            by_person: None,
            by_room: None,
        }
    }
}

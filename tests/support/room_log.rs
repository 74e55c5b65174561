//! The client rule, as every client should have it: a room's state is a snapshot and the events after it.
//!
//! Events are applied in `seq` order; one that was applied already is ignored; one from beyond a gap
//! waits for what is missing.

use std::collections::BTreeMap;

use serde_json::Value;

/// A room as a client knows it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RoomLog {
    /// The last event that is in it.
    pub seq: i64,
    /// What everyone knows of the room.
    pub room: Value,
    /// Members by person.
    pub members: BTreeMap<String, Value>,
    /// Messages by their place.
    pub messages: BTreeMap<i64, Value>,
    /// The files that it shows, by id.
    pub files: BTreeMap<String, Value>,
    /// Events from beyond a gap.
    waiting: BTreeMap<i64, Value>,
}

impl RoomLog {
    /// A room as just loaded: `room` is its view, read before the others.
    #[must_use]
    pub fn load(room: &Value, members: &[Value], messages: &[Value]) -> Self {
        let mut log = Self {
            seq: room["last_seq"].as_i64().expect("a seq"),
            ..Self::default()
        };
        log.know(room);
        log.enter(members);
        for message in messages {
            // What was said after the room was read comes again as an event.
            if message["seq"].as_i64().is_some_and(|seq| seq <= log.seq) {
                log.say(message);
            }
        }
        log
    }

    /// Takes an event: applies it and what waited for it, keeps it for later, or ignores it.
    pub fn take(&mut self, event: &Value) {
        let Some(seq) = event["seq"].as_i64() else {
            return;
        };
        if seq > self.seq {
            self.waiting.insert(seq, event.clone());
        }
        while let Some(event) = self.waiting.remove(&(self.seq + 1)) {
            self.seq += 1;
            self.apply(&event);
        }
    }

    /// Whether something is missing before what waits: time to ask for the events after `seq`.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn apply(&mut self, event: &Value) {
        let data = &event["data"];
        match event["type"].as_str().unwrap_or_default() {
            "message.created" => self.say(data),
            "attachment.changed" => {
                let seq = data["message_seq"].as_i64().unwrap_or_default();
                if let Some(message) = self.messages.get_mut(&seq) {
                    message["attachments"] = data["attachments"].clone();
                }
            }
            "room.created" => {
                self.know(&data["room"]);
                self.enter(data["members"].as_array().map_or(&[], Vec::as_slice));
            }
            "room.updated" | "room.archived" | "room.restored" => self.know(&data["room"]),
            "member.added" | "member.joined" | "member.changed" => {
                self.enter(data["members"].as_array().map_or(&[], Vec::as_slice));
            }
            "member.left" | "member.removed" => {
                for user in data["user_ids"].as_array().into_iter().flatten() {
                    self.members.remove(user.as_str().unwrap_or_default());
                }
            }
            "file.created" => self.keep(data),
            "file.changed" | "file.version_added" | "file.restored" | "file.released"
            | "file.shown" => {
                self.keep(&data["file"]);
            }
            "file.deleted" | "file.hidden" => {
                self.files
                    .remove(data["file_id"].as_str().unwrap_or_default());
            }
            "file.quarantined" => {
                self.patch(data, "status");
                self.patch(data, "blocked_as");
            }
            "file.preview" => self.patch(data, "preview"),
            "file.scanned" => self.patch(data, "scan_status"),
            _ => {}
        }
        if data["message"].is_object() {
            self.say(&data["message"]);
        }
    }

    /// Only what does not move with every message: counts and times have ways of their own.
    fn know(&mut self, room: &Value) {
        const KNOWN: [&str; 8] = [
            "id",
            "type",
            "status",
            "name",
            "description",
            "member_limit",
            "settings",
            "archived_at",
        ];
        self.room = KNOWN
            .iter()
            .map(|field| ((*field).to_owned(), room[*field].clone()))
            .collect();
    }

    fn enter(&mut self, members: &[Value]) {
        for member in members {
            let user = member["user_id"].as_str().unwrap_or_default().to_owned();
            self.members.insert(user, member.clone());
        }
    }

    /// Adds the room's files as they were listed with the snapshot.
    #[must_use]
    pub fn with_files(mut self, files: &[Value]) -> Self {
        files.iter().for_each(|file| self.keep(file));
        self
    }

    fn patch(&mut self, data: &Value, field: &str) {
        let id = data["file_id"].as_str().unwrap_or_default();
        if let Some(file) = self.files.get_mut(id) {
            file[field] = data[field].clone();
        }
    }

    fn keep(&mut self, file: &Value) {
        let id = file["id"].as_str().unwrap_or_default().to_owned();
        self.files.insert(id, file.clone());
    }

    fn say(&mut self, message: &Value) {
        let seq = message["seq"].as_i64().expect("a seq");
        self.messages.insert(seq, message.clone());
    }
}

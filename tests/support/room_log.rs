//! The client rule, as every client should have it: a room's state is a snapshot and the events after it.
//!
//! Events are applied in `seq` order; one that was applied already is ignored; one from beyond a gap
//! waits for what is missing.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The ids of the files of its threads, by thread.
    pub threads: BTreeMap<String, BTreeSet<String>>,
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
            "thread.created" => self.thread(&data["id"], std::slice::from_ref(&data["file_id"])),
            "thread.file_added" => self.thread(
                &data["thread_id"],
                std::slice::from_ref(&data["file"]["id"]),
            ),
            "thread.file_removed" => {
                if let Some(files) = self.threads.get_mut(text(&data["thread_id"])) {
                    files.remove(text(&data["file_id"]));
                }
            }
            kind if kind.starts_with("file.") => self.apply_to_file(kind, data),
            _ => {}
        }
        if data["message"].is_object() {
            self.say(&data["message"]);
        }
    }

    fn apply_to_file(&mut self, kind: &str, data: &Value) {
        match kind {
            "file.created" => self.keep(data),
            "file.changed" | "file.version_added" | "file.released" | "file.shown" => {
                self.keep(&data["file"]);
            }
            "file.restored" => {
                self.keep(&data["file"]);
                for thread in data["thread_ids"].as_array().into_iter().flatten() {
                    self.thread(thread, std::slice::from_ref(&data["file"]["id"]));
                }
            }
            "file.deleted" | "file.hidden" => self.lose(text(&data["file_id"])),
            "file.quarantined" => {
                self.patch(data, "status");
                self.patch(data, "blocked_as");
            }
            "file.preview" => self.patch(data, "preview"),
            "file.scanned" => self.patch(data, "scan_status"),
            _ => {}
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

    /// Adds the files of one of its threads as they were listed with the snapshot.
    #[must_use]
    pub fn with_thread(mut self, thread: &Value, files: &[Value]) -> Self {
        let ids: Vec<Value> = files.iter().map(|file| file["id"].clone()).collect();
        self.thread(thread, &ids);
        self
    }

    fn thread(&mut self, thread: &Value, files: &[Value]) {
        let known = self.threads.entry(text(thread).to_owned()).or_default();
        known.extend(files.iter().filter_map(Value::as_str).map(str::to_owned));
    }

    fn patch(&mut self, data: &Value, field: &str) {
        if let Some(file) = self.files.get_mut(text(&data["file_id"])) {
            file[field] = data[field].clone();
            let file = file.clone();
            self.attach(&file);
        }
    }

    fn keep(&mut self, file: &Value) {
        self.files
            .insert(text(&file["id"]).to_owned(), file.clone());
        self.attach(file);
    }

    /// Messages show a file as it is.
    fn attach(&mut self, file: &Value) {
        for attachment in self.attachments_of(text(&file["id"])) {
            for field in ["name", "content_type", "size"] {
                attachment[field] = file[field].clone();
            }
            attachment["state"] = file["status"].clone();
        }
    }

    /// What the room does not show any more, neither its threads nor its messages do.
    fn lose(&mut self, file: &str) {
        self.files.remove(file);
        for files in self.threads.values_mut() {
            files.remove(file);
        }
        for attachment in self.attachments_of(file) {
            attachment["name"] = "".into();
            attachment["content_type"] = "application/octet-stream".into();
            attachment["size"] = 0.into();
            attachment["state"] = "deleted".into();
        }
    }

    fn attachments_of<'a>(&'a mut self, file: &'a str) -> impl Iterator<Item = &'a mut Value> {
        let messages = self.messages.values_mut();
        let attachments =
            messages.filter_map(|message| message.get_mut("attachments")?.as_array_mut());
        attachments
            .flatten()
            .filter(move |attachment| text(&attachment["file_id"]) == file)
    }

    fn say(&mut self, message: &Value) {
        let seq = message["seq"].as_i64().expect("a seq");
        self.messages.insert(seq, message.clone());
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

//! How events become frames: as few as can be, none larger than a socket takes.

use serde::Serialize;
use serde_json::json;
use wire::event::{Event, Fresh};

/// Largest frame that is sent, in bytes: a gateway meters and splits above it.
pub const MAX_FRAME: usize = 32 * 1024;

const HEAD: &str = "{\"events\":[";
const TAIL: &str = "]}";

/// One event as it travels: whole when it fits a frame, else a hint to read it by REST.
#[must_use]
pub fn text(event: &Event) -> String {
    text_of(&event.fresh())
}

/// As [`text`], of an event whose data is not JSON yet.
#[must_use]
pub fn text_of<D: Serialize>(event: &Fresh<'_, D>) -> String {
    let whole = serde_json::to_string(event).unwrap_or_default();
    if !whole.is_empty() && HEAD.len() + whole.len() + TAIL.len() <= MAX_FRAME {
        return whole;
    }
    let mut hint = json!({ "type": event.kind, "truncated": true });
    if let (Some(fields), Some(room)) = (hint.as_object_mut(), event.room_id) {
        fields.insert("room_id".into(), json!(room));
    }
    if let (Some(fields), Some(seq)) = (hint.as_object_mut(), event.seq) {
        fields.insert("seq".into(), json!(seq));
    }
    hint.to_string()
}

/// Packs events, in order, into frames of at most [`MAX_FRAME`] bytes.
pub fn pack<'a>(events: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut frames: Vec<String> = Vec::new();
    let mut open = String::new();
    for event in events {
        if !open.is_empty() && open.len() + 1 + event.len() + TAIL.len() > MAX_FRAME {
            frames.push(std::mem::take(&mut open) + TAIL);
        }
        open.push_str(if open.is_empty() { HEAD } else { "," });
        open.push_str(event);
    }
    if !open.is_empty() {
        frames.push(open + TAIL);
    }
    frames
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use time::OffsetDateTime;

    use super::*;

    fn event(seq: i64, size: usize) -> Event {
        Event {
            kind: "message.created".into(),
            room_id: None,
            seq: Some(seq),
            at: OffsetDateTime::UNIX_EPOCH,
            actor: None,
            data: json!({ "content": "가".repeat(size / 3) }),
        }
    }

    #[test]
    fn frames_hold_every_event_in_order_and_keep_the_limit() {
        let texts: Vec<String> = (1..=100).map(|seq| text(&event(seq, 4_000))).collect();
        let frames = pack(texts.iter().map(String::as_str));
        assert!(frames.iter().all(|frame| frame.len() <= MAX_FRAME));
        assert!(frames.len() < 20);
        let seqs: Vec<i64> = frames
            .iter()
            .flat_map(|frame| {
                let frame: Value = serde_json::from_str(frame).unwrap();
                frame["events"].as_array().unwrap().clone()
            })
            .map(|event| event["seq"].as_i64().unwrap())
            .collect();
        assert_eq!(seqs, (1..=100).collect::<Vec<_>>());
    }

    #[test]
    fn what_no_frame_holds_becomes_a_hint() {
        let hint: Value = serde_json::from_str(&text(&event(7, 40_000))).unwrap();
        assert_eq!(hint["truncated"], true);
        assert_eq!(hint["seq"], 7);
        assert!(hint.get("data").is_none());
        assert!(pack([]).is_empty());
    }
}

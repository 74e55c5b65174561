//! Films.

use super::fixture;

pub(super) fn mp4_boxes() -> Vec<u8> {
    let mut film = b"\0\0\0\x14ftypisom\0\0\0\0isom".to_vec();
    film.extend(b"\0\0\0\x08free".repeat(200_000));
    film
}

pub(super) fn mp4_deep() -> Vec<u8> {
    let mut film = b"\0\0\0\x14ftypisom\0\0\0\0isom".to_vec();
    for depth in (1..2_000_u32).rev() {
        film.extend((depth * 8).to_be_bytes());
        film.extend(if depth == 1_999 { b"moov" } else { b"trak" });
    }
    film
}

pub(super) fn webm_long() -> Vec<u8> {
    let mut film = fixture("film.webm")[..30].to_vec();
    film.extend(b"\x15\x49\xa9\x66\x01\xff\xff\xff\xff\xff\xff\xfe");
    film
}

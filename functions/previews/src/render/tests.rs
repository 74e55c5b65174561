//! Files of each kind.

mod spoilt;

use std::io::Cursor;

use domain::preview::{Details, Kind, Reason, Size};
use image::GenericImageView as _;

use super::{Made, look};

macro_rules! fixtures {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../fixtures/", $name)))),+]
    };
}

const FIXTURES: &[(&str, &[u8])] = fixtures![
    "bare.mp3",
    "clear.png",
    "clear.webp",
    "film.mp4",
    "film.webm",
    "frames.gif",
    "gray.jpg",
    "ink.jpg",
    "korean.txt",
    "page.pdf",
    "palette.png",
    "photo.webp",
    "picture.heic",
    "progressive.jpg",
    "tone.flac",
    "tone.mp3",
    "tone.ogg",
    "tone.opus",
    "tone.wav",
    "turned.jpg",
    "wide.png",
];

fn fixture(name: &str) -> &'static [u8] {
    FIXTURES.iter().find(|(known, _)| *known == name).unwrap().1
}

fn shown(bytes: &[u8]) -> Result<Made, Reason> {
    look(&mut Cursor::new(bytes), bytes.len() as u64)
}

fn whole(name: &str) -> Made {
    shown(fixture(name)).unwrap_or_else(|reason| panic!("{name}: {reason:?}"))
}

/// Width, height and bytes of a rendition, decoded again.
fn picture(made: &Made, size: Size) -> (String, image::DynamicImage) {
    let (rendition, bytes) = made
        .renditions
        .iter()
        .find(|(rendition, _)| rendition.size == size)
        .unwrap();
    let image = image::load_from_memory(bytes).unwrap();
    assert_eq!(image.dimensions(), (rendition.width, rendition.height));
    assert_eq!(rendition.bytes, bytes.len() as u64);
    (rendition.content_type.clone(), image)
}

#[test]
fn r_f3_a_turned_photo_stands_upright_and_says_nothing_of_its_place() {
    let original = fixture("turned.jpg");
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|found| found == text);
    assert!(has(original, b"Exif") && has(original, b"Maru Camera"));
    let made = whole("turned.jpg");
    assert_eq!(
        (made.kind, made.details.width, made.details.height),
        (Kind::Image, Some(300), Some(400))
    );
    for size in Size::PICTURES {
        let (content_type, image) = picture(&made, size);
        assert_eq!(content_type, "image/jpeg");
        assert_eq!(image.height(), size.pixels().min(400));
        let [red, _, blue] = image.to_rgb8().get_pixel(image.width() / 2, 5).0;
        assert!(
            red > 150 && blue < 80,
            "the red half is on top: {red} {blue}"
        );
        let [red, _, blue] = image.to_rgb8().get_pixel(5, image.height() - 5).0;
        assert!(blue > 150 && red < 80, "the blue half is below");
    }
    for (_, bytes) in &made.renditions {
        assert!(!has(bytes, b"Exif") && !has(bytes, b"Maru Camera"));
    }
}

#[test]
fn r_f3_pictures_of_each_kind_get_three_sizes() {
    for (name, size, content_type) in [
        ("progressive.jpg", (200, 150), "image/jpeg"),
        ("gray.jpg", (80, 60), "image/jpeg"),
        ("ink.jpg", (80, 60), "image/jpeg"),
        ("clear.png", (64, 48), "image/png"),
        ("palette.png", (100, 75), "image/jpeg"),
        ("photo.webp", (200, 150), "image/jpeg"),
        ("clear.webp", (64, 48), "image/png"),
        ("frames.gif", (100, 75), "image/jpeg"),
    ] {
        let made = whole(name);
        let said = (made.details.width, made.details.height);
        assert_eq!(said, (Some(size.0), Some(size.1)), "{name}");
        assert_eq!(made.renditions.len(), 3, "{name}");
        let (found, large) = picture(&made, Size::Large);
        assert_eq!(
            (found.as_str(), large.dimensions()),
            (content_type, size),
            "{name}"
        );
        let small = picture(&made, Size::Small).1;
        assert_eq!(small.width(), size.0.min(128), "{name}");
    }
    let ink = picture(&whole("ink.jpg"), Size::Large).1.to_rgb8();
    let [red, _, blue] = ink.get_pixel(5, 5).0;
    assert!(red > 150 && blue < 100, "ink on paper is light on a screen");
    let clear = picture(&whole("clear.webp"), Size::Small).1.to_rgba8();
    assert_eq!(
        (clear.get_pixel(60, 5).0[3], clear.get_pixel(5, 5).0[3]),
        (0, 255)
    );
    let wide = whole("wide.png");
    assert_eq!(picture(&wide, Size::Large).1.dimensions(), (1_600, 3));
    assert_eq!(picture(&wide, Size::Small).1.dimensions(), (128, 1));
}

#[test]
fn r_f3_the_first_page_of_a_document_is_drawn() {
    let made = whole("page.pdf");
    assert_eq!((made.kind, made.details.pages), (Kind::Document, Some(2)));
    let (content_type, image) = picture(&made, Size::Large);
    assert_eq!(content_type, "image/jpeg");
    assert_eq!(image.width(), 1_600);
    let image = image.to_rgb8();
    let [red, green, _] = image.get_pixel(530, 640).0;
    assert!(red > 200 && green < 60, "the red square is there");
    assert_eq!(image.get_pixel(1_500, 50).0, [255; 3], "paper is white");
}

#[test]
fn r_f3_sound_tells_of_itself() {
    for (name, codec, duration_ms, sound) in [
        ("tone.wav", "pcm", 2_000, (800, 1)),
        ("tone.flac", "flac", 3_000, (44_100, 2)),
        ("tone.mp3", "mp3", 2_612, (44_100, 2)),
        ("bare.mp3", "mp3", 208, (44_100, 2)),
        ("tone.ogg", "vorbis", 5_000, (44_100, 2)),
        ("tone.opus", "opus", 2_000, (48_000, 1)),
    ] {
        let said = tells(name, Kind::Audio, codec, duration_ms);
        assert_eq!(said.width.zip(said.height), None, "{name}");
        assert_eq!(said.sample_rate.zip(said.channels), Some(sound), "{name}");
    }
}

#[test]
fn r_f3_films_tell_of_themselves() {
    for (name, codecs, duration_ms, size) in [
        ("film.mp4", "h264 aac", 12_345, (1_080, 1_920)),
        ("film.webm", "vp9 opus", 4_500, (640, 360)),
    ] {
        let said = tells(name, Kind::Video, codecs, duration_ms);
        assert_eq!(said.width.zip(said.height), Some(size), "{name}");
        let sound = said.sample_rate.zip(said.channels);
        assert_eq!(sound, Some((48_000, 2)), "{name}");
    }
}

/// What a file without pictures says of itself, of which this much is known.
fn tells(name: &str, kind: Kind, codecs: &str, duration_ms: u64) -> Details {
    let made = whole(name);
    let said = made.details;
    assert_eq!(
        (made.kind, said.codecs.join(" ")),
        (kind, codecs.to_owned()),
        "{name}"
    );
    assert_eq!(said.duration_ms, Some(duration_ms), "{name}");
    assert_eq!(made.renditions, [], "{name}");
    said
}

#[test]
fn r_f3_text_is_shown_in_utf_8_and_never_as_a_page() {
    let page = "<script>alert(1)</script> 안녕";
    let of = |bytes: &[u8]| {
        let made = shown(bytes)?;
        let (rendition, text) = made.renditions.into_iter().next().unwrap();
        assert_eq!(rendition.content_type, "text/plain; charset=utf-8");
        let text = String::from_utf8(text).unwrap();
        Ok::<_, Reason>((
            made.details.encoding.unwrap(),
            text,
            made.details.truncated.unwrap(),
        ))
    };
    assert_eq!(
        of(page.as_bytes()),
        Ok(("utf-8".into(), page.into(), false))
    );
    let korean = of(fixture("korean.txt")).unwrap();
    assert_eq!(korean.0, "euc-kr");
    assert!(korean.1.starts_with("회의록: 오늘"));
    let wide: Vec<u8> = "\u{feff}가a"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(of(&wide), Ok(("utf-16le".into(), "가a".into(), false)));
    // The cut goes through a character.
    let long = format!("ab{}", "가".repeat(30_000));
    let (_, text, truncated) = of(long.as_bytes()).unwrap();
    assert!(truncated && long.starts_with(&text));
    assert_eq!(text.len(), 65_534);
    for binary in [
        &b"\0\x01\x02"[..],
        b"",
        b"\xff\xfe\xfd\xfc\xfb",
        &[0x80; 100],
    ] {
        assert_eq!(of(binary), Err(Reason::Unsupported), "{binary:?}");
    }
}

//! Files made by hand: harmless ones as programs make them, and hostile ones as nobody else does.

mod bits;
mod documents;
mod films;
mod pictures;

use bytes::Bytes;

use documents::{
    pdf_and_zip, pdf_deep, pdf_loop, pdf_page, pdf_picture, pdf_recursion, zip_of_zips,
};
use films::{mp4_boxes, mp4_deep, webm_long};
use pictures::{clear_png, clear_png_header, flat_jpeg, flat_webp, gif, jpeg_and_html};

/// The fixture `name` of the previews function.
#[must_use]
pub fn fixture(name: &str) -> Bytes {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../functions/previews/fixtures"
    );
    let path = std::path::Path::new(folder).join(name);
    std::fs::read(path).expect("a fixture").into()
}

/// A file that is not what it seems, or more than it seems.
#[derive(Debug, Clone)]
pub struct Hostile {
    /// What it is.
    pub name: &'static str,
    /// Its bytes.
    pub content: Bytes,
    /// What becomes of its preview: `ready`, or the reasons why there may be none.
    pub ends: &'static [&'static str],
}

/// Everything that a previewer should survive.
#[must_use]
pub fn hostile() -> Vec<Hostile> {
    [pictures(), small(), pages(), disguised(), cut_short()].concat()
}

fn file(name: &'static str, content: Vec<u8>, ends: &'static [&'static str]) -> Hostile {
    Hostile {
        name,
        content: content.into(),
        ends,
    }
}

/// Pictures of sizes that nobody has memory for.
fn pictures() -> Vec<Hostile> {
    vec![
        file(
            "a photo of 64 megapixels",
            flat_jpeg(8_000, 8_000, false),
            &["ready"],
        ),
        file(
            "a progressive photo of 64 megapixels",
            flat_jpeg(8_000, 8_000, true),
            &["too_complex"],
        ),
        file(
            "a photo of 65,500 x 65,500",
            flat_jpeg(65_500, 65_500, false)[..5_000].to_vec(),
            &["too_large"],
        ),
        file(
            "a PNG of 64 megapixels",
            clear_png(8_000, 8_000),
            &["ready"],
        ),
        file(
            "a PNG of 50,000 x 50,000",
            clear_png_header(50_000, 50_000),
            &["too_large"],
        ),
        file(
            "a PNG that ends too early",
            clear_png_header(3_000, 3_000),
            &["damaged"],
        ),
    ]
}

/// Pictures of few bytes that stand for many.
fn small() -> Vec<Hostile> {
    vec![
        file(
            "a GIF with a million frames",
            gif(100, 100, 1_000_000),
            &["ready"],
        ),
        file(
            "a GIF of 60,000 x 60,000",
            gif(60_000, 60_000, 1),
            &["too_large"],
        ),
        file(
            "a WebP of 64 megapixels in 30 bytes",
            flat_webp(8_000, 8_000),
            &["too_large"],
        ),
        file(
            "a WebP of 25 megapixels in 30 bytes",
            flat_webp(5_000, 5_000),
            &["ready", "too_complex"],
        ),
    ]
}

/// Documents that have no end.
fn pages() -> Vec<Hostile> {
    vec![
        file(
            "a PDF whose pages are their own children",
            pdf_loop(),
            &["damaged", "too_complex"],
        ),
        file(
            "a PDF of 200,000 brackets",
            pdf_deep(),
            &["ready", "damaged", "too_complex"],
        ),
        file(
            "a PDF that draws itself",
            pdf_recursion(),
            &["ready", "too_complex", "too_slow"],
        ),
        file(
            "a PDF page as large as a city",
            pdf_page("0 0 1e30 1e30"),
            &["ready", "damaged"],
        ),
        file(
            "a PDF page without width",
            pdf_page("0 0 0 700"),
            &["ready", "damaged"],
        ),
        file(
            "a PDF with a picture of 12,000 x 12,000",
            pdf_picture(),
            &["ready", "damaged", "too_complex", "too_slow"],
        ),
    ]
}

/// Files that are two things at once, or hold more than they say.
fn disguised() -> Vec<Hostile> {
    vec![
        file(
            "a PDF that is an archive too",
            pdf_and_zip(),
            &["ready", "damaged"],
        ),
        file(
            "a JPEG that is a page too",
            jpeg_and_html(),
            &["ready", "damaged"],
        ),
        file(
            "a GIF that is a script too",
            b"GIF89a/*\0\0\0*/=1;alert(document.cookie)//".to_vec(),
            &["damaged", "too_large"],
        ),
        file("an archive of archives", zip_of_zips(), &["unsupported"]),
        file(
            "a film whose boxes go on for ever",
            mp4_boxes(),
            &["too_complex", "damaged"],
        ),
        file("a film of boxes in boxes", mp4_deep(), &["damaged"]),
        file(
            "a film with an element longer than everything",
            webm_long(),
            &["damaged"],
        ),
        file(
            "a text of one endless line",
            vec![b'a'; 3 << 20],
            &["ready"],
        ),
    ]
}

/// Files that end too early.
fn cut_short() -> Vec<Hostile> {
    // Streams may end anywhere, and documents are mended as far as they go.
    let open: &[&str] = &["ready", "damaged"];
    let whole: [(&str, &[&str]); 12] = [
        ("turned.jpg", &["damaged"]),
        ("progressive.jpg", &["damaged"]),
        ("clear.png", &["damaged"]),
        ("photo.webp", &["damaged"]),
        ("clear.webp", &["damaged"]),
        ("film.mp4", &["damaged"]),
        ("film.webm", &["damaged"]),
        ("tone.wav", &["damaged"]),
        ("frames.gif", open),
        ("page.pdf", open),
        ("tone.ogg", open),
        ("tone.opus", open),
    ];
    let cut = |(name, ends)| {
        let whole = fixture(name);
        let content = whole.slice(..whole.len() * 2 / 3);
        Hostile {
            name,
            content,
            ends,
        }
    };
    whole.map(cut).into()
}

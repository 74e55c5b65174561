//! WebP: the first frame.

use domain::preview::Reason;
use image::DynamicImage;
use image_webp::WebPDecoder;

use super::picture::{Rows, check, made};
use super::{File, Made, damaged};

/// Most bytes that the decoder may hold beside the picture.
const DECODER: usize = 64 << 20;

/// Most bytes of the whole picture, which the format cannot give in pieces.
const DECODED: usize = 100 << 20;

pub(crate) fn look<F: File>(file: &mut F) -> Result<Made, Reason> {
    let mut decoder = WebPDecoder::new(file).map_err(damaged)?;
    decoder.set_memory_limit(DECODER);
    let (width, height) = decoder.dimensions();
    check(width, height)?;
    let size = decoder.output_buffer_size().ok_or(Reason::TooLarge)?;
    if size > DECODED {
        return Err(Reason::TooLarge);
    }
    let exif = decoder.exif_metadata().map_err(damaged)?;
    let mut pixels = vec![0; size];
    decoder.read_image(&mut pixels).map_err(damaged)?;
    let mut rows = Rows::new(width, height)?;
    if decoder.has_alpha() {
        for row in pixels.chunks_exact(width as usize * 4) {
            let row = row.chunks_exact(4);
            rows.push(row.map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]));
        }
    } else {
        for row in pixels.chunks_exact(width as usize * 3) {
            let row = row.chunks_exact(3);
            rows.push(row.map(|pixel| [pixel[0], pixel[1], pixel[2], u8::MAX]));
        }
    }
    drop(pixels);
    let image = DynamicImage::ImageRgba8(rows.finish()?);
    made(image, (width, height), exif.as_deref())
}

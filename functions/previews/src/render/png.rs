//! PNG.

use domain::preview::Reason;
use image::DynamicImage;
use png::{BitDepth, ColorType, Decoder, Limits, Transformations};

use super::picture::{Rows, check, made};
use super::{File, Made, damaged};

/// Most bytes that the decoder may hold beside the picture.
const DECODER: usize = 32 << 20;

/// Most bytes of an interlaced picture, whose rows do not come in order.
const INTERLACED: usize = 96 << 20;

/// Row by row: a picture of any allowed size needs no more memory than its largest rendition.
pub(crate) fn look<F: File>(file: &mut F) -> Result<Made, Reason> {
    let mut decoder = Decoder::new_with_limits(file, Limits { bytes: DECODER });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let (width, height) = decoder.read_header_info().map_err(damaged)?.size();
    check(width, height)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (color, depth) = reader.output_color_type();
    if depth != BitDepth::Eight {
        return Err(Reason::Unsupported);
    }
    let line = reader.output_line_size(width).ok_or(Reason::TooLarge)?;
    let mut rows = Rows::new(width, height)?;
    if reader.info().interlaced {
        let whole = reader.output_buffer_size().ok_or(Reason::TooLarge)?;
        if whole > INTERLACED {
            return Err(Reason::TooLarge);
        }
        let mut buffer = vec![0; whole];
        reader.next_frame(&mut buffer).map_err(damaged)?;
        for row in buffer.chunks_exact(line) {
            push(&mut rows, color, row);
        }
    } else {
        let mut count = 0;
        while count < height {
            let row = reader.next_row().map_err(damaged)?;
            push(&mut rows, color, row.ok_or(Reason::Damaged)?.data());
            count += 1;
        }
    }
    let exif = reader.info().exif_metadata.as_deref().map(<[u8]>::to_vec);
    let image = DynamicImage::ImageRgba8(rows.finish()?);
    made(image, (width, height), exif.as_deref())
}

fn push(rows: &mut Rows, color: ColorType, row: &[u8]) {
    match color {
        ColorType::Grayscale | ColorType::Indexed => {
            rows.push(row.iter().map(|&gray| [gray, gray, gray, u8::MAX]));
        }
        ColorType::GrayscaleAlpha => {
            let pixels = row.chunks_exact(2);
            rows.push(pixels.map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]));
        }
        ColorType::Rgb => {
            let pixels = row.chunks_exact(3);
            rows.push(pixels.map(|pixel| [pixel[0], pixel[1], pixel[2], u8::MAX]));
        }
        ColorType::Rgba => {
            let pixels = row.chunks_exact(4);
            rows.push(pixels.map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]]));
        }
    }
}

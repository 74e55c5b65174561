//! GIF: the first frame, however many there are.

use std::num::NonZeroU64;

use domain::preview::{MAX_PIXELS, Reason};
use gif::{ColorOutput, DecodeOptions, MemoryLimit};
use image::DynamicImage;

use super::picture::{Rows, check, made};
use super::{File, Made, damaged};

pub(crate) fn look<F: File>(file: &mut F) -> Result<Made, Reason> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // One byte a pixel.
    let most = NonZeroU64::new(MAX_PIXELS).ok_or(Reason::TooLarge)?;
    options.set_memory_limit(MemoryLimit::Bytes(most));
    let mut decoder = options.read_info(file).map_err(damaged)?;
    let frame = decoder.next_frame_info().map_err(damaged)?;
    let frame = frame.ok_or(Reason::Damaged)?;
    let (width, height) = (u32::from(frame.width), u32::from(frame.height));
    check(width, height)?;
    let transparent = frame.transparent;
    let palette = decoder.palette().map_err(damaged)?.to_vec();
    let mut pixels = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut pixels).map_err(damaged)?;
    let mut rows = Rows::new(width, height)?;
    for row in pixels.chunks_exact(width as usize) {
        rows.push(row.iter().map(|&index| color(&palette, transparent, index)));
    }
    let image = DynamicImage::ImageRgba8(rows.finish()?);
    made(image, (width, height), None)
}

fn color(palette: &[u8], transparent: Option<u8>, index: u8) -> [u8; 4] {
    let at = usize::from(index) * 3;
    match palette.get(at..at + 3) {
        Some([red, green, blue]) if transparent != Some(index) => [*red, *green, *blue, u8::MAX],
        _ => [0; 4],
    }
}

//! JPEG.

use domain::preview::{Reason, Size};
use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::{Decoder, PixelFormat};

use super::picture::{check, made};
use super::{File, Made, damaged};

/// Most bytes of the decoded picture, which is at most twice as long as the largest rendition.
const DECODED: usize = 48 << 20;

/// A large photo is decoded at a half, a quarter or an eighth of its size, which takes a fraction of the memory.
pub(crate) fn look<F: File>(file: &mut F) -> Result<Made, Reason> {
    let mut decoder = Decoder::new(file);
    decoder.set_max_decoding_buffer_size(DECODED);
    decoder.read_info().map_err(damaged)?;
    let info = decoder.info().ok_or(Reason::Damaged)?;
    let original = (u32::from(info.width), u32::from(info.height));
    check(original.0, original.1)?;
    let most = u32::from(info.width.max(info.height));
    // Both sides are scaled alike, so that the longer one decides.
    let wanted = |side: u16| {
        let side = u32::from(side) * Size::Large.pixels() / most;
        u16::try_from(side).unwrap_or(u16::MAX).max(1)
    };
    let (width, height) = match most > Size::Large.pixels() {
        true => decoder
            .scale(wanted(info.width), wanted(info.height))
            .map_err(damaged)?,
        false => (info.width, info.height),
    };
    let pixels = decoder.decode().map_err(damaged)?;
    let (width, height) = (u32::from(width), u32::from(height));
    let image = match info.pixel_format {
        PixelFormat::L8 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        PixelFormat::RGB24 => {
            RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        }
        PixelFormat::CMYK32 => {
            RgbImage::from_raw(width, height, from_cmyk(&pixels)).map(DynamicImage::ImageRgb8)
        }
        // Medicine has these, people have not.
        PixelFormat::L16 => return Err(Reason::Unsupported),
    };
    let image = image.ok_or(Reason::Damaged)?;
    let image = DynamicImage::ImageRgb8(image.into_rgb8());
    made(image, original, decoder.exif_data())
}

/// Ink on paper as light on a screen, without a profile.
fn from_cmyk(pixels: &[u8]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(pixels.len() / 4 * 3);
    for pixel in pixels.chunks_exact(4) {
        for ink in &pixel[..3] {
            let light = u16::from(u8::MAX - ink) * u16::from(u8::MAX - pixel[3]) / 255;
            rgb.push(u8::try_from(light).unwrap_or(u8::MAX));
        }
    }
    rgb
}

//! Pictures in little memory: rows are joined while they come, then made into three sizes.

use domain::preview::{Details, Kind, MAX_PIXELS, Reason, Rendition, Size};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, FilterType as Resampling};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, RgbImage, RgbaImage};

use super::{Made, damaged};

/// Rows are joined until no side has more pixels than this: enough to make the largest rendition from.
const SIDE: u32 = 2 * 1_600;

/// Quality of a JPEG, of 100.
const QUALITY: u8 = 80;

/// A picture that grows by rows; several of the original's pixels become one where it is larger than it needs to be.
#[derive(Debug)]
pub(crate) struct Rows {
    width: u32,
    height: u32,
    /// This many pixels in a row, and rows, become one.
    factor: u32,
    /// Sums of red, green and blue by alpha, of alpha, and of pixels: of the row that is growing.
    sums: Vec<[u32; 5]>,
    /// How many rows have gone into `sums`.
    joined: u32,
    pixels: Vec<u8>,
}

impl Rows {
    /// A picture of so many pixels, without any yet.
    pub(crate) fn new(width: u32, height: u32) -> Result<Self, Reason> {
        check(width, height)?;
        let factor = width.max(height).div_ceil(SIDE);
        let (across, down) = (width.div_ceil(factor), height.div_ceil(factor));
        Ok(Self {
            width,
            height,
            factor,
            sums: vec![[0; 5]; across as usize],
            joined: 0,
            pixels: Vec::with_capacity(across as usize * down as usize * 4),
        })
    }

    /// Adds the next row, `pixels` being as many as the picture is wide.
    pub(crate) fn push(&mut self, pixels: impl Iterator<Item = [u8; 4]>) {
        for (at, [red, green, blue, alpha]) in pixels.take(self.width as usize).enumerate() {
            let sum = &mut self.sums[at / self.factor as usize];
            let weight = u32::from(alpha);
            sum[0] += u32::from(red) * weight;
            sum[1] += u32::from(green) * weight;
            sum[2] += u32::from(blue) * weight;
            sum[3] += weight;
            sum[4] += 1;
        }
        self.joined += 1;
        if self.joined == self.factor {
            self.close();
        }
    }

    /// The picture, when all its rows are there.
    pub(crate) fn finish(mut self) -> Result<RgbaImage, Reason> {
        if self.joined > 0 {
            self.close();
        }
        let (across, down) = (
            self.width.div_ceil(self.factor),
            self.height.div_ceil(self.factor),
        );
        RgbaImage::from_raw(across, down, self.pixels).ok_or(Reason::Damaged)
    }

    fn close(&mut self) {
        for sum in &mut self.sums {
            let [red, green, blue, alpha, count] = std::mem::take(sum);
            let color = |channel: u32| u8::try_from(channel / alpha.max(1)).unwrap_or(u8::MAX);
            let alpha_mean = u8::try_from(alpha / count.max(1)).unwrap_or(u8::MAX);
            self.pixels
                .extend([color(red), color(green), color(blue), alpha_mean]);
        }
        self.joined = 0;
    }
}

/// Refuses a picture that has no pixels or too many.
pub(crate) fn check(width: u32, height: u32) -> Result<(), Reason> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Reason::Damaged),
        1..=MAX_PIXELS => Ok(()),
        _ => Err(Reason::TooLarge),
    }
}

/// The three sizes of a picture whose original has `original` pixels, turned as its EXIF block `exif` says. Nothing of
/// the original but its pixels is in them.
pub(crate) fn made(
    image: DynamicImage,
    original: (u32, u32),
    exif: Option<&[u8]>,
) -> Result<Made, Reason> {
    let orientation = exif
        .and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms);
    let mut image = shrunk(image, Size::Large);
    image.apply_orientation(orientation);
    // A quarter turn swaps the sides.
    let turned = matches!(orientation.to_exif(), 5..=8);
    let (width, height) = match turned {
        true => (original.1, original.0),
        false => original,
    };
    Ok(Made {
        kind: Kind::Image,
        details: Details {
            width: Some(width),
            height: Some(height),
            ..Details::default()
        },
        renditions: renditions(image)?,
    })
}

/// The renditions of a picture, smallest first.
pub(crate) fn renditions(image: DynamicImage) -> Result<Vec<(Rendition, Vec<u8>)>, Reason> {
    let opaque = match &image {
        DynamicImage::ImageRgba8(pixels) => pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX),
        _ => true,
    };
    let mut image = match opaque {
        true => DynamicImage::ImageRgb8(image.into_rgb8()),
        false => image,
    };
    let mut made = Vec::new();
    // Each from the one before it: the large one is the last that is costly.
    for size in Size::PICTURES.into_iter().rev() {
        image = shrunk(image, size);
        let (content_type, bytes) = encoded(&image)?;
        let rendition = Rendition {
            size,
            width: image.width(),
            height: image.height(),
            content_type: content_type.to_owned(),
            bytes: bytes.len() as u64,
        };
        made.push((rendition, bytes));
    }
    made.reverse();
    Ok(made)
}

/// The picture with no side longer than `size` has; never enlarged.
fn shrunk(image: DynamicImage, size: Size) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let (longer, most) = (width.max(height), size.pixels());
    if longer <= most {
        return image;
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(most) / u64::from(longer);
        u32::try_from(side).unwrap_or(most).max(1)
    };
    let (width, height) = (scaled(width), scaled(height));
    match image {
        DynamicImage::ImageRgb8(pixels) => {
            let pixels: RgbImage = imageops::resize(&pixels, width, height, Resampling::Triangle);
            pixels.into()
        }
        other => {
            let pixels = other.into_rgba8();
            imageops::resize(&pixels, width, height, Resampling::Triangle).into()
        }
    }
}

fn encoded(image: &DynamicImage) -> Result<(&'static str, Vec<u8>), Reason> {
    let mut bytes = Vec::new();
    let (width, height) = (image.width(), image.height());
    match image {
        DynamicImage::ImageRgb8(pixels) => {
            JpegEncoder::new_with_quality(&mut bytes, QUALITY)
                .write_image(pixels, width, height, ExtendedColorType::Rgb8)
                .map_err(damaged)?;
            Ok(("image/jpeg", bytes))
        }
        other => {
            PngEncoder::new_with_quality(
                &mut bytes,
                CompressionType::Default,
                FilterType::Adaptive,
            )
            .write_image(other.as_bytes(), width, height, ExtendedColorType::Rgba8)
            .map_err(damaged)?;
            Ok(("image/png", bytes))
        }
    }
}

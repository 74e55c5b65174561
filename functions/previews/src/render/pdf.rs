//! PDF: the first page.

use std::io::Read as _;

use domain::preview::{Details, Kind, MAX_READ, Reason, Size};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::{DynamicImage, RgbaImage};

use super::picture::renditions;
use super::{File, Made, damaged};

/// A page is drawn on white at the size of the largest rendition. The index of a PDF is at its end and its parts may be
/// anywhere: it is read whole, or not at all.
pub(crate) fn look<F: File>(file: &mut F, size: u64) -> Result<Made, Reason> {
    if size > MAX_READ {
        return Err(Reason::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).map_err(|_| Reason::TooLarge)?);
    file.take(size).read_to_end(&mut bytes).map_err(damaged)?;
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Reason::Encrypted,
        LoadPdfError::Invalid => Reason::Damaged,
    })?;
    let page = pdf.pages().first().ok_or(Reason::Damaged)?;
    Ok(Made {
        kind: Kind::Document,
        details: Details {
            pages: u32::try_from(pdf.pages().len()).ok(),
            ..Details::default()
        },
        renditions: renditions(draw(page)?)?,
    })
}

fn draw(page: &Page<'_>) -> Result<DynamicImage, Reason> {
    let (width, height) = page.render_dimensions();
    let longer = width.max(height);
    if !(longer.is_finite() && width >= 1.0 && height >= 1.0) {
        return Err(Reason::Damaged);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture's side is a small whole number"
    )]
    let side = Size::Large.pixels() as f32;
    let scale = side / longer;
    if width.min(height) * scale < 1.0 {
        return Err(Reason::Damaged);
    }
    let settings = PixmapSettings {
        x_scale: scale,
        y_scale: scale,
        bg_color: WHITE,
    };
    let drawn = render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    );
    let (across, down) = (u32::from(drawn.width()), u32::from(drawn.height()));
    let pixels = drawn.data_as_u8_slice().to_vec();
    drop(drawn);
    let image = RgbaImage::from_raw(across, down, pixels).ok_or(Reason::Damaged)?;
    Ok(DynamicImage::ImageRgb8(
        DynamicImage::ImageRgba8(image).into_rgb8(),
    ))
}

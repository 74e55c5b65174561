//! Documents and archives.

use super::bits::zeros;
use super::fixture;

/// A PDF of these objects, the first being its catalogue.
fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(objects) {
        table.push_str(&format!("{:010} 00000 n \n", out.len()));
        out.extend(format!("{number} 0 obj\n").into_bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let (begin, count) = (out.len(), objects.len() + 1);
    out.extend(
        format!("xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n").bytes(),
    );
    out.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
    out
}

pub(super) fn pdf_loop() -> Vec<u8> {
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>".to_vec(),
    ])
}

pub(super) fn pdf_deep() -> Vec<u8> {
    let mut content = vec![b'['; 200_000];
    content.extend(vec![b']'; 200_000]);
    content.extend(b" TJ");
    pdf_drawing(&content)
}

pub(super) fn pdf_recursion() -> Vec<u8> {
    let form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Length 12
        /Resources << /XObject << /A 4 0 R >> >> >>\nstream\n/A Do /A Do \nendstream";
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R
          /Resources << /XObject << /A 4 0 R >> >> >>"
            .to_vec(),
        form.to_vec(),
        b"<< /Length 6 >>\nstream\n/A Do \nendstream".to_vec(),
    ])
}

pub(super) fn pdf_page(media_box: &str) -> Vec<u8> {
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [{media_box}] >>").into_bytes(),
    ])
}

fn pdf_drawing(content: &[u8]) -> Vec<u8> {
    let page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>".to_vec();
    let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    stream.extend(content);
    stream.extend(b"\nendstream");
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page,
        stream,
    ])
}

/// 430 MB of picture in 2.7 MB of file.
pub(super) fn pdf_picture() -> Vec<u8> {
    let pixels = zeros(12_000 * 12_000 * 3);
    let mut image = format!(
        "<< /Type /XObject /Subtype /Image /Width 12000 /Height 12000 /ColorSpace /DeviceRGB /BitsPerComponent 8
         /Filter /FlateDecode /Length {} >>\nstream\n",
        pixels.len()
    )
    .into_bytes();
    image.extend(pixels);
    image.extend(b"\nendstream");
    pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R
          /Resources << /XObject << /A 4 0 R >> >> >>"
            .to_vec(),
        image,
        b"<< /Length 28 >>\nstream\nq 600 0 0 800 0 0 cm /A Do Q\nendstream".to_vec(),
    ])
}

pub(super) fn pdf_and_zip() -> Vec<u8> {
    let mut both = fixture("page.pdf").to_vec();
    both.extend(zip_of_zips());
    both
}

pub(super) fn zip_of_zips() -> Vec<u8> {
    let inner = b"PK\x03\x04\x14\0\0\0\x08\0".repeat(1_000);
    [b"PK\x03\x04".as_slice(), &inner, b"PK\x05\x06", &[0; 18]].concat()
}

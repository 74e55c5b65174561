//! Small documents for the demo: PDF pages with one line of text each.

use bytes::Bytes;

/// A PDF of one page that says `line`, which is ASCII without brackets.
pub(super) fn page(line: &str) -> Bytes {
    let drawing = format!("BT /F1 28 Tf 60 700 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!(
            "<< /Length {} >>\nstream\n{drawing}\nendstream",
            drawing.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    Bytes::from(assembled(&objects))
}

/// The objects, numbered from 1, with the table of where each begins (ISO 32000-1, 7.5).
fn assembled(objects: &[String]) -> String {
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = String::new();
    for (number, object) in (1..).zip(objects) {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (count, start) = (objects.len() + 1, file.len());
    file + &format!(
        "xref\n0 {count}\n0000000000 65535 f \n{table}trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    )
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn the_table_says_where_each_object_begins() {
        let page = page("Hello");
        let text = std::str::from_utf8(&page).expect("ASCII");
        let table = text.split("65535 f \n").nth(1).expect("a table");
        for (number, line) in (1..=5).zip(table.lines()) {
            let at: usize = line[..10].parse().expect("an offset");
            assert!(text[at..].starts_with(&format!("{number} 0 obj")));
        }
    }
}

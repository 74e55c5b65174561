//! A file whose bytes come over standard input, range by range.

use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};

use crate::protocol::{MAX_RANGE, ask};

/// What is fetched first, and after a leap: most of what is read here is small.
const FIRST: u32 = 64 << 10;

/// The file.
#[derive(Debug)]
pub(crate) struct Source<R, W> {
    from: R,
    to: W,
    size: u64,
    at: u64,
    /// What was fetched last, and where it begins.
    window: Vec<u8>,
    begin: u64,
    /// What to fetch next: more and more while it is read in order.
    step: u32,
    exhausted: bool,
}

impl<R: Read, W: Write> Source<R, W> {
    /// A file of `size` bytes; ranges are asked for on `to` and come on `from`.
    pub(crate) fn new(size: u64, from: R, to: W) -> Self {
        Self {
            from,
            to,
            size,
            at: 0,
            window: Vec::new(),
            begin: 0,
            step: FIRST,
            exhausted: false,
        }
    }

    /// Whether more was wanted than may be read.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    fn fetch(&mut self) -> io::Result<()> {
        let end = self.begin + self.window.len() as u64;
        self.step = match self.at == end && end > 0 {
            true => (self.step * 2).min(MAX_RANGE),
            false => FIRST,
        };
        // The old window goes first: there is little memory.
        self.window = Vec::new();
        self.begin = self.at;
        let fetched = ask(&mut self.to, &mut self.from, self.at, self.step);
        self.exhausted |=
            matches!(&fetched, Err(error) if error.kind() == ErrorKind::QuotaExceeded);
        self.window = fetched?;
        Ok(())
    }
}

impl<R: Read, W: Write> BufRead for Source<R, W> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let end = self.begin + self.window.len() as u64;
        if self.at < self.size && !(self.begin..end).contains(&self.at) {
            self.fetch()?;
        }
        let skip = usize::try_from(self.at.saturating_sub(self.begin)).unwrap_or(usize::MAX);
        Ok(self.window.get(skip..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount as u64;
    }
}

impl<R: Read, W: Write> Read for Source<R, W> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R, W> Seek for Source<R, W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::protocol::{REFUSED, Said};

    fn answers(parts: &[&[u8]]) -> Cursor<Vec<u8>> {
        let mut all = Vec::new();
        for part in parts {
            all.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
            all.extend_from_slice(part);
        }
        Cursor::new(all)
    }

    #[test]
    fn it_reads_what_it_asks_for() {
        let mut asked = Vec::new();
        let mut source = Source::new(200_000, answers(&[&[1; 65_536], &[2; 10]]), &mut asked);
        let mut three = [0; 3];
        source.read_exact(&mut three).unwrap();
        assert_eq!(source.seek(SeekFrom::End(-10)).unwrap(), 199_990);
        let mut rest = Vec::new();
        source.read_to_end(&mut rest).unwrap();
        assert_eq!((three, rest), ([1; 3], vec![2; 10]));
        let leap = asked[Said::LENGTH..].try_into().unwrap();
        assert_eq!(Said::from_bytes(leap), Some(Said::Range(199_990, FIRST)));
    }

    #[test]
    fn a_refusal_is_remembered() {
        let mut source = Source::new(10, Cursor::new(REFUSED.to_le_bytes()), Vec::new());
        assert!(source.read(&mut [0]).is_err());
        assert!(source.is_exhausted());
    }
}

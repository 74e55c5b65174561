//! How far uploads are, between two looks at S3: a bit per part in Redis, and the last sample that was shown.
//!
//! All of it may vanish: then people see no progress until the next look, and nothing else happens.

use domain::UploadId;
use domain::upload::Sample;
use time::OffsetDateTime;

use crate::{Error, Live};

/// How long the hints of an upload are kept after the last one, in seconds: a little longer than it may be resumed.
const KEEP_S: u32 = 26 * 60 * 60;

/// What the hints say after one more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hinted {
    /// How many parts were said to be there.
    pub parts: u32,
    /// Whether the last part, which may be shorter, is among them.
    pub with_last: bool,
    /// What was last shown, when something was.
    pub shown: Option<Sample>,
    /// Whether a second has gone by since then: this caller shows the next sample, nobody else.
    pub due: bool,
    /// The time by Redis' clock, which the samples go by.
    pub at: OffsetDateTime,
}

script! {
    HINT = "hint";
}

type Raw = (u32, u8, u8, String, String, String, String);

impl Live {
    /// Takes a client's word that `parts` of an upload of `part_count` parts are there.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn hint_parts(
        &self,
        upload: UploadId,
        part_count: u32,
        parts: &[u32],
    ) -> Result<Hinted, Error> {
        let mut call = HINT.prepare_invoke();
        call.key(bits(upload)).key(sample(upload));
        call.arg(part_count).arg(KEEP_S);
        for part in parts {
            call.arg(part);
        }
        let (parts, last, due, now, at, bytes, speed): Raw = self.redis().script(&call).await?;
        Ok(Hinted {
            parts,
            with_last: last == 1,
            shown: shown(&at, &bytes, &speed),
            due: due == 1,
            at: moment(&now).unwrap_or(OffsetDateTime::UNIX_EPOCH),
        })
    }

    /// Keeps what was just shown, for the speed of the next sample.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn keep_sample(&self, upload: UploadId, shown: &Sample) -> Result<(), Error> {
        let speed = shown.bytes_per_s.unwrap_or_default();
        let mut command = redis::cmd("HSET");
        command.arg(sample(upload)).arg("bytes").arg(shown.bytes);
        command.arg("speed").arg(speed);
        self.redis().query(&command).await
    }

    /// Puts what S3 says in the place of all hints; answers what was last shown.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn set_parts(
        &self,
        upload: UploadId,
        parts: &[u32],
    ) -> Result<Option<Sample>, Error> {
        let mut map = Vec::new();
        for part in parts {
            let (byte, bit) = ((part / 8) as usize, part % 8);
            if map.len() <= byte {
                map.resize(byte + 1, 0_u8);
            }
            map[byte] |= 0x80 >> bit;
        }
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("SET")
            .arg(bits(upload))
            .arg(map)
            .arg("EX")
            .arg(KEEP_S)
            .ignore();
        pipeline
            .cmd("HMGET")
            .arg(sample(upload))
            .arg("at")
            .arg("bytes")
            .arg("speed");
        let ((at, bytes, speed),): ((Option<String>, Option<String>, Option<String>),) =
            self.redis().pipeline(&pipeline).await?;
        let text = Option::unwrap_or_default;
        Ok(shown(&text(at), &text(bytes), &text(speed)))
    }

    /// Forgets an upload that has ended.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub async fn forget_parts(&self, upload: UploadId) -> Result<(), Error> {
        let mut command = redis::cmd("DEL");
        command.arg(bits(upload)).arg(sample(upload));
        self.redis().query(&command).await
    }
}

/// The hash tag keeps both keys in one slot.
fn bits(upload: UploadId) -> String {
    format!("{{upload:{upload}}}:parts")
}

fn sample(upload: UploadId) -> String {
    format!("{{upload:{upload}}}:shown")
}

fn shown(at: &str, bytes: &str, speed: &str) -> Option<Sample> {
    Some(Sample {
        at: moment(at)?,
        bytes: bytes.parse().ok()?,
        bytes_per_s: speed.parse().ok(),
    })
}

/// A time from milliseconds since 1970, which Lua may write as `1.7e+12`.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let milliseconds: f64 = text.parse().ok()?;
    OffsetDateTime::UNIX_EPOCH.checked_add(time::Duration::seconds_f64(milliseconds / 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_back_or_not_there() {
        let read = shown("1700000000000", "42", "1.5").unwrap();
        assert_eq!(read.at.unix_timestamp(), 1_700_000_000);
        assert_eq!((read.bytes, read.bytes_per_s), (42, Some(1.5)));
        assert_eq!(shown("", "", ""), None);
        assert_eq!(shown("1700000000000", "", ""), None);
        assert_eq!(moment("1.7e+12").unwrap().unix_timestamp(), 1_700_000_000);
    }
}

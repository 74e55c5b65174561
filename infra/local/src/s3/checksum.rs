//! The checksums that S3 verifies, joins and reports.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{Checksum, ChecksumType};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::model::Part;

/// An algorithm, by the name that S3 gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Algorithm {
    #[serde(rename = "CRC32")]
    Crc32,
    #[serde(rename = "CRC32C")]
    Crc32c,
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
}

/// How the checksums of parts become that of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    /// The checksum of all bytes.
    #[serde(rename = "FULL_OBJECT")]
    Full,
    /// The checksum of the parts' checksums, with their number.
    #[serde(rename = "COMPOSITE")]
    Composite,
}

/// The value of a checksum, in base64 as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) algorithm: Algorithm,
    pub(super) kind: Kind,
    pub(super) value: String,
}

/// The checksum fields of any input as pairs.
macro_rules! given {
    ($input:expr) => {{
        use $crate::s3::checksum::Algorithm;
        [
            (Algorithm::Crc32, $input.checksum_crc32.clone()),
            (Algorithm::Crc32c, $input.checksum_crc32c.clone()),
            (Algorithm::Crc64Nvme, $input.checksum_crc64nvme.clone()),
            (Algorithm::Sha1, $input.checksum_sha1.clone()),
            (Algorithm::Sha256, $input.checksum_sha256.clone()),
        ]
    }};
}

/// Sets the checksum field of any output.
macro_rules! report {
    ($output:expr, $algorithm:expr, $value:expr) => {{
        use $crate::s3::checksum::Algorithm;
        let value = Some($value);
        match $algorithm {
            Algorithm::Crc32 => $output.checksum_crc32 = value,
            Algorithm::Crc32c => $output.checksum_crc32c = value,
            Algorithm::Crc64Nvme => $output.checksum_crc64nvme = value,
            Algorithm::Sha1 => $output.checksum_sha1 = value,
            Algorithm::Sha256 => $output.checksum_sha256 = value,
        }
    }};
}

/// Tells the checksum of a whole object in any output.
macro_rules! summed {
    ($output:expr, $document:expr) => {{
        let sum = &$document.checksum;
        $output.checksum_type = Some(s3s::dto::ChecksumType::from_static(sum.kind.name()));
        $crate::s3::checksum::report!($output, sum.algorithm, sum.value.clone());
    }};
}

pub(super) use {given, report, summed};

impl Algorithm {
    const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// `SHA256` and the like, in any case.
    pub(super) fn parse(name: &str) -> S3Result<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                s3_error!(
                    InvalidRequest,
                    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
                )
            })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The kind of a multipart upload with this algorithm, when the client asked for `wanted`.
    pub(super) fn kind(self, wanted: Option<&str>) -> S3Result<Kind> {
        let kind = match (self, wanted) {
            (Self::Crc64Nvme, None | Some(ChecksumType::FULL_OBJECT))
            | (Self::Crc32 | Self::Crc32c, Some(ChecksumType::FULL_OBJECT)) => Kind::Full,
            (Self::Crc64Nvme, _) | (_, Some(ChecksumType::FULL_OBJECT)) => {
                let name = self.name().to_lowercase();
                let wanted = wanted.unwrap_or_default();
                return Err(s3_error!(
                    InvalidRequest,
                    "The {wanted} checksum type cannot be used with the {name} checksum algorithm."
                ));
            }
            _ => Kind::Composite,
        };
        Ok(kind)
    }

    /// The length of its value in bytes.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Refuses values that cannot be one of this algorithm.
    pub(super) fn verify_form(self, value: &str) -> S3Result<()> {
        match STANDARD.decode(value) {
            Ok(bytes) if bytes.len() == self.length() => Ok(()),
            _ => Err(s3_error!(
                InvalidRequest,
                "Value for x-amz-checksum-{} header is invalid.",
                self.name().to_lowercase()
            )),
        }
    }
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Full => ChecksumType::FULL_OBJECT,
            Self::Composite => ChecksumType::COMPOSITE,
        }
    }
}

/// The refusal of bytes that are not what was promised.
pub(super) fn bad_digest(algorithm: Algorithm) -> s3s::S3Error {
    s3_error!(
        BadDigest,
        "The {} you specified did not match the calculated checksum.",
        algorithm.name()
    )
}

/// A hasher of these algorithms.
pub(super) fn hasher(algorithms: &[Algorithm]) -> ChecksumHasher {
    let wants = |algorithm| algorithms.contains(&algorithm);
    ChecksumHasher {
        crc32: wants(Algorithm::Crc32).then(Crc32::new),
        crc32c: wants(Algorithm::Crc32c).then(Crc32c::new),
        sha1: wants(Algorithm::Sha1).then(Sha1::new),
        sha256: wants(Algorithm::Sha256).then(Sha256::new),
        crc64nvme: wants(Algorithm::Crc64Nvme).then(Crc64Nvme::new),
    }
}

/// The value of one algorithm among those that were computed.
pub(super) fn value(sums: &Checksum, wanted: Algorithm) -> Option<String> {
    given!(sums)
        .into_iter()
        .find(|(algorithm, _)| *algorithm == wanted)
        .and_then(|(_, value)| value)
}

/// The checksum of an object made of `parts`, from theirs alone: no byte is read again.
pub(super) fn of_parts(algorithm: Algorithm, kind: Kind, parts: &[Part]) -> Sum {
    let value = match (kind, crc(algorithm)) {
        (Kind::Full, Some(crc)) => joined(algorithm, crc, parts),
        _ => composite(algorithm, parts),
    };
    Sum {
        algorithm,
        kind,
        value,
    }
}

/// The ETag of an object made of `parts`: the digest of their ETags, and their number.
pub(super) fn etag_of_parts(parts: &[Part]) -> String {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part.etag.as_bytes());
    }
    format!("{}-{}", hex(digest.finalize().as_ref()), parts.len())
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn crc(algorithm: Algorithm) -> Option<CrcAlgorithm> {
    match algorithm {
        Algorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
        Algorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
        Algorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
        Algorithm::Sha1 | Algorithm::Sha256 => None,
    }
}

fn joined(algorithm: Algorithm, crc: CrcAlgorithm, parts: &[Part]) -> String {
    // The checksum of no bytes is 0 for each of the three.
    let sum = parts.iter().fold(0, |sum, part| {
        let next = raw(&part.checksum)
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        crc_fast::checksum_combine(crc, sum, next, part.size)
    });
    STANDARD.encode(&sum.to_be_bytes()[8 - algorithm.length()..])
}

fn composite(algorithm: Algorithm, parts: &[Part]) -> String {
    let mut sums = hasher(&[algorithm]);
    for part in parts {
        sums.update(&raw(&part.checksum));
    }
    let value = value(&sums.finalize(), algorithm).unwrap_or_default();
    format!("{value}-{}", parts.len())
}

/// The bytes of a value that this store computed itself.
pub(super) fn raw(value: &str) -> Vec<u8> {
    STANDARD.decode(value).unwrap_or_default()
}

//! Refusals and failures, one type for all of them.

use serde_json::{Map, Value};
use wire::problem::{Code, FieldError, Language, ProblemBody};

/// Why a call was turned away, ready to be told over REST or a socket.
#[derive(Debug)]
pub struct Problem {
    /// Which one.
    pub code: Code,
    /// What to do, when the title does not say it all.
    pub detail: Option<String>,
    /// Every field that was wrong.
    pub errors: Vec<FieldError>,
    /// Figures that belong to the code.
    pub extra: Map<String, Value>,
    /// When trying again makes sense, in seconds.
    pub retry_after_s: Option<u64>,
    /// What lies behind it: for the log, never for the client.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Problem {
    /// A problem that its code says all about.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            extra: Map::new(),
            retry_after_s: None,
            source: None,
        }
    }

    /// All the fields that were wrong, at once.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self {
            errors,
            ..Self::new(Code::Invalid)
        }
    }

    /// A failure of ours; the client learns only that there was one.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(Code::Internal)
        }
    }

    /// A dependency that is away.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            retry_after_s: Some(1),
            ..Self::new(Code::Unavailable)
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a figure that belongs to the code.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Says when trying again makes sense, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The document that the client reads.
    #[must_use]
    pub fn body(&self, request_id: &str, language: Language) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:maru:problem:{}", self.code.as_str()),
            title: self.code.title(language).to_owned(),
            status: self.code.status(),
            code: self.code.as_str().to_owned(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
            extra: self.extra.clone(),
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::invalid(errors)
    }
}

impl From<live::Error> for Problem {
    fn from(error: live::Error) -> Self {
        match error {
            live::Error::Setting(_) => Self::internal(error),
            _ => Self::unavailable(error),
        }
    }
}

impl From<store::Clash> for Problem {
    fn from(clash: store::Clash) -> Self {
        Self::new(match clash {
            store::Clash::EmailTaken => Code::EmailTaken,
            store::Clash::HandleTaken | store::Clash::RoomNameTaken => Code::NameTaken,
            store::Clash::MemberLimit => Code::MemberLimit,
            store::Clash::ClientIdUsed => Code::ClientIdReused,
            store::Clash::BlobKnown => Code::Conflict,
        })
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        if let Some(clash) = error.clash() {
            clash.into()
        } else if error.is_unavailable() {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }
}

impl From<files::Error> for Problem {
    fn from(error: files::Error) -> Self {
        if error.is_unavailable() {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }
}

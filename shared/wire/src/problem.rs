//! Problem documents (RFC 9457), the same over REST and sockets, and the one table of their codes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A refusal as the client reads it; `code` is what programs act on and never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemBody {
    /// A URI for the kind of problem: `urn:maru:problem:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong, in the reader's language.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable name of the problem.
    pub code: String,
    /// What to do about it, in the reader's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request that it answers, to quote when asking for help.
    pub request_id: String,
    /// Every field that was wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Figures that belong to this code, such as the limit that was hit.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One field of a request that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Its path, such as `parts[2].number`.
    pub field: String,
    /// The stable name of what is wrong with it.
    pub code: String,
    /// The same in words.
    pub detail: String,
}

impl FieldError {
    /// A field error from its three parts.
    pub fn new(
        field: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// The language in which titles and details are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, when nothing else is asked for.
    #[default]
    English,
    /// Korean.
    Korean,
}

macro_rules! codes {
    ($($name:ident $code:literal $status:literal $en:literal $ko:literal;)*) => {
        /// Every way a request can be turned away.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $en] $name,)*
        }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The sentence people read.
            #[must_use]
            pub fn title(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $en,
                      (Self::$name, Language::Korean) => $ko,)*
                }
            }
        }
    };
}

codes! {
    MalformedJson "malformed_json" 400 "The body is not valid JSON." "본문이 올바른 JSON이 아닙니다.";
    BadEncoding "bad_encoding" 400 "The body is not valid UTF-8." "본문이 올바른 UTF-8이 아닙니다.";
    MalformedRequest "malformed_request" 400 "The request cannot be read." "요청을 읽을 수 없습니다.";
    UnknownAction "unknown_action" 400 "There is no such action." "없는 동작입니다.";
    FrameTooLarge "frame_too_large" 413 "The frame is too large." "프레임이 너무 큽니다.";
    Unauthenticated "unauthenticated" 401 "Sign in first." "먼저 로그인하세요.";
    TokenInvalid "token_invalid" 401 "The access token is not valid; refresh it or sign in again." "액세스 토큰이 유효하지 않습니다. 갱신하거나 다시 로그인하세요.";
    SessionEnded "session_ended" 401 "The session is over; sign in again." "세션이 끝났습니다. 다시 로그인하세요.";
    CredentialsInvalid "credentials_invalid" 401 "The email or the password is wrong." "이메일 또는 비밀번호가 올바르지 않습니다.";
    Forbidden "forbidden" 403 "You may see this, but not do that." "볼 수는 있지만 이 작업은 할 수 없습니다.";
    AccountSuspended "account_suspended" 403 "The account is suspended; ask an administrator of your company." "정지된 계정입니다. 회사 관리자에게 문의하세요.";
    ReadOnly "read_only" 403 "You may only read here." "여기서는 읽기만 할 수 있습니다.";
    MemberLimit "member_limit" 403 "The room is full." "채팅방 정원이 찼습니다.";
    UploadsOff "uploads_off" 403 "Uploads are switched off in this room." "이 채팅방에서는 업로드할 수 없습니다.";
    FileQuarantined "file_quarantined" 403 "The file is held back until an admin has looked at it." "관리자가 확인할 때까지 보류된 파일입니다.";
    FileInfected "file_infected" 403 "Malware was found in the file; it cannot be downloaded." "악성코드가 발견되어 내려받을 수 없는 파일입니다.";
    NotFound "not_found" 404 "There is no such thing here." "찾을 수 없습니다.";
    PreviewUnavailable "preview_unavailable" 404 "There is no such preview of the file, or not yet." "이 파일의 미리보기가 없거나 아직 준비되지 않았습니다.";
    RouteNotFound "route_not_found" 404 "There is no such route." "없는 경로입니다.";
    MethodNotAllowed "method_not_allowed" 405 "This route does not know that method." "이 경로에서 지원하지 않는 메서드입니다.";
    Conflict "conflict" 409 "The state of things does not allow this now." "현재 상태에서는 할 수 없습니다.";
    RoomArchived "room_archived" 409 "The room is archived; restore it to write." "보관된 채팅방입니다. 복원하면 쓸 수 있습니다.";
    NameTaken "name_taken" 409 "The name is already in use." "이미 사용 중인 이름입니다.";
    EmailTaken "email_taken" 409 "The email address is already in use." "이미 사용 중인 이메일입니다.";
    ClientIdReused "client_id_reused" 409 "This client_id was already used for other content." "이 client_id는 이미 다른 내용에 사용되었습니다.";
    IdempotencyKeyReused "idempotency_key_reused" 409 "This Idempotency-Key was already used for another body." "이 Idempotency-Key는 이미 다른 본문에 사용되었습니다.";
    InProgress "in_progress" 409 "The same request is still running; try again shortly." "같은 요청이 처리 중입니다. 잠시 후 다시 시도하세요.";
    TooManyUploads "too_many_uploads" 409 "You are sending as many files as you may; finish or cancel one." "동시에 보낼 수 있는 파일 수를 넘었습니다. 하나를 끝내거나 취소하세요.";
    UploadIncomplete "upload_incomplete" 409 "Not all parts of the upload are there yet." "아직 올라오지 않은 부분이 있습니다.";
    UploadState "upload_state" 409 "The upload is in no state for this." "현재 업로드 상태에서는 할 수 없습니다.";
    UploadFailed "upload_failed" 409 "The upload cannot be finished any more; begin it anew." "업로드를 완료할 수 없습니다. 다시 시작하세요.";
    VersionMismatch "version_mismatch" 412 "It has changed since you read it; read it again." "읽은 뒤에 변경되었습니다. 다시 읽어 주세요.";
    BodyTooLarge "body_too_large" 413 "The body is too large." "본문이 너무 큽니다.";
    QuotaExceeded "quota_exceeded" 413 "There is not enough storage left." "남은 저장 공간이 부족합니다.";
    FileTooLarge "file_too_large" 413 "The file is larger than the plan allows." "요금제에서 허용하는 파일 크기를 넘었습니다.";
    UnsupportedMediaType "unsupported_media_type" 415 "Send application/json." "application/json으로 보내세요.";
    Invalid "invalid" 422 "Some fields are not valid." "올바르지 않은 항목이 있습니다.";
    TypeBlocked "type_blocked" 422 "Files of this kind are not taken." "허용되지 않는 종류의 파일입니다.";
    TypeNotAllowed "type_not_allowed" 422 "This room does not take files of this type." "이 채팅방에서 허용하지 않는 파일 형식입니다.";
    AccountLocked "account_locked" 423 "The account is locked for a while." "계정이 잠시 잠겼습니다.";
    RateLimited "rate_limited" 429 "Too many requests; slow down." "요청이 너무 많습니다. 잠시 후 다시 시도하세요.";
    SlowMode "slow_mode" 429 "The room is in slow mode." "저속 모드입니다. 잠시 후 다시 보내세요.";
    Internal "internal" 500 "Something went wrong on our side." "서버에 문제가 생겼습니다.";
    Unavailable "unavailable" 503 "A part of the service is away; try again shortly." "서비스 일부를 사용할 수 없습니다. 잠시 후 다시 시도하세요.";
}

//! Registration, sign-in, sessions, and who I am.

use domain::SessionId;
use domain::account::{Email, Fault, FullName, Password};
use domain::company::CompanyName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::FieldError;
use crate::rest::me::{CompanyView, UserView};
use crate::rest::words;

/// Longest opaque token or client id that is read, in characters.
const MAX_OPAQUE: usize = 128;

/// A new company and its owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The owner's email address; nobody else in the whole system may have it.
    #[schema(value_type = words::EmailAddress)]
    pub email: String,
    /// 8 to 128 characters with an upper-case letter, a lower-case letter and a digit.
    #[schema(example = "Maru-hall-2026", min_length = 8, max_length = 128)]
    pub password: String,
    /// The owner's name.
    #[schema(value_type = words::PlainName)]
    pub full_name: String,
    /// The company's name.
    #[schema(value_type = words::PlainName)]
    pub company_name: String,
}

/// A registration that keeps all the rules.
pub struct Registration {
    /// The owner's address.
    pub email: Email,
    /// The owner's password.
    pub password: Password,
    /// The owner's name.
    pub full_name: FullName,
    /// The company's name.
    pub company_name: CompanyName,
}

impl Register {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(self) -> Result<Registration, Vec<FieldError>> {
        let mut errors = Vec::new();
        let email = checked("email", Email::parse(&self.email), &mut errors);
        let password = Password::choose(&self.password)
            .map_err(|faults| {
                errors.extend(faults.into_iter().map(|fault| field("password", fault)));
            })
            .ok();
        let full_name = checked("full_name", FullName::parse(&self.full_name), &mut errors);
        let company_name = checked(
            "company_name",
            CompanyName::parse(&self.company_name),
            &mut errors,
        );
        match (email, password, full_name, company_name) {
            (Some(email), Some(password), Some(full_name), Some(company_name)) => {
                Ok(Registration {
                    email,
                    password,
                    full_name,
                    company_name,
                })
            }
            _ => Err(errors),
        }
    }
}

/// An attempt to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The email address.
    #[schema(value_type = words::EmailAddress)]
    pub email: String,
    /// The password.
    #[schema(example = "Maru-hall-2026", min_length = 1, max_length = 128)]
    pub password: String,
}

/// What was typed at the door.
pub struct Credentials {
    /// The address.
    pub email: Email,
    /// The password as typed.
    pub password: Password,
}

impl Login {
    /// Checks every field; whether they are right is another question.
    ///
    /// # Errors
    /// Every field that cannot be what it should be.
    pub fn parse(self) -> Result<Credentials, Vec<FieldError>> {
        let mut errors = Vec::new();
        let email = checked("email", Email::parse(&self.email), &mut errors);
        let length = self.password.chars().count();
        if !(1..=Password::MAX_CHARS).contains(&length) {
            let detail = format!("1 to {} characters", Password::MAX_CHARS);
            errors.push(FieldError::new("password", "length", detail));
        }
        match email {
            Some(email) if errors.is_empty() => Ok(Credentials {
                email,
                password: Password::attempt(&self.password),
            }),
            _ => Err(errors),
        }
    }
}

/// Exchanges a refresh token for new tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The token of the last answer; each one is good for one use.
    #[schema(value_type = words::RefreshToken)]
    pub refresh_token: String,
    /// Any text of one's own that is new for each refresh, sent again unchanged when the answer got lost:
    /// the retry then gets the same refresh token. Without it, a token that comes twice ends the session.
    #[serde(default)]
    #[schema(
        min_length = 1,
        max_length = 128,
        example = "0198f0c2-6b1f-7c3e-9a51-2d0f4b1c8e77"
    )]
    pub client_id: Option<String>,
}

/// A refresh token as it came, with the client's own id of the attempt.
pub struct Presented {
    /// The token.
    pub token: String,
    /// The client's id of this attempt.
    pub client_id: Option<String>,
}

impl Refresh {
    /// Checks every field.
    ///
    /// # Errors
    /// Every field that cannot be what it should be.
    pub fn parse(self) -> Result<Presented, Vec<FieldError>> {
        let mut errors = Vec::new();
        opaque("refresh_token", &self.refresh_token, &mut errors);
        if let Some(client_id) = &self.client_id {
            opaque("client_id", client_id, &mut errors);
        }
        if errors.is_empty() {
            Ok(Presented {
                token: self.refresh_token,
                client_id: self.client_id,
            })
        } else {
            Err(errors)
        }
    }
}

/// Ends a session: the one of the refresh token, else the one of the access token that the call carries.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {
    /// A refresh token of the session; only needed when the access token has run out.
    #[serde(default)]
    #[schema(value_type = Option<words::RefreshToken>)]
    pub refresh_token: Option<String>,
}

impl Logout {
    /// Checks every field; answers the refresh token.
    ///
    /// # Errors
    /// Every field that cannot be what it should be.
    pub fn parse(self) -> Result<Option<String>, Vec<FieldError>> {
        let mut errors = Vec::new();
        if let Some(token) = &self.refresh_token {
            opaque("refresh_token", token, &mut errors);
        }
        if errors.is_empty() {
            Ok(self.refresh_token)
        } else {
            Err(errors)
        }
    }
}

/// Signed in: the tokens, and whose they are.
#[derive(Serialize, ToSchema)]
pub struct TokensView {
    /// A JWT for `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// How long the access token is good for, in seconds.
    #[schema(example = 900)]
    pub expires_in_s: i64,
    /// Good for one use of `POST /v1/auth/refresh`.
    pub refresh_token: String,
    /// How long the refresh token is good for, in seconds.
    #[schema(example = 604_800)]
    pub refresh_expires_in_s: i64,
    /// The session that both belong to.
    #[schema(value_type = uuid::Uuid)]
    pub session_id: SessionId,
    /// Who signed in.
    pub user: UserView,
    /// Their company.
    pub company: CompanyView,
}

fn checked<T>(name: &str, result: Result<T, Fault>, errors: &mut Vec<FieldError>) -> Option<T> {
    result.map_err(|fault| errors.push(field(name, fault))).ok()
}

fn field(name: &str, fault: Fault) -> FieldError {
    FieldError::new(name, fault.code(), fault.to_string())
}

fn opaque(name: &str, text: &str, errors: &mut Vec<FieldError>) {
    if !(1..=MAX_OPAQUE).contains(&text.chars().count()) {
        let detail = format!("1 to {MAX_OPAQUE} characters");
        errors.push(FieldError::new(name, "length", detail));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_a1_all_wrong_fields_are_named_at_once() {
        let request = Register {
            email: "nobody".into(),
            password: "short".into(),
            full_name: " ".into(),
            company_name: String::new(),
        };
        let errors = request.parse().err().unwrap();
        let names: Vec<_> = errors
            .iter()
            .map(|error| (error.field.as_str(), error.code.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("email", "bad_email"),
                ("password", "password_length"),
                ("password", "password_needs_upper"),
                ("password", "password_needs_digit"),
                ("full_name", "bad_name"),
                ("company_name", "bad_name"),
            ]
        );
    }

    #[test]
    fn an_old_password_need_not_keep_the_rules_for_new_ones() {
        let login = |password: &str| Login {
            email: "a@example.com".into(),
            password: password.into(),
        };
        assert!(login("old").parse().is_ok());
        assert!(login("").parse().is_err());
    }
}

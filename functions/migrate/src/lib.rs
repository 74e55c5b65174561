//! The migrate function: schema and signing keys, up to date. The only holder of the owner role.
//!
//! CloudFormation calls it before it replaces the functions that serve; a schedule calls it each day to look
//! after the keys; an operator calls it by hand: `{}`, `{"action":"maintain_keys"}`, `{"action":"rotate_keys"}`.

mod cloudformation;

use app::signing::{self, Rotation, Vault};
use app::{clock, env};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use cloudformation::Custom;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    /// Brings the schema and the keys up to date.
    #[default]
    Migrate,
    /// Replaces the signing key if it is too old; forgets keys that have retired.
    MaintainKeys,
    /// Replaces the signing key whatever its age.
    RotateKeys,
}

/// A call by hand or by schedule.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Order {
    action: Action,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Report {
    /// The migrations that were missing.
    applied: Vec<String>,
    /// The signing keys.
    signing_keys: Rotation,
}

/// Serves invocations until the instance is taken away.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub async fn run() -> Result<(), app::Error> {
    lambda_runtime::run(service_fn(handle)).await
}

/// Does what is asked. CloudFormation gets its answer at the address it gave, whatever happened; everyone else
/// gets the report, or the failure.
async fn handle(event: LambdaEvent<Value>) -> Result<Value, app::Error> {
    let Some(custom) = Custom::read(&event.payload) else {
        let order: Order = serde_json::from_value(event.payload)?;
        return Ok(json!(work(order.action).await?));
    };
    let done = if custom.is_delete() {
        // The data stays; there is nothing to undo.
        Ok(json!({}))
    } else {
        work(Action::Migrate).await.map(|report| json!(report))
    };
    if let Err(error) = &done {
        tracing::error!(?error, "migrating failed");
    }
    custom.answer(done).await?;
    Ok(json!({}))
}

async fn work(action: Action) -> Result<Report, app::Error> {
    let owner = env::owner_store().await?;
    // Two runs at once would each make a key and retire the other's; they wait for each other instead.
    let mut turn = store::migrations::turn(&owner).await?;
    let applied = match action {
        Action::Migrate => turn.migrate().await?,
        Action::MaintainKeys | Action::RotateKeys => Vec::new(),
    };
    let force = action == Action::RotateKeys;
    let vault = Vault::from_env()?;
    let signing_keys = signing::maintain(&owner, &vault, clock::now(), force)
        .await
        .map_err(|problem| describe(&problem))?;
    let report = Report {
        applied,
        signing_keys,
    };
    drop(turn);
    tracing::info!(?report, "up to date");
    Ok(report)
}

/// A problem as the caller of this function reads it: there is no client to hide anything from.
fn describe(problem: &app::Problem) -> app::Error {
    format!("{}: {:?}", problem.code.as_str(), problem.source).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_order_migrates() {
        let read = |text: &str| serde_json::from_str::<Order>(text).map(|order| order.action);
        assert_eq!(read("{}").unwrap(), Action::Migrate);
        assert_eq!(
            read(r#"{"action":"rotate_keys"}"#).unwrap(),
            Action::RotateKeys
        );
        assert!(read(r#"{"action":"drop"}"#).is_err());
        assert!(read(r#"{"more":1}"#).is_err());
    }
}

//! The stack's control endpoint: servers to stop, faults to set, functions to call or kill.

use serde_json::{Value, json};

use crate::{Rest, Stack};

impl Stack {
    /// Its control endpoint.
    #[must_use]
    pub fn controls(&self) -> Rest {
        Rest::from(&self.control, None)
    }

    /// Does what a path says, such as `redis/stop`, `reset-redis`, `kill/rooms`; done when it answers.
    pub async fn order(&self, path: &str) {
        let answer = self.controls().post(&format!("/{path}"), json!({})).await;
        assert!(answer.status.is_success(), "{answer:#?}");
    }

    /// From now on: a fault, as `infra/local` describes rules.
    pub async fn fault(&self, rule: Value) {
        let answer = self.controls().post("/faults", rule.clone()).await;
        assert!(answer.status.is_success(), "{rule}: {answer:#?}");
    }

    /// No more faults.
    pub async fn mend(&self) {
        let answer = self.controls().delete("/faults").await;
        assert!(answer.status.is_success(), "{answer:#?}");
    }

    /// Calls a function as a schedule or an operator does; answers what it answers.
    pub async fn invoke(&self, function: &str, event: Value) -> Value {
        let path = format!("/invoke/{function}");
        self.controls().post(&path, event).await.ok()
    }

    /// What has happened to a function so far.
    pub async fn counters(&self, function: &str) -> Value {
        let counters = self.controls().get("/counters").await.ok();
        counters["functions"][function].clone()
    }
}

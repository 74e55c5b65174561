//! Who is behind a frame: the authorizer's word, which rides on every event of a connection.

use aws_lambda_events::apigw::{
    ApiGatewayWebsocketProxyRequest as Request, ApiGatewayWebsocketProxyRequestContext as Context,
};
use domain::ConnectionId;
use live::Connection;
use serde_json::Value;

use crate::telemetry::About;
use crate::{Caller, Client, Problem, clock};

/// One frame, and whose.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The socket that it came from.
    pub connection: Connection,
    /// The person behind it.
    pub caller: Caller,
    /// Its text; empty when it was binary, which no request is.
    pub text: String,
}

impl Frame {
    /// Reads an event of the gateway.
    ///
    /// # Errors
    /// When it does not carry what the authorizer said: a mistake of the deployment, never of a client.
    pub fn read(event: Request) -> Result<Self, Problem> {
        let connection = connection(&event.request_context)?;
        let identity = &event.request_context.identity;
        let caller = Caller {
            user: connection.user,
            company: connection.company,
            session: connection.session,
            client: Client {
                at: clock::now(),
                address: identity.source_ip.clone().unwrap_or_default(),
                user_agent: identity.user_agent.clone().unwrap_or_default(),
                request_id: event
                    .request_context
                    .request_id
                    .clone()
                    .unwrap_or_else(|| clock::id().to_string()),
            }
            .into(),
        };
        let text = if event.is_base64_encoded {
            String::new()
        } else {
            event.body.unwrap_or_default()
        };
        Ok(Self {
            connection,
            caller,
            text,
        })
    }
}

/// What every line says that is written while an event of a socket is looked at.
#[must_use]
pub fn about(context: &Context) -> About {
    let connection = connection(context).ok();
    About {
        request_id: context.request_id.clone().unwrap_or_default(),
        trace_id: String::new(),
        company: connection.as_ref().map(|it| it.company),
        user: connection.as_ref().map(|it| it.user),
    }
}

/// The socket that an event is about.
///
/// # Errors
/// As [`Frame::read`].
pub fn connection(context: &Context) -> Result<Connection, Problem> {
    let fields = &context.authorizer.fields;
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| Problem::internal(format!("the authorizer did not say the {name}")))
    };
    Ok(Connection {
        id: ConnectionId(
            context
                .connection_id
                .clone()
                .ok_or_else(|| Problem::internal("an event without a connection"))?,
        ),
        company: text("company")?.parse().map_err(Problem::internal)?,
        user: text("user")?.parse().map_err(Problem::internal)?,
        session: text("session")?.parse().map_err(Problem::internal)?,
    })
}

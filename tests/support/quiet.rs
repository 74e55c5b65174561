//! Who hears of changes, for use cases that are called without a function: nobody.

use app::Live;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use live::Egress;

use crate::Stack;
use crate::stack::credentials;

/// Redis and DynamoDB of the stack, and no socket to tell anything.
#[must_use]
pub fn quiet_live(stack: &Stack) -> Live {
    let aws = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-2"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .endpoint_url(&stack.dynamodb)
        .build();
    Live::new(live::Settings {
        redis_url: stack.redis.clone(),
        table: stack.table.clone(),
        aws,
        sockets_endpoint: None,
        lambda_endpoint: None,
        announce_function: None,
        egress: Egress::Nat,
        clock: app::clock::now,
        members: None,
    })
}

//! The whole of Maru on one machine, from template.yaml.

pub mod dynamodb;
pub mod faults;
pub mod function;
pub mod lambda;
pub mod loopback;
pub mod s3;
pub mod secrets;
pub mod template;

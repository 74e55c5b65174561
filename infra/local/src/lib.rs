//! The whole of Maru on one machine, from template.yaml.

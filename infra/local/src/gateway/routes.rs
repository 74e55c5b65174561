//! Which route a request takes: the most specific one, as API Gateway chooses.

use std::collections::BTreeMap;

use crate::template::Route;

use super::text::percent_decoded;

/// The routes of the HTTP API.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Sorted: a literal segment before a parameter, a parameter before a greedy one.
    routes: Vec<Compiled>,
    default: Option<String>,
}

/// The route that a request takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    /// As the event says it: `GET /v1/messages/{id}` or `$default`.
    pub(super) key: &'a str,
    pub(super) function: &'a str,
    pub(super) parameters: BTreeMap<&'a str, String>,
}

#[derive(Debug)]
struct Compiled {
    key: String,
    method: Option<String>,
    segments: Vec<Segment>,
    function: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Greedy(String),
}

impl Routes {
    pub(super) fn new(routes: &[Route]) -> Self {
        let (defaults, routes): (Vec<_>, Vec<_>) =
            routes.iter().partition(|route| route.path == "$default");
        let mut routes: Vec<Compiled> = routes.into_iter().map(Compiled::new).collect();
        // Specific first; among equals, the one that names its method.
        routes.sort_by(|a, b| {
            let kinds =
                |route: &Compiled| route.segments.iter().map(Segment::rank).collect::<Vec<_>>();
            (kinds(a), a.method.is_none()).cmp(&(kinds(b), b.method.is_none()))
        });
        Self {
            routes,
            default: defaults.first().map(|route| route.function.clone()),
        }
    }

    pub(super) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let found = self.routes.iter().find_map(|route| {
            let takes = route
                .method
                .as_deref()
                .is_none_or(|wanted| wanted == method);
            let parameters = takes.then(|| route.parameters(&segments)).flatten()?;
            Some(Match {
                key: &route.key,
                function: &route.function,
                parameters,
            })
        });
        let default = || {
            let function = self.default.as_deref()?;
            Some(Match {
                key: "$default",
                function,
                parameters: BTreeMap::new(),
            })
        };
        found.or_else(default)
    }
}

impl Compiled {
    fn new(route: &Route) -> Self {
        let segments = route
            .path
            .trim_start_matches('/')
            .split('/')
            .map(Segment::new);
        Self {
            key: format!(
                "{} {}",
                route.method.as_deref().unwrap_or("ANY"),
                route.path
            ),
            method: route.method.clone(),
            segments: segments.collect(),
            function: route.function.clone(),
        }
    }

    fn parameters(&self, path: &[&str]) -> Option<BTreeMap<&str, String>> {
        let mut parameters = BTreeMap::new();
        for (index, segment) in self.segments.iter().enumerate() {
            match (segment, path.get(index)?) {
                (Segment::Literal(literal), text) if literal == text => {}
                (Segment::Parameter(name), text) if !text.is_empty() => {
                    parameters.insert(name.as_str(), percent_decoded(text));
                }
                (Segment::Greedy(name), _) => {
                    parameters.insert(name.as_str(), percent_decoded(&path[index..].join("/")));
                    return Some(parameters);
                }
                _ => return None,
            }
        }
        (path.len() == self.segments.len()).then_some(parameters)
    }
}

impl Segment {
    fn new(text: &str) -> Self {
        match text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
        {
            None => Self::Literal(text.to_owned()),
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Greedy(name.to_owned()),
                None => Self::Parameter(name.to_owned()),
            },
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

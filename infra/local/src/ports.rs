//! Which port each part listens on, all on loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::Error;

/// Free ports are looked for here: below the range that outgoing connections are given, so that none of
/// those takes a port between our looking and our listening.
const FREE: std::ops::Range<u16> = 20_000..32_000;

/// A port for every part.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The REST API, the sockets and `@connections`.
    pub rest: u16,
    /// The pages for a browser.
    pub pages: u16,
    /// S3.
    pub s3: u16,
    /// DynamoDB.
    pub dynamodb: u16,
    /// Lambda: the Runtime API and the Invoke API.
    pub lambda: u16,
    /// Secrets Manager.
    pub secrets: u16,
    /// The control endpoint.
    pub control: u16,
    /// Postgres.
    pub postgres: u16,
    /// Redis.
    pub redis: u16,
    /// Redis among its own, though it is alone.
    pub redis_bus: u16,
    /// What makes faults on the way to Postgres.
    pub postgres_proxy: u16,
    /// What makes faults on the way to Redis.
    pub redis_proxy: u16,
}

impl Ports {
    /// Chooses them: `rest` and those after it, or free ones where those are taken; all free ones for 0.
    ///
    /// # Errors
    /// [`Error::PortTaken`] when `rest` itself is not to be had.
    pub fn choose(rest: u16) -> Result<Self, Error> {
        if rest != 0 && !is_free(rest) {
            return Err(Error::PortTaken(rest));
        }
        let mut free = Free::new();
        let mut wanted = rest;
        let mut next = || {
            let port = match wanted {
                0 => free.next(),
                port if is_free(port) => port,
                _ => free.next(),
            };
            if wanted != 0 {
                wanted = wanted.checked_add(1).unwrap_or(0);
            }
            port
        };
        Ok(Self {
            rest: next(),
            pages: next(),
            s3: next(),
            dynamodb: next(),
            lambda: next(),
            secrets: next(),
            control: next(),
            postgres: next(),
            redis: next(),
            redis_bus: next(),
            postgres_proxy: next(),
            redis_proxy: next(),
        })
    }
}

/// The loopback address with this port.
#[must_use]
pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(loopback(port)).is_ok()
}

/// Walks the free range from a place of this process's own, so that stacks side by side do not meet.
struct Free {
    step: u16,
}

impl Free {
    fn new() -> Self {
        // Processes that start one after the other have neighbouring numbers; spread them.
        let spread = std::process::id().wrapping_mul(0x9E37_79B1) >> 16;
        Self {
            step: u16::try_from(spread).unwrap_or(0) % (FREE.end - FREE.start),
        }
    }

    fn next(&mut self) -> u16 {
        loop {
            self.step = (self.step + 1) % (FREE.end - FREE.start);
            let port = FREE.start + self.step;
            if is_free(port) {
                return port;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_all_different() {
        let ports = Ports::choose(0).unwrap();
        let mut all = vec![
            ports.rest,
            ports.pages,
            ports.s3,
            ports.dynamodb,
            ports.lambda,
            ports.secrets,
            ports.control,
            ports.postgres,
            ports.redis,
            ports.redis_bus,
            ports.postgres_proxy,
            ports.redis_proxy,
        ];
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12);
    }

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind(loopback(0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let refused = Ports::choose(port).unwrap_err().to_string();
        assert!(refused.contains(&port.to_string()), "{refused}");
    }

    #[test]
    fn a_taken_follower_gives_way() {
        let mut free = Free::new();
        let rest = free.next();
        let Ok(_taken) = TcpListener::bind(loopback(rest + 1)) else {
            return;
        };
        let ports = Ports::choose(rest).unwrap();
        assert_eq!(ports.rest, rest);
        assert_ne!(ports.pages, rest + 1);
    }
}

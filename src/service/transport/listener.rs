//! The accept loop: who may connect, and what happens when descriptors run out.
//!
//! Always: at most `max_connections` are open, and at most `max_connections_per_peer` from one address (one /64 of
//! IPv6, since a host has all of it); those over a bound are closed at once. Out of descriptors, the loop pauses instead
//! of trying on: it closes a descriptor kept in reserve, takes one waiting connection with it and closes that, so that its
//! peer learns that there is no room. Refusals are told once a second, with their number.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{self, Front};

/// Pause after a failed accept: out of descriptors, trying at once again would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Time between two complaints of one kind.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(1);

/// Accepts connections for as long as it is polled.
pub(in crate::service) async fn accept(
    listener: &TcpListener,
    connections: &mut JoinSet<()>,
    front: &Arc<Front>,
    stopped: watch::Receiver<bool>,
) -> Infallible {
    let places = Arc::new(Places {
        most: front.transport.max_connections,
        most_per_peer: front.transport.max_connections_per_peer,
        taken: Mutex::default(),
    });
    let mut reserve = Reserve::new();
    let mut refused = Complaint::default();
    let mut failed = Complaint::default();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, address)) => {
                    let Some(place) = places.take(address.ip()) else {
                        front.observer.metrics.connection_refused("MAX_CONNECTIONS");
                        refused.count(|refused| tracing::warn!(refused, "connections over the bounds are closed"));
                        continue;
                    };
                    let counted = front.observer.metrics.connection();
                    let (front, stopped) = (Arc::clone(front), stopped.clone());
                    connections.spawn(async move {
                        connection::serve(socket, address.ip(), front, stopped).await;
                        drop((place, counted));
                    });
                }
                Err(error) => {
                    failed.count(|failed| tracing::warn!(failed, kind = ?error.kind(), "cannot accept: {error}"));
                    if is_out_of_descriptors(&error) {
                        reserve.turn_one_away(listener);
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// EMFILE and ENFILE, which have these numbers on Linux, the BSDs and macOS.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// A descriptor that can be given up.
#[derive(Debug)]
struct Reserve(Option<File>);

impl Reserve {
    fn new() -> Self {
        // Where there is no such file the loop still pauses; waiting peers are then only told later.
        Self(File::open("/dev/null").ok())
    }

    /// Accepts one waiting connection in place of the reserve, and closes it.
    fn turn_one_away(&mut self, listener: &TcpListener) {
        self.0 = None;
        drop(listener.accept().now_or_never());
        *self = Self::new();
    }
}

/// Connections that are open, by peer.
#[derive(Debug)]
struct Places {
    most: usize,
    most_per_peer: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

impl Places {
    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        // Counts are whole after any panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let peer = peer_of(address);
        let mut taken = self.lock();
        let of_peer = taken.by_peer.get(&peer).copied().unwrap_or(0);
        if taken.all >= self.most || of_peer >= self.most_per_peer {
            return None;
        }
        taken.all += 1;
        taken.by_peer.insert(peer, of_peer + 1);
        Some(Place { places: Arc::clone(self), peer })
    }
}

/// The address, or the /64 of IPv6 that it is in.
fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

/// The right to one connection.
#[derive(Debug)]
struct Place {
    places: Arc<Places>,
    peer: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        let rest = taken.by_peer.get(&self.peer).map_or(0, |of_peer| of_peer - 1);
        if rest == 0 {
            taken.by_peer.remove(&self.peer);
        } else {
            taken.by_peer.insert(self.peer, rest);
        }
    }
}

/// Tells of something that may happen very often.
#[derive(Debug, Default)]
struct Complaint {
    last: Option<Instant>,
    untold: u64,
}

impl Complaint {
    /// Counts one more, and tells how many there were since the last time, if that is long enough ago.
    fn count(&mut self, tell: impl FnOnce(u64)) {
        self.untold += 1;
        if self.last.is_none_or(|last| last.elapsed() >= COMPLAINT_INTERVAL) {
            tell(self.untold);
            *self = Self { last: Some(Instant::now()), untold: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: usize, most_per_peer: usize) -> Arc<Places> {
        Arc::new(Places { most, most_per_peer, taken: Mutex::default() })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_peer_has_so_many_places_and_others_have_theirs() {
        let places = places(5, 2);
        let held = [places.take(ip("10.0.0.1")), places.take(ip("10.0.0.1"))];
        assert!(held.iter().all(Option::is_some));
        assert!(places.take(ip("10.0.0.1")).is_none());
        assert!(places.take(ip("::ffff:10.0.0.1")).is_none(), "the same peer in other clothes");
        let other = places.take(ip("10.0.0.2"));
        assert!(other.is_some());
        drop(held);
        assert!(places.take(ip("10.0.0.1")).is_some());
        drop(other);
        assert_eq!(places.lock().by_peer.len(), 0, "nothing is kept of peers that left");
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let places = places(5, 1);
        let _held = places.take(ip("2001:db8::1"));
        assert!(places.take(ip("2001:db8::ffff:2")).is_none());
        assert!(places.take(ip("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn all_together_have_so_many_places() {
        let places = places(2, 2);
        let _held = [places.take(ip("10.0.0.1")), places.take(ip("10.0.0.2"))];
        assert!(places.take(ip("10.0.0.3")).is_none());
    }

    #[test]
    fn complaints_are_told_once_a_second() {
        let mut told = 0;
        let mut complaint = Complaint::default();
        (0..1000).for_each(|_| complaint.count(|_| told += 1));
        assert_eq!(told, 1);
    }
}

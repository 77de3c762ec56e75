//! Who may call: TLS and client certificates, keys, and a table of what each method asks of a caller.
//!
//! In: files named by the settings, and the path and headers of each call. Out: the TLS configuration for the next
//! connection, and whether a call may go on. Always: a method that no rule names does not exist; where callers are listed,
//! a call without a valid credential is UNAUTHENTICATED and one without the right is PERMISSION_DENIED; files are read
//! again by [`Gate::reload`] without harm to connections and calls in progress, and a file that is wrong changes nothing.
//! Health stays open: who runs the server must be able to ask without a credential. No secret is kept (keys are known by
//! their SHA-256), compared in a time that tells of it, or told in an error, a log line or `Debug`.

mod access;
mod callers;
mod key;
mod rate;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use tokio_rustls::rustls;

pub use access::{Access, RULES, rule};
pub(super) use callers::Allowance;
use callers::Callers;
pub use callers::CallersError;
pub use key::{digest, hex, new_key};
pub use tls::TlsError;
pub(super) use tls::fingerprint;

use super::config;
use super::status::Failure;

/// Why the server cannot be made safe as it is told to.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// Strangers could read along.
    #[error(
        "{address} can be reached from other machines and the server has no certificate: texts and keys would travel in \
         the open; give --tls-cert and --tls-key, listen on a loopback address, or say --allow-plaintext true where \
         something in front of the server speaks TLS"
    )]
    Plaintext {
        /// The address to listen on.
        address: SocketAddr,
    },
    /// Settings that only work together.
    #[error("{given} is given without {missing}; give both or neither")]
    Incomplete {
        /// The setting that is there.
        given: &'static str,
        /// The setting that is not.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Certificates or keys of the server cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The list of callers cannot be used.
    #[error(transparent)]
    Callers(#[from] CallersError),
}

/// Everything that was read from files.
#[derive(Clone, Debug, Default)]
struct Loaded {
    tls: Option<Arc<rustls::ServerConfig>>,
    callers: Option<Arc<Callers>>,
    /// The files as they were, to see whether they have changed.
    files: Vec<Vec<u8>>,
}

/// Decides who may connect and call.
#[derive(Debug)]
pub struct Gate {
    settings: config::Security,
    /// Whether HTTP/1.1 is offered beside HTTP/2.
    offers_http1: bool,
    loaded: RwLock<Loaded>,
}

impl Gate {
    /// Reads all files that `settings` name. `listen` is where the server will listen.
    pub fn open(settings: &config::Security, listen: SocketAddr, offers_http1: bool) -> Result<Self, SecurityError> {
        let pairs = [
            ("--tls-cert", settings.tls_cert.is_some(), "--tls-key", settings.tls_key.is_some()),
            ("--tls-key", settings.tls_key.is_some(), "--tls-cert", settings.tls_cert.is_some()),
        ];
        if let Some((given, _, missing, _)) = pairs.into_iter().find(|(_, given, _, other)| *given && !*other) {
            return Err(SecurityError::Incomplete { given, missing });
        }
        if settings.tls_client_ca.is_some() && settings.tls_cert.is_none() {
            return Err(SecurityError::Incomplete { given: "--tls-client-ca", missing: "--tls-cert" });
        }
        if settings.tls_client_crl.is_some() && settings.tls_client_ca.is_none() {
            return Err(SecurityError::Incomplete { given: "--tls-client-crl", missing: "--tls-client-ca" });
        }
        if settings.tls_cert.is_none() && !listen.ip().is_loopback() && !settings.allow_plaintext {
            return Err(SecurityError::Plaintext { address: listen });
        }
        let gate = Self { settings: settings.clone(), offers_http1, loaded: RwLock::default() };
        gate.reload()?;
        Ok(gate)
    }

    /// Reads all files again. Gives whether they have changed. A file that is wrong is an error and changes nothing.
    /// Connections that are open stay as they are; new ones see the new certificate, all calls the new callers.
    pub fn reload(&self) -> Result<bool, SecurityError> {
        let files = self.read()?;
        let before = self.loaded().files.clone();
        // Nothing but what was read decides, so that equal files are never a failure; without any files there is
        // nothing to load, and never was.
        if files == before {
            return Ok(false);
        }
        let mut rest = files.iter();
        // In the order in which `read` gives them.
        let mut next = |setting: &Option<PathBuf>| {
            setting.as_ref().map(|path| (path.clone(), rest.next().cloned().unwrap_or_default()))
        };
        let settings = &self.settings;
        let (certificate, key) = (next(&settings.tls_cert), next(&settings.tls_key));
        let (client_ca, revoked) = (next(&settings.tls_client_ca), next(&settings.tls_client_crl));
        let clients = client_ca.map(|authority| tls::ClientAuthority { authority, revoked });
        let callers = next(&settings.api_keys);
        let tls = match (certificate, key) {
            (Some(certificate), Some(key)) => {
                Some(Arc::new(tls::server_config(&certificate, &key, clients.as_ref(), self.offers_http1)?))
            }
            _ => None,
        };
        let callers = match callers {
            None => None,
            Some((path, text)) => {
                let known = self.loaded().callers.clone();
                Some(Arc::new(Callers::read(&path, &text, known.as_deref())?))
            }
        };
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Loaded { tls, callers, files };
        Ok(true)
    }

    /// Reads the files again whenever they have changed, looking every `interval`; ends never. A change that cannot be
    /// used is told in the log, once, and what was in force stays.
    pub async fn watch_files(&self, interval: Duration) -> std::convert::Infallible {
        let mut told = None;
        loop {
            tokio::time::sleep(interval).await;
            match self.reload() {
                Ok(changed) => {
                    told = None;
                    if changed {
                        tracing::info!("certificates and keys were read again");
                    }
                }
                Err(error) => {
                    let message = error.to_string();
                    if told.as_ref() != Some(&message) {
                        tracing::error!("certificates and keys stay as they were: {message}");
                        told = Some(message);
                    }
                }
            }
        }
    }

    /// TLS for the next connection, if it is spoken.
    pub(super) fn tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.loaded().tls.clone()
    }

    /// Whether a call of `path` may go on, and what it may take of its caller's rate for further messages.
    pub(super) fn admit(
        &self,
        path: &str,
        headers: &HeaderMap,
        certificate: Option<&[u8; 32]>,
    ) -> Result<Allowance, Failure> {
        let rule = access::rule(path);
        if rule == Some(Access::Open) {
            return Ok(Allowance::default());
        }
        // Asked first, so that a stranger does not learn which methods there are.
        let callers = self.loaded().callers.clone();
        let caller = match &callers {
            None => None,
            Some(callers) => Some(callers.identify(headers, certificate, SystemTime::now())?),
        };
        if rule.is_none() {
            return Err(Failure::NoSuchMethod);
        }
        let Some(caller) = caller else { return Ok(Allowance::default()) };
        if !caller.may_call(path) {
            return Err(Failure::NotAllowed);
        }
        let allowance = caller.allowance();
        allowance.take()?;
        Ok(allowance)
    }

    fn loaded(&self) -> std::sync::RwLockReadGuard<'_, Loaded> {
        // Replaced whole, so what is there is whole after any panic.
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of all files, in a fixed order.
    fn read(&self) -> Result<Vec<Vec<u8>>, SecurityError> {
        let config::Security { tls_cert, tls_key, tls_client_ca, tls_client_crl, api_keys, .. } = &self.settings;
        [tls_cert, tls_key, tls_client_ca, tls_client_crl, api_keys]
            .into_iter()
            .flatten()
            .map(|path| std::fs::read(path).map_err(|cause| SecurityError::Read { path: path.clone(), cause }))
            .collect()
    }
}

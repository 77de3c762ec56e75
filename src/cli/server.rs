//! A connection to a server: its URL, how it proves who it is, and how we do.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use super::CommandError;

/// Longest time to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How to reach a server and be let in.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ServerAccess {
    /// Authority that vouches for the server, in PEM; those of the system if it is not given
    #[arg(long, env = "POLICY_ECHO_CA", value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Our own certificate, in PEM, for servers that ask for one
    #[arg(long, env = "POLICY_ECHO_CERT", value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// The private key of our certificate, in PEM
    #[arg(long, env = "POLICY_ECHO_KEY", value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// Our key for the server; better in the environment, where other users do not see it
    #[arg(long, env = "POLICY_ECHO_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<ApiKey>,
}

/// A key, which no output shows.
#[derive(Clone)]
struct ApiKey(MetadataValue<Ascii>);

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

impl std::str::FromStr for ApiKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {}", text.trim()).parse().map_err(|_| "a key is one line of ASCII characters")?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// A connection that shows our key with every call.
pub(super) type Connection = InterceptedService<Channel, ShowKey>;

/// Adds our key, if we have one, to a call.
#[derive(Clone, Debug)]
pub(super) struct ShowKey(Option<ApiKey>);

impl Interceptor for ShowKey {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        if let Some(ApiKey(key)) = &self.0 {
            request.metadata_mut().insert("authorization", key.clone());
        }
        Ok(request)
    }
}

impl ServerAccess {
    /// Connects to `server`, given as a URL or as host and port. `https` speaks TLS, as does any certificate of ours or
    /// authority.
    pub(super) async fn connect(&self, server: &str) -> Result<Connection, CommandError> {
        let wants_tls = self.ca.is_some() || self.cert.is_some();
        let url = match server.split_once("://") {
            Some(("http", _)) if wants_tls => {
                return Err(CommandError::Usage(format!("{server} is not encrypted; give https:// with certificates")));
            }
            Some(_) => server.to_owned(),
            None => format!("{}://{server}", if wants_tls { "https" } else { "http" }),
        };
        let is_https = url.starts_with("https://");
        let endpoint = Endpoint::from_shared(url)
            .map_err(|_| CommandError::Usage(format!("{server} is not the URL of a server; give http://HOST:PORT")))?
            .connect_timeout(CONNECT_TIMEOUT);
        let endpoint = if is_https {
            let tls = endpoint.tls_config(self.tls()?);
            tls.map_err(|error| CommandError::Usage(format!("the certificates cannot be used: {error}")))?
        } else {
            endpoint
        };
        let channel = endpoint.connect().await.map_err(|error| {
            CommandError::Unavailable(format!("cannot connect to {server}; is it running?{}", cause(&error)))
        })?;
        Ok(InterceptedService::new(channel, ShowKey(self.api_key.clone())))
    }

    fn tls(&self) -> Result<ClientTlsConfig, CommandError> {
        let mut tls = match &self.ca {
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let (Some(certificate), Some(key)) = (&self.cert, &self.key) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        Ok(tls)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path)
        .map_err(|cause| CommandError::NoInput { path: path.display().to_string(), cause: cause.to_string() })
}

/// What TLS says was wrong, if it was TLS.
fn cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let message = deepest.to_string();
    if message.contains("certificate") || message.contains("handshake") || message.contains("alert") {
        format!(" TLS says: {message}")
    } else {
        String::new()
    }
}

//! Certificates, callers and a server that asks for them, and what a client without a library sees of TLS.
#![allow(dead_code, reason = "each test file uses a part")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use policy_echo::service::config::Config;
use policy_echo::service::security::{digest, hex};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, date_time_ymd,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

use crate::service_support::{RawCodec, Running, is_within_20_s};

pub(crate) const COMPARE: &str = "/policyecho.v1.ComparisonService/Compare";
pub(crate) const INFO: &str = "/policyecho.v1.InfoService/GetInfo";

/// A folder that goes away with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("security-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("writes");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A certificate with its key, in PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Pair {
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        digest(&CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("PEM"))
    }
}

/// Who vouches for certificates.
pub(crate) struct Authority {
    pub(crate) certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate").pem();
        Self { certificate, issuer: Issuer::new(parameters, key) }
    }

    pub(crate) fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut parameters = CertificateParams::new(names).expect("names");
        change(&mut parameters);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Pair { certificate, key: key.serialize_pem() }
    }
}

impl Authority {
    /// A list, in PEM, of the certificates with these serial numbers, which the authority has revoked.
    pub(crate) fn revoke(&self, serial_numbers: &[u64]) -> String {
        let revoked = |number: &u64| RevokedCertParams {
            serial_number: (*number).into(),
            revocation_time: date_time_ymd(2025, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, 1),
            next_update: date_time_ymd(2100, 1, 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: serial_numbers.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).expect("a list").pem().expect("PEM")
    }
}

/// How a client reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Tls,
    Mutual,
}

/// What a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Nothing,
    NoBearer,
    WrongKey,
    ExpiredKey,
    KeyWithoutRight,
    ValidKey,
}

pub(crate) const SHOWN: [Shown; 6] =
    [Shown::Nothing, Shown::NoBearer, Shown::WrongKey, Shown::ExpiredKey, Shown::KeyWithoutRight, Shown::ValidKey];

impl Shown {
    pub(crate) fn header(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::NoBearer => Some("Basic valid"),
            Self::WrongKey => Some("Bearer wrong"),
            Self::ExpiredKey => Some("Bearer expired"),
            Self::KeyWithoutRight => Some("Bearer powerless"),
            Self::ValidKey => Some("Bearer valid"),
        }
    }
}

pub(crate) fn caller(name: &str, more: &str) -> String {
    format!("[[caller]]\nname = \"{name}\"\nkey_sha256 = \"{}\"\n{more}\n", hex(&digest(name.as_bytes())))
}

pub(crate) fn callers() -> String {
    caller("valid", "") + &caller("expired", "expires = 2020-01-01") + &caller("powerless", "methods = []")
}

/// A server with files of its own, and what its clients need.
pub(crate) struct Secured {
    pub(crate) running: Running,
    pub(crate) authority: Authority,
    pub(crate) client: Pair,
    pub(crate) folder: Folder,
    way: Way,
}

impl Secured {
    pub(crate) async fn start(name: &str, way: Way, change: impl FnOnce(&mut Config, &Folder)) -> Self {
        let folder = Folder::new(name);
        let authority = Authority::new();
        let mut config = Running::config();
        if way != Way::Plain {
            let server = authority.issue(|_| {});
            config.security.tls_cert = Some(folder.write("server.pem", &server.certificate));
            config.security.tls_key = Some(folder.write("server.key", &server.key));
        }
        if way == Way::Mutual {
            config.security.tls_client_ca = Some(folder.write("clients.pem", &authority.certificate));
            folder.write("revoked.pem", &authority.revoke(&[]));
        }
        change(&mut config, &folder);
        let (running, load) = Running::start_unloaded(config).await;
        load.send(()).expect("the loader waits");
        let client = authority.issue(|_| {});
        let secured = Self { running, authority, client, folder, way };
        let serves = async {
            while secured.call("/grpc.health.v1.Health/Check", None).await != Ok(vec![8, 1]) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), serves).await.expect("serves within a minute");
        secured
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address()
    }

    pub(crate) fn tls(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.authority.certificate))
    }

    pub(crate) async fn connect(&self) -> Channel {
        let identity = Identity::from_pem(&self.client.certificate, &self.client.key);
        let tls = match self.way {
            Way::Plain => None,
            Way::Tls => Some(self.tls()),
            Way::Mutual => Some(self.tls().identity(identity)),
        };
        self.connect_with(tls).await.expect("connects")
    }

    pub(crate) async fn connect_with(&self, tls: Option<ClientTlsConfig>) -> Result<Channel, tonic::transport::Error> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://localhost:{}", self.address().port()))?;
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls)?;
        }
        endpoint.connect().await
    }

    /// Calls with an empty message and gives the first one that comes back.
    pub(crate) async fn call(&self, path: &str, authorization: Option<&str>) -> Result<Vec<u8>, Code> {
        call(self.connect().await, path, authorization).await.map_err(|status| status.code())
    }
}

pub(crate) async fn call(channel: Channel, path: &str, authorization: Option<&str>) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|_| Status::unavailable("not ready"))?;
    // A stream that stays open, so that methods that answer streams do not end for want of messages.
    let messages = futures_util::StreamExt::chain(
        futures_util::stream::iter([Vec::new()]),
        futures_util::stream::pending::<Vec<u8>>(),
    );
    let unary = !path.ends_with("Stream") && !path.ends_with("Info/ServerReflectionInfo");
    let mut request = Request::new(messages);
    if let Some(authorization) = authorization {
        request.metadata_mut().insert("authorization", authorization.parse().expect("ascii"));
    }
    let path = path.parse().expect("a path");
    if unary {
        let (metadata, extensions, _) = request.into_parts();
        let request = Request::from_parts(metadata, extensions, Vec::new());
        let mut replies = client.server_streaming(request, path, RawCodec).await?.into_inner();
        return Ok(replies.message().await?.unwrap_or_default());
    }
    let mut replies = client.streaming(request, path, RawCodec).await?.into_inner();
    Ok(replies.message().await?.unwrap_or_default())
}

/// A hello by hand that offers version 1.`minor - 1` and nothing newer, with these suites.
pub(crate) fn hello(minor: u8, suites: &[u16]) -> Vec<u8> {
    let extension = |kind: u8, content: &[u8]| [&[0, kind, 0, content.len() as u8][..], content].concat();
    // Groups P-256 and X25519; uncompressed points; ECDSA with P-256 and SHA-256, RSA-PSS and RSA with SHA-256; h2.
    let extensions = [
        extension(10, &[0, 4, 0, 0x17, 0, 0x1d]),
        extension(11, &[1, 0]),
        extension(13, &[0, 6, 4, 3, 8, 4, 4, 1]),
        extension(16, &[0, 3, 2, b'h', b'2']),
    ]
    .concat();
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    // Version, random, no session, suites, no compression.
    let lengths = (&[0, suites.len() as u8], &[0, extensions.len() as u8]);
    let body = [&[3, minor][..], &[7; 32], &[0], lengths.0, &suites, &[1, 0], lengths.1, &extensions].concat();
    let hello = [&[1, 0, 0, body.len() as u8][..], &body].concat();
    [&[0x16, 3, 1, 0, hello.len() as u8][..], &hello].concat()
}

/// The first seven bytes that a server says to [`hello`]: the head of a record and the first two bytes in it.
pub(crate) async fn answer_to_hello(address: SocketAddr, minor: u8, suites: &[u16]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).await.expect("connects");
    socket.write_all(&hello(minor, suites)).await.expect("sends");
    let mut reply = vec![0; 7];
    is_within_20_s(socket.read_exact(&mut reply)).await.expect("an answer");
    reply
}

/// Shakes hands and gives the server's certificate, and whether the server ends the connection at once.
pub(crate) async fn handshake(address: SocketAddr, authority: &Authority, protocols: &[&[u8]]) -> ([u8; 32], bool) {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority.certificate.as_bytes()).expect("PEM");
    roots.add(authority).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let socket = TcpStream::connect(address).await.expect("connects");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = connector.connect(name, socket).await.expect("shakes hands");
    let certificate = digest(&stream.get_ref().1.peer_certificates().expect("a chain")[0]);
    // A server that stays speaks first only after the preface; one that ends closes without it.
    let mut byte = [0];
    let ended = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut byte)).await;
    let settings = matches!(ended, Ok(Ok(1)));
    (certificate, ended.is_ok() && !settings)
}

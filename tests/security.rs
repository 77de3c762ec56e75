//! Who may connect and call: every method of the contract, with every credential, over plaintext, TLS and mutual TLS.
#![allow(dead_code, reason = "what is shared with other tests is not all used here")]

mod service_support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use policy_echo::service::config::Config;
use policy_echo::service::proto;
use policy_echo::service::security::{Access, SecurityError, digest, hex, rule};
use policy_echo::service::server::{ServeError, Server};
use prost::Message as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use service_support::{RawCodec, Running, is_within_20_s, request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

const COMPARE: &str = "/policyecho.v1.ComparisonService/Compare";
const INFO: &str = "/policyecho.v1.InfoService/GetInfo";

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("security-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
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
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn fingerprint(&self) -> [u8; 32] {
        digest(&CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("PEM"))
    }
}

struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate").pem();
        Self { certificate, issuer: Issuer::new(parameters, key) }
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut parameters = CertificateParams::new(names).expect("names");
        change(&mut parameters);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Pair { certificate, key: key.serialize_pem() }
    }
}

/// How a client reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    Tls,
    Mutual,
}

/// What a client shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    NoBearer,
    WrongKey,
    ExpiredKey,
    KeyWithoutRight,
    ValidKey,
}

const SHOWN: [Shown; 6] =
    [Shown::Nothing, Shown::NoBearer, Shown::WrongKey, Shown::ExpiredKey, Shown::KeyWithoutRight, Shown::ValidKey];

impl Shown {
    fn header(self) -> Option<&'static str> {
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

fn caller(name: &str, more: &str) -> String {
    format!("[[caller]]\nname = \"{name}\"\nkey_sha256 = \"{}\"\n{more}\n", hex(&digest(name.as_bytes())))
}

fn callers() -> String {
    caller("valid", "") + &caller("expired", "expires = 2020-01-01") + &caller("powerless", "methods = []")
}

/// A server with files of its own, and what its clients need.
struct Secured {
    running: Running,
    authority: Authority,
    client: Pair,
    folder: Folder,
    way: Way,
}

impl Secured {
    async fn start(name: &str, way: Way, change: impl FnOnce(&mut Config, &Folder)) -> Self {
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

    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    fn tls(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.authority.certificate))
    }

    async fn connect(&self) -> Channel {
        let identity = Identity::from_pem(&self.client.certificate, &self.client.key);
        let tls = match self.way {
            Way::Plain => None,
            Way::Tls => Some(self.tls()),
            Way::Mutual => Some(self.tls().identity(identity)),
        };
        self.connect_with(tls).await.expect("connects")
    }

    async fn connect_with(&self, tls: Option<ClientTlsConfig>) -> Result<Channel, tonic::transport::Error> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let mut endpoint = Endpoint::from_shared(format!("{scheme}://localhost:{}", self.address().port()))?;
        if let Some(tls) = tls {
            endpoint = endpoint.tls_config(tls)?;
        }
        endpoint.connect().await
    }

    /// Calls with an empty message and gives the first one that comes back.
    async fn call(&self, path: &str, authorization: Option<&str>) -> Result<Vec<u8>, Code> {
        call(self.connect().await, path, authorization).await.map_err(|status| status.code())
    }
}

async fn call(channel: Channel, path: &str, authorization: Option<&str>) -> Result<Vec<u8>, Status> {
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

/// The paths of all methods of all services that are described, whether served or not.
fn described_methods() -> Vec<String> {
    let mut paths = Vec::new();
    for bytes in [
        proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ] {
        for file in prost_types::FileDescriptorSet::decode(bytes).expect("descriptors").file {
            for service in &file.service {
                let service_name = format!("{}.{}", file.package(), service.name());
                paths.extend(service.method.iter().map(|method| format!("/{service_name}/{}", method.name())));
            }
        }
    }
    paths
}

#[tokio::test]
async fn every_method_asks_every_caller_over_every_way() {
    for way in [Way::Plain, Way::Tls, Way::Mutual] {
        let server = Secured::start(&format!("matrix-{way:?}"), way, |config, folder| {
            config.security.api_keys = Some(folder.write("callers.toml", &callers()));
        })
        .await;
        for path in described_methods() {
            for shown in SHOWN {
                let answer = is_within_20_s(server.call(&path, shown.header())).await;
                let code = answer.err().unwrap_or(Code::Ok);
                let expected = match (rule(&path).expect("a rule"), shown) {
                    (Access::Open, _) | (Access::Caller, Shown::ValidKey) => None,
                    (Access::Caller, Shown::KeyWithoutRight) => Some(Code::PermissionDenied),
                    (Access::Caller, _) => Some(Code::Unauthenticated),
                };
                match expected {
                    Some(expected) => assert_eq!(code, expected, "{way:?} {path} {shown:?}"),
                    None => assert!(
                        ![Code::Unauthenticated, Code::PermissionDenied, Code::Unavailable].contains(&code),
                        "{way:?} {path} {shown:?}: {code:?}"
                    ),
                }
            }
        }
        for path in ["/policyecho.v1.ComparisonService/Guess", "/a.B/C", "/grpc.health.v1.Health/List"] {
            assert_eq!(server.call(path, None).await, Err(Code::Unauthenticated), "{path} tells a stranger nothing");
            assert_eq!(server.call(path, Some("Bearer valid")).await, Err(Code::Unimplemented), "{path}");
        }
    }
}

#[tokio::test]
async fn only_clients_of_the_authority_connect_where_one_is_named() {
    let server = Secured::start("mutual", Way::Mutual, |_, _| {}).await;
    assert!(server.call(INFO, None).await.is_ok(), "a certificate is enough where no callers are listed");
    let stranger = Authority::new().issue(|_| {});
    let expired = server.authority.issue(|parameters| {
        parameters.not_before = date_time_ymd(2019, 1, 1);
        parameters.not_after = date_time_ymd(2020, 1, 1);
    });
    for (what, pair) in [("nobody", None), ("a stranger", Some(stranger)), ("an expired one", Some(expired))] {
        let tls = server.tls();
        let tls = match pair {
            Some(pair) => tls.identity(Identity::from_pem(pair.certificate, pair.key)),
            None => tls,
        };
        // In TLS 1.3 the client learns of the refusal only after its handshake.
        let called = async {
            call(server.connect_with(Some(tls)).await.map_err(|_| Code::Unavailable)?, INFO, None)
                .await
                .map_err(|status| status.code())
        };
        assert!(is_within_20_s(called).await.is_err(), "{what} is let in");
    }
    assert!(server.call(INFO, None).await.is_ok(), "others still are");
}

#[tokio::test]
async fn a_certificate_may_be_a_caller() {
    let server = Secured::start("certificate", Way::Mutual, |config, folder| {
        config.security.api_keys = Some(folder.write("callers.toml", ""));
    })
    .await;
    assert_eq!(server.call(INFO, None).await, Err(Code::Unauthenticated));
    let fingerprint = hex(&server.client.fingerprint());
    let methods = "methods = [\"policyecho.v1.InfoService/*\"]";
    let listed = format!("[[caller]]\nname = \"sidecar\"\ncertificate_sha256 = \"{fingerprint}\"\n{methods}\n");
    server.folder.write("callers.toml", &listed);
    assert!(server.running.gate().reload().expect("a right file"));
    assert!(server.call(INFO, None).await.is_ok());
    assert_eq!(server.call(COMPARE, None).await, Err(Code::PermissionDenied));
    assert_eq!(server.call(INFO, Some("Bearer wrong")).await, Err(Code::Unauthenticated), "a key is looked at first");
}

#[tokio::test]
async fn plaintext_and_old_tls_are_refused_where_tls_is_spoken() {
    let server = Secured::start("old", Way::Tls, |_, _| {}).await;
    let plain = async {
        let channel = server.connect_with(None).await.map_err(|_| Code::Unavailable)?;
        call(channel, INFO, None).await.map_err(|status| status.code())
    };
    assert!(is_within_20_s(plain).await.is_err(), "plaintext on a port with TLS");

    // The same hello with another version: only that decides.
    assert_eq!(answer_to_hello(&server, 3).await.first(), Some(&0x16), "TLS 1.2 is answered with a handshake");
    for minor in [1, 2] {
        let reply = answer_to_hello(&server, minor).await;
        // A fatal alert (2) of protocol_version (70).
        assert_eq!((reply.first(), reply.get(5..7)), (Some(&0x15), Some(&[2, 70][..])), "TLS 1.{}", minor - 1);
    }

    let (_, without_alpn) = handshake(&server, &[]).await;
    assert!(without_alpn, "who negotiates no protocol is let go");
    let (_, with_alpn) = handshake(&server, &[b"h2"]).await;
    assert!(!with_alpn);
    assert!(server.call(INFO, None).await.is_ok());
}

/// What a server says to a hello by hand that offers version 1.`minor - 1` and nothing newer.
async fn answer_to_hello(server: &Secured, minor: u8) -> Vec<u8> {
    let extension = |kind: u8, content: &[u8]| [&[0, kind, 0, content.len() as u8][..], content].concat();
    // Groups P-256 and X25519; uncompressed points; ECDSA with P-256 and SHA-256, and RSA-PSS with SHA-256.
    let extensions =
        [extension(10, &[0, 4, 0, 0x17, 0, 0x1d]), extension(11, &[1, 0]), extension(13, &[0, 4, 4, 3, 8, 4])].concat();
    // Version, random, no session, suites for ECDSA with GCM and with CBC, no compression.
    let suites = [0, 4, 0xc0, 0x2b, 0xc0, 0x09];
    let body = [&[3, minor][..], &[7; 32], &[0], &suites, &[1, 0], &[0, extensions.len() as u8], &extensions].concat();
    let hello = [&[1, 0, 0, body.len() as u8][..], &body].concat();
    let record = [&[0x16, 3, 1, 0, hello.len() as u8][..], &hello].concat();
    let mut socket = tokio::net::TcpStream::connect(server.address()).await.expect("connects");
    socket.write_all(&record).await.expect("sends");
    let mut reply = vec![0; 7];
    is_within_20_s(socket.read_exact(&mut reply)).await.expect("an answer");
    reply
}

/// Shakes hands and gives the server's certificate, and whether the server ends the connection at once.
async fn handshake(server: &Secured, protocols: &[&[u8]]) -> ([u8; 32], bool) {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(server.authority.certificate.as_bytes()).expect("PEM");
    roots.add(authority).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let socket = tokio::net::TcpStream::connect(server.address()).await.expect("connects");
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

#[tokio::test]
async fn a_certificate_is_changed_while_calls_run() {
    let server = Secured::start("rotation", Way::Tls, |_, _| {}).await;
    let before = handshake(&server, &[b"h2"]).await.0;
    let (pairs, sent) = tokio::sync::mpsc::channel(1);
    let channel = server.connect().await;
    let mut client = proto::comparison_service_client::ComparisonServiceClient::new(channel);
    let sent = tokio_stream::wrappers::ReceiverStream::new(sent);
    let pair = || {
        let request = Some(request("举全省之力推进大湾区建设。", "举全市之力推动大湾区建设。"));
        proto::CompareStreamRequest { pair_id: "p".into(), request }
    };
    pairs.send(pair()).await.expect("sends");
    let mut answers = client.compare_stream(sent).await.expect("a stream").into_inner();
    assert!(answers.message().await.expect("answers").is_some());

    assert!(!server.running.gate().reload().expect("nothing is wrong"), "nothing has changed");
    let next = server.authority.issue(|_| {});
    server.folder.write("server.pem", &next.certificate);
    let error = server.running.gate().reload().expect_err("the key is still the old one");
    assert!(matches!(error, SecurityError::Tls(_)), "{error}");
    assert_eq!(handshake(&server, &[b"h2"]).await.0, before, "what is wrong changes nothing");
    server.folder.write("server.key", &next.key);
    assert!(server.running.gate().reload().expect("a right pair"));
    assert_eq!(handshake(&server, &[b"h2"]).await.0, next.fingerprint());

    pairs.send(pair()).await.expect("sends");
    assert!(answers.message().await.expect("the call goes on").is_some());
    assert!(server.call(INFO, None).await.is_ok());
}

#[tokio::test]
async fn callers_are_changed_while_the_server_runs() {
    let server = Secured::start("callers", Way::Plain, |config, folder| {
        config.security.api_keys = Some(folder.write("callers.toml", &callers()));
    })
    .await;
    let channel = server.connect().await;
    let code =
        async |authorization| call(channel.clone(), INFO, Some(authorization)).await.map_err(|status| status.code());
    assert!(code("Bearer valid").await.is_ok());
    server.folder.write("callers.toml", &caller("other", ""));
    assert!(server.running.gate().reload().expect("a right file"));
    assert_eq!(code("Bearer valid").await, Err(Code::Unauthenticated), "on the same connection");
    assert!(code("Bearer other").await.is_ok());
    server.folder.write("callers.toml", "[[caller]]\nname = 7\n");
    let error = server.running.gate().reload().expect_err("a wrong file").to_string();
    assert!(error.contains("callers.toml, line 2"), "{error}");
    assert!(code("Bearer other").await.is_ok(), "what is wrong changes nothing");
}

#[tokio::test]
async fn files_that_change_are_read_again_unasked() {
    let server = Secured::start("watch", Way::Plain, |config, folder| {
        config.security.api_keys = Some(folder.write("callers.toml", &callers()));
    })
    .await;
    let watch = server.running.gate().watch_files(Duration::from_millis(20));
    let changed = async {
        server.folder.write("callers.toml", &caller("other", ""));
        while server.call(INFO, Some("Bearer other")).await.is_err() {}
    };
    tokio::select! {
        never = watch => match never {},
        () = is_within_20_s(changed) => {}
    }
}

#[tokio::test]
async fn a_caller_s_rate_holds_and_says_when_to_come_back() {
    let server = Secured::start("rate", Way::Plain, |config, folder| {
        let text = caller("slow", "calls_per_minute = 6\nburst = 2") + &caller("other", "");
        config.security.api_keys = Some(folder.write("callers.toml", &text));
    })
    .await;
    let channel = server.connect().await;
    let status = async |authorization| call(channel.clone(), INFO, Some(authorization)).await;
    assert!(status("Bearer slow").await.is_ok() && status("Bearer slow").await.is_ok());
    let refused = status("Bearer slow").await.expect_err("the rate is used up");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let delay = refused.get_error_details().retry_info().and_then(|info| info.retry_delay).expect("a delay");
    assert!(delay > Duration::from_secs(5) && delay <= Duration::from_secs(10), "{delay:?}");
    let pushback: u64 = refused
        .metadata()
        .get("grpc-retry-pushback-ms")
        .expect("a pushback")
        .to_str()
        .expect("ascii")
        .parse()
        .expect("a number");
    assert!((5000..=10_001).contains(&pushback), "{pushback}");
    assert!(status("Bearer other").await.is_ok(), "others have their own");
    assert!(call(channel.clone(), "/grpc.health.v1.Health/Check", None).await.is_ok());
}

#[tokio::test]
async fn plaintext_leaves_loopback_only_when_told_to() {
    let mut config = Running::config();
    config.server.listen = "0.0.0.0:0".parse().expect("an address");
    let refused = Server::new(config.clone()).await.expect_err("texts would travel in the open");
    assert!(matches!(refused, ServeError::Security(SecurityError::Plaintext { .. })), "{refused}");
    config.security.allow_plaintext = true;
    assert!(Server::new(config).await.is_ok());
}

#[tokio::test]
async fn half_of_a_pair_of_files_is_refused() {
    let folder = Folder::new("half");
    let mut config = Running::config();
    config.security.tls_cert = Some(folder.write("server.pem", ""));
    let refused = Server::new(config.clone()).await.expect_err("there is no key");
    assert!(refused.to_string().contains("--tls-key"), "{refused}");
    config.security.tls_key = Some(folder.write("server.key", ""));
    let refused = Server::new(config).await.expect_err("the files are empty");
    assert!(refused.to_string().contains("server.pem: holds no PEM certificate"), "{refused}");
}

fn policy_echo(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy-echo"));
    command.args(arguments).env_remove("POLICY_ECHO_API_KEY").envs(environment.iter().copied());
    command.output().expect("the program runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_is_a_client_that_proves_who_it_is() {
    let server = Secured::start("program", Way::Mutual, |config, folder| {
        config.security.api_keys = Some(folder.write("callers.toml", &callers()));
    })
    .await;
    let url = format!("https://localhost:{}", server.address().port());
    let path = |name: &str, text: &str| server.folder.write(name, text).to_string_lossy().into_owned();
    let ca = path("ca.pem", &server.authority.certificate);
    let (cert, key) = (path("client.pem", &server.client.certificate), path("client.key", &server.client.key));
    let (left, right) =
        (path("left.txt", "举全省之力推进大湾区建设。"), path("right.txt", "举全市之力推动大湾区建设。"));
    let known = ["--server", &url, "--ca", &ca, "--cert", &cert, "--key", &key];
    let compare = [&["compare", &left, &right, "--format", "json"][..], &known].concat();
    let with_key = [("POLICY_ECHO_API_KEY", "valid")];

    let done = policy_echo(&[&["healthcheck"][..], &known].concat(), &[]);
    assert!(done.status.success(), "health is open: {}", String::from_utf8_lossy(&done.stderr));
    let done = policy_echo(&compare, &with_key);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let here = policy_echo(&compare[..5], &[]);
    assert_eq!(done.stdout, here.stdout, "the server's answer is the engine's");

    let done = policy_echo(&compare, &[("POLICY_ECHO_API_KEY", "pe_secret_of_mine")]);
    assert_eq!(done.status.code(), Some(77));
    assert!(!String::from_utf8_lossy(&done.stderr).contains("pe_secret"), "a key is told to nobody");
    let done = policy_echo(&[&["healthcheck"][..], &known[..2]].concat(), &[]);
    assert_eq!(done.status.code(), Some(69), "the system does not know the authority");
    assert!(String::from_utf8_lossy(&done.stderr).contains("certificate"), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_key_is_made_for_the_file_and_the_caller() {
    let done = policy_echo(&["keys", "new", "office"], &[]);
    let text = String::from_utf8(done.stdout).expect("UTF-8");
    let key = text.lines().find_map(|line| line.strip_prefix("# pe_")).expect("a key");
    let hash = hex(&digest(format!("pe_{key}").as_bytes()));
    assert!(text.contains(&format!("name = \"office\"\nkey_sha256 = \"{hash}\"\n")), "{text}");
    assert!(policy_echo(&["keys", "new", "a\nb"], &[]).status.code() == Some(64));
}

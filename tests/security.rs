//! Who may connect and call: every method of the contract, with every credential, over plaintext, TLS and mutual TLS.
#![allow(dead_code, reason = "what is shared with other tests is not all used here")]

mod security_support;
mod service_support;

use std::process::{Command, Output};
use std::time::Duration;

use policy_echo::service::proto;
use policy_echo::service::proto::comparison_service_client::ComparisonServiceClient;
use policy_echo::service::proto::trace_service_client::TraceServiceClient;
use policy_echo::service::security::digest;
use policy_echo::service::security::{Access, SecurityError, hex, rule};
use policy_echo::service::server::{ServeError, Server};
use prost::Message as _;
use rcgen::date_time_ymd;
use security_support::{
    Authority, COMPARE, Folder, INFO, SHOWN, Secured, Shown, Way, answer_to_hello, call, caller, callers, handshake,
};
use service_support::{Running, is_within_20_s, request};
use tonic::transport::Identity;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

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
async fn a_certificate_that_was_revoked_is_let_in_no_more() {
    let server = Secured::start("revoked", Way::Mutual, |config, folder| {
        config.security.tls_client_crl = Some(folder.0.join("revoked.pem"));
    });
    let server = server.await;
    let client = |number: u64| server.authority.issue(|parameters| parameters.serial_number = Some(number.into()));
    let (good, lost) = (client(7001), client(7002));
    let call = async |pair: &security_support::Pair| {
        let tls = server.tls().identity(Identity::from_pem(&pair.certificate, &pair.key));
        call(server.connect_with(Some(tls)).await.map_err(drop)?, INFO, None).await.map_err(drop)
    };
    assert!(call(&good).await.is_ok() && call(&lost).await.is_ok());
    server.folder.write("revoked.pem", &server.authority.revoke(&[7002]));
    assert!(server.running.gate().reload().expect("a right list"));
    assert!(call(&good).await.is_ok());
    assert!(is_within_20_s(call(&lost)).await.is_err(), "revoked while the server runs");
    server.folder.write("revoked.pem", "nothing");
    let error = server.running.gate().reload().expect_err("no list").to_string();
    assert!(error.contains("revoked.pem: holds no PEM list"), "{error}");
    assert!(is_within_20_s(call(&lost)).await.is_err(), "what is wrong changes nothing");
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
    let suites = [0xc02b, 0xc009];
    let answer = answer_to_hello(server.address(), 3, &suites).await;
    assert_eq!(answer.first(), Some(&0x16), "TLS 1.2 is answered with a handshake");
    for minor in [1, 2] {
        let reply = answer_to_hello(server.address(), minor, &suites).await;
        // A fatal alert (2) of protocol_version (70).
        assert_eq!((reply.first(), reply.get(5..7)), (Some(&0x15), Some(&[2, 70][..])), "TLS 1.{}", minor - 1);
    }

    let (_, without_alpn) = handshake(server.address(), &server.authority, &[]).await;
    assert!(without_alpn, "who negotiates no protocol is let go");
    let (_, with_alpn) = handshake(server.address(), &server.authority, &[b"h2"]).await;
    assert!(!with_alpn);
    assert!(server.call(INFO, None).await.is_ok());
}

#[tokio::test]
async fn a_certificate_is_changed_while_calls_run() {
    let server = Secured::start("rotation", Way::Tls, |_, _| {}).await;
    let before = handshake(server.address(), &server.authority, &[b"h2"]).await.0;
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
    assert_eq!(
        handshake(server.address(), &server.authority, &[b"h2"]).await.0,
        before,
        "what is wrong changes nothing"
    );
    server.folder.write("server.key", &next.key);
    assert!(server.running.gate().reload().expect("a right pair"));
    assert_eq!(handshake(server.address(), &server.authority, &[b"h2"]).await.0, next.fingerprint());

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
async fn every_message_of_a_stream_counts_against_the_rate() {
    let server = Secured::start("stream-rate", Way::Plain, |config, folder| {
        config.security.api_keys =
            Some(folder.write("callers.toml", &caller("slow", "calls_per_minute = 1\nburst = 7")));
    })
    .await;
    let as_slow = |mut request: Request<()>| {
        request.metadata_mut().insert("authorization", "Bearer slow".parse().expect("ascii"));
        Ok(request)
    };
    let mut comparisons = ComparisonServiceClient::with_interceptor(server.connect().await, as_slow);
    let pairs = (0..5).map(|index| proto::CompareStreamRequest {
        pair_id: index.to_string(),
        request: Some(request("坚定不移。", "坚定不移。")),
    });
    let pairs: Vec<_> = pairs.collect();
    // The stream takes one call, which pays for its first pair, and each further pair one more: two of seven are left.
    let mut answers = comparisons.compare_stream(tokio_stream::iter(pairs)).await.expect("a stream").into_inner();
    let mut codes = Vec::new();
    while let Some(answer) = answers.message().await.expect("the stream goes on") {
        codes.push(match answer.result {
            Some(proto::compare_stream_response::Result::Error(error)) => error.code,
            _ => 0,
        });
    }
    assert_eq!(codes, [0; 5]);
    // One for the directive, one for the first resolution; the others are over the rate, each in its place.
    let mut traces = TraceServiceClient::with_interceptor(server.connect().await, as_slow);
    let directive = request("坚定不移。", "").left;
    let start = proto::TraceStart { directive: directive.clone(), ..Default::default() };
    let message = |message| proto::TraceDirectiveRequest { message: Some(message) };
    let resolution =
        || message(proto::trace_directive_request::Message::Resolution(directive.clone().expect("is there")));
    let start = message(proto::trace_directive_request::Message::Start(start));
    let messages = [start, resolution(), resolution(), resolution()];
    let mut replies = traces.trace_directive(tokio_stream::iter(messages)).await.expect("a trace").into_inner();
    let mut codes = Vec::new();
    while let Some(reply) = replies.message().await.expect("the trace goes on") {
        if let Some(proto::trace_directive_response::Message::Finding(finding)) = reply.message {
            codes.push(match finding.result {
                Some(proto::trace_finding::Result::Error(error)) => error.code,
                _ => 0,
            });
        }
    }
    assert_eq!(codes, [0, Code::ResourceExhausted as u32, Code::ResourceExhausted as u32]);
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

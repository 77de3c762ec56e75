use std::collections::BTreeMap;

use super::setting::{Secret, Value};
use super::*;

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn sources(flags: &[(&str, &str)], environment: &[(&str, &str)], file: &str) -> Sources {
    let file = ConfigFile { path: "echo.toml".to_owned(), text: file.to_owned() };
    Sources { flags: texts(flags), environment: texts(environment), file: Some(file) }
}

/// The lines of `config check` whose values are not defaults, or all that is wrong.
fn check(flags: &[(&str, &str)], environment: &[(&str, &str)], file: &str) -> String {
    match sources(flags, environment, file).load() {
        Ok(loaded) => {
            let shown = loaded.shown();
            let lines = shown.lines().filter(|line| line.contains(" # ") && !line.ends_with("# default"));
            lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
        }
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn the_flag_wins_over_the_environment_and_that_over_the_file() {
    let file = "[work]\nworkers = 1\nqueue = 11\nstream_pairs = 3\n";
    let environment =
        [("POLICY_ECHO_WORKERS", "2"), ("POLICY_ECHO_QUEUE", "12"), ("HOME", "/"), ("POLICY_ECHO_LOG", "")];
    insta::assert_snapshot!(check(&[("workers", "3")], &environment, file), @"
    workers = 3 # --workers
    queue = 12 # POLICY_ECHO_QUEUE
    stream_pairs = 3 # echo.toml, line 4
    ");
}

#[test]
fn every_type_is_read_from_every_source() {
    let file = "[server]\nlisten = \"[::1]:0\"\n[security]\nreflection = false\n[telemetry]\nlog_format = \"json\"\n";
    insta::assert_snapshot!(check(&[("log", "warn,policy_echo=debug")], &[], file), @r#"
    listen = "[::1]:0" # echo.toml, line 2
    reflection = false # echo.toml, line 4
    log_format = "json" # echo.toml, line 6
    log = "warn,policy_echo=debug" # --log
    "#);
    assert_eq!(check(&[("reflection", "false")], &[], ""), "reflection = false # --reflection");
}

#[test]
fn what_is_wrong_is_told_all_at_once_by_its_name_and_place() {
    let file = "workers = 1\n[wrok]\nqueue = 1\n[work]\nmax_connections = 3\nstream_pairs = \"4\"\nthreads = 2\n";
    let environment = [("POLICY_ECHO_DRAIN_MS", "soon"), ("POLICY_ECHO_LOG", "inof")];
    let flags = [("listen", "localhost"), ("max_connections", "0"), ("log_format", "xml"), ("reflection", "yes")];
    insta::assert_snapshot!(check(&flags, &environment, file), @"
    echo.toml, line 1: there is no setting workers; workers belongs in [work]
    echo.toml, line 2: there is no setting [wrok]; the sections are [server], [transport], [work], [security], [limits], [telemetry]
    echo.toml, line 5: there is no setting work.max_connections; max_connections belongs in [transport]
    echo.toml, line 7: there is no setting work.threads; [work] holds workers, queue, stream_pairs, max_call_ms, background
    server.listen (from --listen) must be an IP address and a port, such as 127.0.0.1:50051 or [::1]:50051
    server.drain_ms (from POLICY_ECHO_DRAIN_MS) must be a whole number from 0 to 18446744073709551615
    transport.max_connections (from --max-connections) must be from 1 to 1000000
    work.stream_pairs (from echo.toml, line 6) must be a whole number from 0 to 18446744073709551615, without quotes
    security.reflection (from --reflection) must be true or false
    telemetry.log_format (from --log-format) must be one of text, json
    telemetry.log (from POLICY_ECHO_LOG) must be a level (error, warn, info, debug, trace, off) or levels by module, such as info,hyper=warn
    ");
    insta::assert_snapshot!(check(&[], &[], "[work]\nqueue = = 1\n"), @"echo.toml, line 2: not TOML: extra `=`, expected nothing");
}

#[test]
fn values_that_cannot_be_together_are_refused() {
    insta::assert_snapshot!(check(&[("max_message_bytes", "4096")], &[], ""), @"limits.max_text_bytes is over limits.max_message_bytes (4096), so such a text could never arrive; lower it or raise that");
}

#[test]
fn variables_that_set_nothing_are_named() {
    let environment = [
        ("POLICY_ECHO_WORKER", "3"),
        ("POLICY_ECHO_SERVICE_HOST", "10.0.0.1"),
        ("POLICY_ECHO_PORT_50051_TCP", "tcp://10.0.0.1:50051"),
        ("POLICY_ECHO_SERVER", "http://localhost:50051"),
    ];
    let loaded = sources(&[], &environment, "").load().expect("is right");
    assert_eq!(loaded.unknown_variables, ["POLICY_ECHO_WORKER"]);
}

#[test]
fn what_is_shown_gives_the_same_settings() {
    let flags = [("workers", "3"), ("listen", "[::1]:0"), ("log", "warn,policy_echo=debug"), ("reflection", "false")];
    let loaded = sources(&flags, &[], "").load().expect("is right");
    let again = sources(&[], &[], &loaded.shown()).load().expect("is a configuration file");
    assert_eq!(again.config, loaded.config);
}

#[test]
fn a_secret_is_masked_wherever_it_is_shown() {
    let secret = Secret::from_text("鹦鹉螺").expect("any text");
    assert_eq!((secret.text().as_deref(), secret.toml().as_deref()), (Some("***"), Some("\"***\"")));
    assert_eq!((format!("{secret:?}").as_str(), secret.expose()), ("***", "鹦鹉螺"));
}

#[test]
fn lists_are_written_in_brackets_or_with_commas() {
    let list = Vec::<String>::from_text("a, b,").expect("a list");
    assert_eq!(list, ["a", "b"]);
    assert_eq!(list.toml().as_deref(), Some("[\"a\", \"b\"]"));
    assert_eq!(Vec::<String>::default().text(), None);
}

#[test]
fn names_are_unique_and_every_setting_says_what_it_means() {
    let mut names = Vec::new();
    Config::default().visit(&mut |declared, _| {
        assert!(declared.meaning.len() > 10, "{}", declared.key());
        names.push(declared.name);
    });
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "flags and variables are made of the names alone");
}

#[test]
fn the_defaults_pass_their_own_checks() {
    let defaults = sources(&[], &[], "").load().expect("is right");
    let again = sources(&[], &[], &defaults.shown()).load().expect("every default is a value that may be set");
    assert_eq!(again.config, Config::default());
}

/// `UPDATE_EXPECT=1 cargo test --lib config::` writes the table.
#[test]
fn the_documented_table_is_the_program_s() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let (begin, end) = ("<!-- settings: written by the program -->\n", "<!-- end of settings -->");
    let text = std::fs::read_to_string(path).expect("the documentation");
    let (head, rest) = text.split_once(begin).expect("a beginning");
    let (documented, tail) = rest.split_once(end).expect("an end");
    let should = format!("\n{}\n", table());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, format!("{head}{begin}{should}{end}{tail}")).expect("is written");
    } else {
        assert_eq!(documented, should, "run `UPDATE_EXPECT=1 cargo test --lib config::` and read the difference");
    }
}

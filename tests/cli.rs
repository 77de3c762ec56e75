//! The command line as a person meets it: the built program, its exit codes, and what it says.

mod program_support;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use policy_echo::compare::background::{Genre, Title, build};
use program_support::{Folder, Serving, check_failure, program, run};

const LEFT: &str = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设。\n";
const RIGHT: &str = "全会由市委常委会主持。\n坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。\n";

#[test]
fn bad_input_gets_one_clear_line_and_its_exit_code() {
    let folder = Folder::new("bad-input");
    let good = folder.file("good.txt", LEFT);
    let directory = folder.0.to_string_lossy().into_owned();
    let empty = folder.file("empty.txt", "");
    let blank = folder.file("blank.txt", " \n\u{3000}\n");
    let binary = folder.file("binary.txt", (0..=255u8).cycle().take(4096).collect::<Vec<_>>());
    check_failure(&["compare", &good, "no-such-file.txt"], 66, "no-such-file.txt: there is no such file");
    check_failure(&["compare", &directory, &good], 66, "is a directory");
    check_failure(&["compare", &good, &empty], 65, "empty.txt: the file is empty");
    check_failure(&["compare", &good, &blank], 65, "blank.txt: the text holds only blanks");
    check_failure(&["compare", &binary, &good], 65, "binary.txt: ");
    check_failure(&["compare", &good, &good, "--reference", &empty], 65, "empty.txt: ");
    check_failure(&["compare", &good, &good, "-o", "/no/such/place.txt"], 74, "/no/such/place.txt: cannot write");
    check_failure(&["compare", &good, &good, "--server", "http://127.0.0.1:1"], 69, "cannot connect");
    check_failure(&["healthcheck", "--server", "127.0.0.1:1"], 69, "cannot connect");
    check_failure(&["compare", &good, &good, "--server", "http://a b"], 64, "is not the URL of a server");
}

#[test]
fn wrong_usage_exits_with_64() {
    let folder = Folder::new("usage");
    let good = folder.file("good.txt", LEFT);
    check_failure(&["compare", &good], 64, "Usage:");
    check_failure(&["guess"], 64, "unrecognized subcommand");
    check_failure(&["compare", "-", "-"], 64, "only one of both documents");
    check_failure(&["compare", &good, &good, "--format", "pdf"], 64, "possible values");
    check_failure(&["compare", &good, &good, "--min-phrase-characters", "1"], 64, "options.min_phrase_characters");
}

#[test]
fn wrong_settings_are_named_before_anything_starts() {
    let folder = Folder::new("config");
    let file = folder.file("echo.toml", "[work]\nworkers = 3\nthreads = 2\n");
    for command in [&["config", "check"][..], &["serve"]] {
        let mut arguments = command.to_vec();
        arguments.extend(["--config", &file]);
        check_failure(&arguments, 78, "echo.toml, line 3: there is no setting work.threads");
    }
    check_failure(&["serve", "--config", "no-such.toml"], 66, "no-such.toml: ");
    let file = folder.file("echo.toml", "[work]\nworkers = 3\n");
    let output = program().args(["config", "check"]).env("POLICY_ECHO_CONFIG", &file).output().expect("runs");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    assert!(shown.contains("workers = 3 ") && shown.contains("echo.toml, line 2"), "{shown}");
}

#[test]
fn help_names_the_exit_codes() {
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("66  no input"));
}

#[test]
fn control_characters_in_a_file_name_do_not_reach_the_terminal() {
    let output = run(&["compare", "evil\u{1b}[31m\u{202e}.txt", "x"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains(['\u{1b}', '\u{202e}']), "{stderr:?}");
}

#[test]
fn text_is_plain_in_a_pipe_and_coloured_on_demand() {
    let folder = Folder::new("text");
    let (left, right) = (folder.file("left.txt", LEFT), folder.file("right.txt", RIGHT));
    let plain = run(&["compare", &left, &right, "--lang", "zh"]);
    assert_eq!(plain.status.code(), Some(0), "{}", String::from_utf8_lossy(&plain.stderr));
    let plain = String::from_utf8(plain.stdout).expect("UTF-8");
    assert!(plain.contains("右文中的回应") && !plain.contains('\u{1b}'), "{plain}");
    let coloured = run(&["compare", &left, &right, "--color", "always"]).stdout;
    let coloured = String::from_utf8(coloured).expect("UTF-8");
    assert!(coloured.contains("What echoes what") && coloured.contains("\u{1b}["), "{coloured}");
}

#[test]
fn json_is_canonical_and_output_goes_to_the_file() {
    let folder = Folder::new("json");
    let (left, right) = (folder.file("left.txt", LEFT), folder.file("right.txt", RIGHT));
    let place = folder.0.join("out.json").to_string_lossy().into_owned();
    let output = run(&["compare", &left, &right, "--format", "json", "--offset-unit", "code-points", "-o", &place]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let json: serde_json::Value = serde_json::from_slice(&fs::read(place).expect("written")).expect("JSON");
    assert_eq!(json["offsetUnit"], "OFFSET_UNIT_CODE_POINTS");
    assert_eq!(json["left"]["paragraphs"][0]["span"], serde_json::json!({"start": 0, "end": 10}));
    assert!(json["score"]["formula"].is_number(), "zeros are written: {}", json["score"]);
}

#[test]
fn the_operator_may_bring_a_background_of_their_own() {
    let folder = Folder::new("background");
    let (left, right) = (folder.file("left.txt", LEFT), folder.file("right.txt", RIGHT));
    let title = Title { genre: Genre::Report, versions: Vec::new() };
    let table = folder.file("table.bin", build(&[title], "nothing"));
    let version = |more: &[&str]| {
        let arguments = [&["compare", &left, &right, "--format", "json"], more].concat();
        let output = run(&arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
        json["versions"]["background"].as_str().expect("every answer names it").to_owned()
    };
    assert_ne!(version(&[]), version(&["--background", &table]));
    check_failure(&["compare", &left, &right, "--background", &left], 65, "left.txt");
    check_failure(&["compare", &left, &right, "--background", "nowhere.bin"], 66, "nowhere.bin");
}

#[test]
fn one_document_may_come_from_standard_input_in_another_charset() {
    let folder = Folder::new("stdin");
    let right = folder.file("right.txt", RIGHT);
    let mut child = program()
        .args(["compare", "-", &right, "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let (bytes, _, _) = encoding_rs::GB18030.encode(LEFT);
    child.stdin.take().expect("piped").write_all(&bytes).expect("reads");
    let output = child.wait_with_output().expect("ends");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["left"]["text"], LEFT);
}

#[cfg(unix)]
#[test]
fn a_server_gives_the_same_answer_and_stops_when_told() {
    let folder = Folder::new("server");
    let (left, right) = (folder.file("left.txt", LEFT), folder.file("right.txt", RIGHT));
    for signal in ["TERM", "INT"] {
        let mut serving = Serving::start();
        let address = serving.address.clone();
        assert_eq!(run(&["healthcheck", "--server", &address]).status.code(), Some(0));
        let unknown = run(&["healthcheck", "--server", &address, "--service", "no.Such"]);
        assert_eq!(unknown.status.code(), Some(69));
        for format in ["json", "text"] {
            let here = run(&["compare", &left, &right, "--format", format]);
            let there = run(&["compare", &left, &right, "--format", format, "--server", &address]);
            assert_eq!(there.status.code(), Some(0), "{}", String::from_utf8_lossy(&there.stderr));
            assert!(!here.stdout.is_empty() && here.stdout == there.stdout, "{format} differs");
        }
        assert_eq!(serving.stop(signal).0, Some(0), "after SIG{signal}");
    }
}

#[cfg(unix)]
#[test]
fn the_log_has_one_event_a_call_and_no_word_of_a_document() {
    let folder = Folder::new("log");
    let canary = folder.file("kanarienvogel.txt", "内部文件鹦鹉螺：坚定不移举全省之力。");
    let blank = folder.file("blank.txt", " ");
    let mut serving = Serving::start();
    let address = serving.address.clone();
    assert_eq!(run(&["compare", &canary, &canary, "--format", "json", "--server", &address]).status.code(), Some(0));
    assert_eq!(run(&["compare", &blank, &canary, "--format", "json", "--server", &address]).status.code(), Some(65));
    let (_, log) = serving.stop("TERM");
    for line in &log {
        assert!(!line.contains("鹦鹉螺") && !line.contains("kanarienvogel"), "{line}");
    }
    let events = log.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let codes: Vec<String> = events
        .filter(|event| event["message"] == "call" && event["method"] == "/policyecho.v1.ComparisonService/Compare")
        .map(|event| event["code"].as_str().expect("a code").to_owned())
        .collect();
    assert_eq!(codes, ["OK", "INVALID_ARGUMENT"]);
}

//! `policy-echo trace` as a person meets it: the bundled family, its formats, bad input, hostile documents.
#![allow(clippy::unwrap_used)]

mod program_support;

use std::path::{Path, PathBuf};

use program_support::{Folder, Serving, check_failure, printed, program, run};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

const DIRECTIVE: &str = "第一条 举全省之力推进粤港澳大湾区建设，建设宜居宜业宜游的优质生活圈。\n第二条 窗口单位应当公开服务承诺，建立投诉处理机制。\n";
const CITY: &str =
    "第一条 举全市之力推进粤港澳大湾区建设，建设宜居宜业宜游的优质生活圈。\n第二条 驾驶机动车不得急转急停。\n";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The province, the twelve cities in the order of their names, and the manifest, as arguments.
fn family() -> Vec<String> {
    let folder = examples().join("henan-civility");
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .filter(|path| path.ends_with(".txt"))
        .collect();
    files.sort_by_key(|path| (!path.contains("河南省"), path.clone()));
    files.extend(["--manifest".to_owned(), folder.join("manifest.json").to_string_lossy().into_owned()]);
    files
}

fn trace_of_the_family(more: &[&str]) -> String {
    let family = family();
    let arguments = std::iter::once("trace").chain(family.iter().map(String::as_str)).chain(more.iter().copied());
    printed(&arguments.collect::<Vec<_>>())
}

fn replies(json: &str) -> Vec<Value> {
    json.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_family_shows_four_cities_before_the_province_and_the_others_behind_it() {
    let text = trace_of_the_family(&["--lang", "en"]);
    let (before, behind) = text.split_once("  younger than the directive").unwrap();
    let (_, before) = before.split_once("  older than the directive").unwrap();
    let behind = behind.split_once("What became of each part").unwrap().0;
    for city in ["郑州市", "鹤壁市", "商丘市", "漯河市"] {
        assert!(before.contains(city) && !behind.contains(city), "{city}: {text}");
    }
    for city in ["濮阳市", "许昌市", "信阳市", "三门峡市", "安阳市", "周口市", "南阳市", "平顶山市"]
    {
        assert!(behind.contains(city) && !before.contains(city), "{city}: {text}");
    }
    assert!(before.contains("2017-12-21") && before.contains("-953"), "dates and lags: {before}");
    for title in ["Nobody took up", "Local additions", "Changes of strength", "Wording shared beyond"] {
        assert!(text.contains(title), "{title}");
    }
    assert!(!text.contains('\u{1b}'), "plain in a pipe");
}

#[test]
fn the_text_fits_any_terminal_in_both_languages() {
    let family = family();
    for (columns, language) in [("60", "zh"), ("100", "zh"), ("120", "en")] {
        let output =
            program().env("COLUMNS", columns).arg("trace").args(&family).args(["--lang", language]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let most = columns.parse::<usize>().unwrap();
        for line in text.lines() {
            assert!(line.width() <= most, "{} columns of {most}: {line}", line.width());
        }
        assert!(text.contains(if language == "zh" { "无一回应" } else { "Nobody took up" }));
    }
}

#[test]
fn a_manifest_can_stand_for_the_files() {
    let manifest = examples().join("henan-civility/manifest.json");
    let text = printed(&["trace", "--manifest", &manifest.to_string_lossy(), "--lang", "en"]);
    assert!(text.starts_with("directive  河南省文明行为促进条例  2020-07-31"), "{text}");
    let line = text.lines().find(|line| line.contains("郑州市文明行为促进条例")).unwrap();
    assert!(line.trim_start().starts_with("1 "), "the second document of the manifest is the first resolution: {line}");
}

/// The 2024 directive is a reference here and younger than all, so that nothing can come from it.
#[test]
fn the_seeds_are_traced_with_their_manifest() {
    let manifest = examples().join("guangdong.json");
    let json = printed(&["trace", "--manifest", &manifest.to_string_lossy(), "--format", "json"]);
    for reply in replies(&json) {
        let text = reply.to_string();
        assert!(!text.contains("\"kind\":\"ORIGIN_KIND_REFERENCE\""), "{text}");
    }
    let summary = &replies(&json).pop().unwrap()["summary"];
    let orders: Vec<_> =
        summary["resolutions"].as_array().unwrap().iter().map(|one| &one["chronology"]["order"]).collect();
    assert_eq!(orders, ["CHRONOLOGICAL_ORDER_FOLLOWING"; 3]);
    let text = printed(&["trace", "--manifest", &manifest.to_string_lossy(), "--lang", "zh"]);
    // Lines may break anywhere.
    let text: String = text.split_whitespace().collect();
    assert!(text.contains("省委十二屆十一次全會精神"), "a source that the plenum of 2020 names: {text}");
    assert!(text.contains("領導小組第六次全體會議精神"), "a source that the meeting of 2021 names: {text}");
}

#[test]
fn dates_are_found_in_the_texts_too() {
    let mut arguments = family();
    arguments.truncate(13);
    let arguments = std::iter::once("trace").chain(arguments.iter().map(String::as_str)).chain(["--format", "json"]);
    let replies = replies(&printed(&arguments.collect::<Vec<_>>()));
    let summary = &replies.last().unwrap()["summary"];
    let mut preceding: Vec<&str> = Vec::new();
    for traced in summary["resolutions"].as_array().unwrap() {
        let date = &traced["chronology"]["resolution"]["date"];
        assert!(date["inferredFrom"].is_object(), "inferred dates are marked: {date}");
        if traced["chronology"]["order"] == "CHRONOLOGICAL_ORDER_PRECEDING" {
            preceding.push(traced["id"].as_str().unwrap().rsplit('/').next().unwrap());
        }
    }
    let mut cities: Vec<&str> = preceding.iter().map(|name| name.split('市').next().unwrap()).collect();
    cities.sort_unstable();
    assert_eq!(cities, ["商丘", "漯河", "郑州", "鹤壁"]);
}

#[test]
fn json_is_one_reply_a_line_and_the_server_says_the_same_in_every_format() {
    let mut serving = Serving::start();
    for more in [
        &["--format", "json"][..],
        &["--format", "json", "--offset-unit", "utf16", "--include-text"],
        &["--lang", "zh"],
        &["--format", "csv"],
        &["--format", "markdown", "--table", "correspondence"],
    ] {
        let here = trace_of_the_family(more);
        let there = trace_of_the_family(&[more, &["--server", &serving.address]].concat());
        assert!(here == there, "{more:?} differs");
    }
    let replies = replies(&trace_of_the_family(&["--format", "json"]));
    let count = |field: &str| replies.iter().filter(|reply| reply[field].is_object()).count();
    assert_eq!((count("progress"), count("finding"), count("summary")), (13, 12, 1));
    assert!(replies.last().unwrap()["summary"].is_object());
    assert_eq!(serving.stop("TERM").0, Some(0));
}

#[test]
fn what_a_server_refuses_is_told_and_the_rest_is_shown() {
    let folder = Folder::new("trace-refused");
    let long = folder.file("long.txt", DIRECTIVE.repeat(40));
    let (directive, city) = (folder.file("directive.txt", DIRECTIVE), folder.file("city.txt", CITY));
    let mut serving = Serving::start_with(&["--max-text-bytes", "2000"]);
    let output = run(&["trace", &directive, &long, &city, "--lang", "en", "--server", &serving.address]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(65), "{stderr}");
    assert!(stderr.contains("long.txt: resolution.text: the text has"), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("1 resolutions could not be traced") && text.contains("city.txt"), "{text}");
    serving.stop("TERM");
}

#[test]
fn bad_input_gets_one_clear_line_and_its_exit_code() {
    let folder = Folder::new("trace-bad-input");
    let good = folder.file("good.txt", DIRECTIVE);
    let blank = folder.file("blank.txt", " \n\u{3000}\n");
    let manifest = |text: &str| folder.file("manifest.json", text);
    check_failure(&["trace"], 64, "name the directive");
    check_failure(&["trace", &good], 64, "name at least one resolution");
    check_failure(&["trace", "-", "-"], 64, "only one of the documents");
    check_failure(&["trace", &good, "no-such-file.txt"], 66, "no-such-file.txt: there is no such file");
    check_failure(&["trace", &good, &good, &blank], 65, "blank.txt: the text holds only blanks");
    check_failure(&["trace", &good, &good, &blank, "--format", "json"], 65, "blank.txt: the text holds only blanks");
    check_failure(&["trace", &blank, &good], 65, "blank.txt: the text holds only blanks");
    check_failure(&["trace", &good, &good, "--reference", &blank], 65, "blank.txt: the text holds only blanks");
    check_failure(&["trace", &good, &good, "--manifest", "none.json"], 66, "none.json: there is no such file");
    check_failure(&["trace", &good, &good, "--manifest", &manifest("{")], 65, "manifest.json: is no JSON");
    let misspelt = manifest(r#"{"documents": [{"file": "good.txt", "adoped": "2020"}]}"#);
    check_failure(&["trace", &good, &good, "--manifest", &misspelt], 65, "documents[0].adoped is not known");
    check_failure(&["trace", &good, &good, "-o", "/no/such/place.txt"], 74, "/no/such/place.txt: cannot write");
    check_failure(&["trace", &good, &good, "--server", "http://127.0.0.1:1"], 69, "cannot connect");
    check_failure(&["trace", &good, &good, "--format", "json", "--table", "matrix"], 64, "--table");
}

#[test]
fn hostile_documents_steer_neither_terminal_nor_spreadsheet() {
    let folder = Folder::new("trace-hostile");
    let evil = "\u{1b}[31m\u{1b}]0;title\u{7}\u{202e}\u{9b}2J";
    // Real texts around it: a file that is mostly control characters is no text and refused.
    let real = |name: &str| std::fs::read_to_string(examples().join("henan-civility").join(name)).unwrap();
    let (province, puyang) =
        (real("河南省文明行为促进条例(2020-08-03).txt"), real("濮阳市文明行为促进条例(2020-10-22).txt"));
    let end = "=HYPERLINK(1)，公布投诉途径。";
    let directive = format!("{DIRECTIVE}第三条 {evil}公开办事流程{evil}。\n{end}\n{province}");
    let directive = folder.file("directive.txt", directive);
    let city = format!("{CITY}第三条 {evil}公开办事流程{evil}和指南，实行首问负责。\n{puyang}");
    let city = folder.file("city.txt", city);
    let manifest = serde_json::json!({"documents": [
        {"file": "city.txt", "title": format!("=cmd|' /C calc'!A0{evil}<script>alert(1)</script>"), "adopted": "2021-01-01"},
        {"file": "directive.txt", "title": format!("{evil}|x|`y`"), "adopted": "2020-01-01"},
    ]});
    let manifest = folder.file("manifest.json", manifest.to_string());
    for more in [
        &["--lang", "zh"][..],
        &["--format", "csv"],
        &["--format", "csv", "--table", "correspondence"],
        &["--format", "markdown"],
        &["--format", "markdown", "--table", "correspondence"],
    ] {
        let text = printed(&[&["trace", &directive, &city, "--manifest", &manifest], more].concat());
        let steers = |character: &char| {
            (character.is_control() && !matches!(character, '\n' | '\r'))
                || matches!(character, '\u{202a}'..='\u{202e}')
        };
        assert_eq!(text.chars().find(steers), None, "{more:?}: {text:?}");
        if more.contains(&"markdown") {
            assert!(!text.contains("<script>"), "{text}");
        }
        if more.contains(&"csv") {
            for cell in csv_cells(&text) {
                assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            }
        }
    }
    // On a terminal only our own colours remain.
    let coloured = printed(&["trace", &directive, &city, "--manifest", &manifest, "--color", "always"]);
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        let end = rest[at..].find('m').expect("a colour");
        assert!(rest[at + 1..at + end].chars().all(|c| matches!(c, '[' | ';' | '0'..='9')), "{:?}", &rest[at..]);
        rest = &rest[at + end + 1..];
    }
}

/// All cells of a CSV file, unquoted.
fn csv_cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for character in text.trim_start_matches('\u{feff}').chars() {
        match character {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            _ => cell.push(character),
        }
    }
    cells
}

#[test]
fn tables_agree_with_the_json() {
    let json = trace_of_the_family(&["--format", "json"]);
    let summary = replies(&json).pop().unwrap()["summary"].take();
    let rows = summary["rows"].as_array().unwrap();
    for table in ["matrix", "correspondence"] {
        let csv = trace_of_the_family(&["--format", "csv", "--table", table, "--lang", "en"]);
        assert!(csv.starts_with('\u{feff}'));
        let cells = csv_cells(&csv);
        assert_eq!(cells.len(), (rows.len() + 1) * 15, "three columns and one a city");
        let kept = |text: &str| cells.iter().filter(|cell| cell.starts_with(text)).count();
        let fates = |fate: &str| {
            let cells = rows.iter().flat_map(|row| row["cells"].as_array().unwrap());
            cells.filter(|cell| cell["fate"] == fate).count()
        };
        assert_eq!(kept("silent "), fates("FATE_SILENT"), "{table}");
        assert_eq!(kept("partial "), fates("FATE_PARTIAL"), "{table}");
        assert_eq!(kept("kept "), fates("FATE_KEPT"), "{table}");
        let markdown = trace_of_the_family(&["--format", "markdown", "--table", table, "--lang", "en"]);
        assert_eq!(markdown.lines().count(), rows.len() + 2);
        assert!(markdown.lines().all(|line| line.starts_with("| ") && line.ends_with(" |")));
    }
}

#[test]
fn a_pipe_gets_no_progress() {
    let folder = Folder::new("trace-progress");
    let (directive, city) = (folder.file("directive.txt", DIRECTIVE), folder.file("city.txt", CITY));
    let output = run(&["trace", &directive, &city]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_a_progress_bar_that_goes_away() {
    let folder = Folder::new("trace-terminal");
    let (directive, city) = (folder.file("directive.txt", DIRECTIVE), folder.file("city.txt", CITY));
    // Standard error is a terminal here; standard output is not.
    let on_a_terminal = "import os, pty, subprocess, sys\n\
        parent, child = pty.openpty()\n\
        done = subprocess.Popen(sys.argv[1:], stderr=child, stdout=subprocess.DEVNULL)\n\
        os.close(child)\n\
        seen = b''\n\
        while True:\n\
        \x20   try: part = os.read(parent, 4096)\n\
        \x20   except OSError: break\n\
        \x20   if not part: break\n\
        \x20   seen += part\n\
        sys.stdout.buffer.write(seen)\n\
        sys.exit(done.wait())\n";
    let mut arguments = vec!["-c", on_a_terminal, env!("CARGO_BIN_EXE_policy-echo"), "trace", &directive];
    arguments.extend(std::iter::repeat_n(city.as_str(), 30));
    let output = std::process::Command::new("python3").args(arguments).env("TERM", "xterm").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = String::from_utf8_lossy(&output.stdout);
    assert!(seen.contains("/30"), "{seen:?}");
}

#[test]
fn a_long_trace_says_what_it_leaves_out_of_its_details() {
    let folder = Folder::new("long-trace");
    let directive = folder.file("directive.txt", DIRECTIVE);
    let cities: Vec<String> = (0..42).map(|index| folder.file(&format!("city-{index}.txt"), CITY)).collect();
    let of = |count: usize| {
        let named = cities[..count].iter().map(String::as_str);
        let arguments = ["trace", &directive].into_iter().chain(named).chain(["--lang", "en"]);
        printed(&arguments.collect::<Vec<_>>())
    };
    let left_out = "2 more resolutions are not told in detail here; --format json or html has all";
    // Under changes, additions and sources.
    assert_eq!(of(42).matches(left_out).count(), 3);
    assert!(!of(40).contains("not told in detail"));
}

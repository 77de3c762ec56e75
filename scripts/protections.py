#!/usr/bin/env python3
"""Takes each protection out, one at a time, and sees that the test named for it fails.

    scripts/protections.py [NAME]…          all, or those whose names contain a NAME; exit 1 if one is not noticed
    scripts/protections.py --list           the table, without running anything
    scripts/protections.py --check          whether everything is where the table says, which CI asks
    scripts/protections.py --folder FOLDER  where the copy and what is built of it are kept (default: target/protections)

In a copy of the tree every protection gets a switch (`OFF` below becomes a look at POLICY_ECHO_WITHOUT), so one build serves
all of them. Then each test runs twice: as it is, which must pass, and without its protection, which must fail. Words that are
no longer found exactly once are an error: who changes a protection changes this table. Takes one build of all tests and
some minutes.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPIED = [".cargo", "Cargo.toml", "Cargo.lock", "build.rs", "proto", "data", "src", "tests", "benches", "examples"]
SWITCH = """
/// Whether a protection is switched off, in this copy alone.
#[doc(hidden)]
pub fn without(name: &str) -> bool {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| std::env::var("POLICY_ECHO_WITHOUT").unwrap_or_default()) == name
}
"""
# A test that hangs without its protection fails.
PATIENCE_S = 240

SERVICE = "src/service/"
CONNECTION = SERVICE + "transport/connection.rs"
LISTENER = SERVICE + "transport/listener.rs"
CALL = SERVICE + "call.rs"
POOL = SERVICE + "admission.rs"
QUEUE = SERVICE + "admission/queue.rs"
RECEIVE = SERVICE + "receive.rs"
SERVER = SERVICE + "server.rs"
GATE = SERVICE + "security.rs"
CALLERS = SERVICE + "security/callers.rs"
LOG = SERVICE + "telemetry/log.rs"
PENDING = "if OFF { return Poll::Pending; }\n        "

# name, test binary, test, then file, words, and what stands in their place; three more for each further place.
PROTECTIONS = [
    # The transport.
    ("calls of a connection", "transport", "a_connection_has_a_hundred_calls_at_a_time",
     CONNECTION, "max_concurrent_streams(settings.max_streams)", "max_concurrent_streams((!OFF).then_some(settings.max_streams))"),
    ("provoked resets", "transport", "who_provokes_resets_is_sent_away",
     CONNECTION, "(settings.max_local_error_resets)", "((!OFF).then_some(settings.max_local_error_resets))"),
    ("rapid resets", "transport", "who_resets_calls_at_once_is_sent_away",
     CONNECTION, "(settings.max_pending_accept_resets)", "(if OFF { 1 << 30 } else { settings.max_pending_accept_resets })"),
    ("length of headers", "transport", "headers_over_the_limit_are_refused",
     CONNECTION, "max_header_list_size(settings.max_header_bytes)",
     "max_header_list_size(if OFF { 1 << 24 } else { settings.max_header_bytes })"),
    ("keepalive", "transport", "a_peer_that_does_not_answer_is_dead",
     CONNECTION, "keep_alive_interval(Duration::from_millis(settings.keepalive_interval_ms))",
     "keep_alive_interval((!OFF).then(|| Duration::from_millis(settings.keepalive_interval_ms)))"),
    ("age of a connection", "transport", "an_old_connection_is_asked_to_end_and_its_calls_may",
     CONNECTION, "tokio::time::sleep(age.longest)", "tokio::time::sleep(age.longest * if OFF { 100_000 } else { 1 })"),
    ("grace of an old connection", "transport", "an_old_connection_is_asked_to_end_and_its_calls_may",
     CONNECTION, "timeout(age.grace, connection)", "timeout(age.grace * if OFF { 100_000 } else { 1 }, connection)"),
    ("time to shake hands", "tls", "who_does_not_shake_hands_in_time_is_let_go",
     CONNECTION, "() = tokio::time::sleep(timeout) =>", "() = tokio::time::sleep(timeout * if OFF { 100_000 } else { 1 }) =>"),
    ("protocol negotiated", "security", "plaintext_and_old_tls_are_refused_where_tls_is_spoken",
     CONNECTION, "                    _ => return Err(io::Error::new(io::ErrorKind::InvalidData, \"no protocol",
     "                    _ if OFF => Protocol::Http2,\n                    _ => return Err(io::Error::new(io::ErrorKind::InvalidData, \"no protocol"),
    ("time of a frame", "transport", "silent_peers_are_let_go",
     SERVICE + "transport/frame_watch.rs", "std::task::ready!(self.overdue", PENDING + "std::task::ready!(self.overdue"),
    ("time of a message", "transport", "a_message_that_does_not_come_ends_its_call",
     SERVICE + "transport/request_watch.rs", "std::task::ready!(clock", PENDING + "std::task::ready!(clock"),
    ("time of a reply", "transport", "a_reply_that_is_not_read_is_dropped",
     SERVICE + "transport/reply_watch.rs", "std::task::ready!(overdue", PENDING + "std::task::ready!(overdue"),
    ("ratio of compression", "lib", "service::transport::request_watch::tests::a_bomb_is_found_before_it_is_unpacked",
     SERVICE + "transport/request_watch.rs", ".saturating_mul(ratio).max(SMALL_BYTES)",
     ".saturating_mul(if OFF { u64::MAX } else { ratio }).max(SMALL_BYTES)"),
    ("connections of a peer", "transport", "a_peer_has_so_many_connections_and_others_have_theirs",
     LISTENER, "|| of_peer >= self.most_per_peer", "|| !OFF && of_peer >= self.most_per_peer"),
    ("connections of all", "lib", "service::transport::listener::tests::all_together_have_so_many_places",
     LISTENER, "if taken.all >= self.most ", "if !OFF && taken.all >= self.most "),
    ("pause without descriptors", "transport", "without_descriptors_the_server_waits_and_recovers",
     LISTENER, "tokio::time::sleep(ACCEPT_PAUSE).await;", "if !OFF { tokio::time::sleep(ACCEPT_PAUSE).await; }",
     LISTENER, "if is_out_of_descriptors(&error) {", "if !OFF && is_out_of_descriptors(&error) {"),
    ("a descriptor in reserve", "transport", "without_descriptors_the_server_waits_and_recovers",
     LISTENER, "                        reserve.turn_one_away(listener);", "                        if !OFF { reserve.turn_one_away(listener); }"),
    ("nothing but gRPC", "transport", "paths_are_exact_and_other_protocols_are_refused",
     CALL, "refuse_other_protocols(&request) {", "refuse_other_protocols(&request).filter(|_| !OFF) {"),
    ("origins of pages", "transport", "pages_may_call_where_they_are_listed",
     SERVICE + "transport/web.rs", "if origins.iter().any(|origin| origin == \"*\")",
     "if OFF || origins.iter().any(|origin| origin == \"*\")"),
    # What is received and what waits.
    ("length at the prefix", "lib", "service::receive::tests::a_message_that_is_too_long_ends_at_its_prefix",
     RECEIVE, "if length > most {", "if !OFF && length > most {"),
    ("room at the prefix", "faults", "a_call_without_room_is_refused_at_its_prefix",
     RECEIVE, "self.pool.check_room(length as u64)?;", "if !OFF { self.pool.check_room(length as u64)?; }"),
    ("bytes in flight", "faults", "too_many_bytes_in_flight_are_refused_and_given_back",
     SERVER, "ByteBudget::new(config.limits.all_bytes_in_flight())",
     "ByteBudget::new(if OFF { 1 << 40 } else { config.limits.all_bytes_in_flight() })"),
    ("bytes as they come", "faults", "a_message_that_never_ends_holds_what_it_sent_and_no_place",
     RECEIVE, "stretch as u64 * factor)", "(if OFF { *left } else { stretch }) as u64 * factor)"),
    ("count of elements", "faults", "many_empty_elements_are_refused_before_they_take_memory",
     SERVICE + "wire.rs", "if self.elements > MAX_ELEMENTS {", "if !OFF && self.elements > MAX_ELEMENTS {"),
    ("depth of messages", "lib", "service::wire::tests::nesting_has_an_end",
     SERVICE + "wire.rs", "if self.inside.len() > MAX_DEPTH {", "if !OFF && self.inside.len() > MAX_DEPTH {"),
    ("places in the queue", "service", "calls_over_the_queue_are_refused_with_a_delay",
     QUEUE, "let free = lane.held <", "let free = OFF || lane.held <",
     QUEUE, "self.lock().lane(lane).held <", "OFF || self.lock().lane(lane).held <"),
    ("lane of small calls", "faults", "a_small_pair_does_not_wait_for_a_big_one",
     POOL, "if message_bytes <= SMALL_MESSAGE_BYTES {", "if !OFF && message_bytes <= SMALL_MESSAGE_BYTES {"),
    ("callers who left", "service", "work_stops_when_the_caller_leaves",
     POOL, "        self.cancel.cancel();", "        if !OFF { self.cancel.cancel(); }"),
    ("withdrawal from the queue", "faults", "expired_work_in_the_queue_never_begins",
     POOL, "self.ticket.and_then(", "self.ticket.filter(|_| !OFF).and_then("),
    ("expired work", "lib", "service::admission::tests::work_whose_deadline_has_passed_never_begins",
     POOL, "Ok(()) if permit.deadline", "Ok(()) if !OFF && permit.deadline"),
    ("retries apart", "lib", "service::admission::tests::refused_callers_come_back_apart_and_later_the_more_they_are",
     POOL, "delay.mul_f64(0.5 + fraction(ahead))", "delay.mul_f64(if OFF { 1.0 } else { 0.5 + fraction(ahead) })"),
    ("retries told when", "service", "calls_over_the_queue_are_refused_with_a_delay",
     SERVICE + "status.rs", "metadata.insert(RETRY_PUSHBACK, MetadataValue::from(milliseconds));",
     "if !OFF { metadata.insert(RETRY_PUSHBACK, MetadataValue::from(milliseconds)); }"),
    ("longest call", "service", "work_stops_at_the_deadline_of_the_server",
     CALL, "let timeout = caller_timeout.map_or(self.max_call,", "let timeout = caller_timeout.map_or(self.max_call * if OFF { 10_000 } else { 1 },"),
    ("malformed deadline", "service", "a_timeout_that_cannot_be_read_is_said_so",
     CALL, "            Some(None) => return", "            Some(None) if OFF => None,\n            Some(None) => return"),
    ("length of a reply", "transport", "a_reply_over_the_limit_is_resource_exhausted",
     SERVER, "(backend.config.limits.max_reply_bytes)", "(if OFF { usize::MAX } else { backend.config.limits.max_reply_bytes })",
     SERVICE + "replies.rs", "if bytes > self.longest {", "if !OFF && bytes > self.longest {"),
    ("room for replies", "faults", "replies_that_nobody_takes_are_bounded",
     SERVICE + "replies.rs", "self.bytes.take(bytes as u64)", "self.bytes.take(if OFF { 0 } else { bytes as u64 })"),
    ("rate of a stream's messages", "security", "every_message_of_a_stream_counts_against_the_rate",
     SERVICE + "security/callers.rs", "if index == 0 { Ok(())", "if OFF || index == 0 { Ok(())"),
    ("short waits", "lib", "service::admission::tests::a_call_that_would_wait_long_is_refused_though_there_is_a_place",
     POOL, "self.waiting == Waiting::Short &&", "!OFF && self.waiting == Waiting::Short &&"),
    ("no wait while many come", "lib", "service::admission::forecast::tests::nobody_waits_for_long_while_many_come",
     SERVICE + "admission/forecast.rs", ".min(lane.gap * LONGEST_WAIT_ARRIVALS)",
     ".min(if OFF { Duration::MAX } else { lane.gap * LONGEST_WAIT_ARRIVALS })"),
    ("work gives way", "lib", "service::admission::priority::tests::work_gives_way_to_threads_that_answer",
     SERVICE + "admission/priority.rs", "if let Ok(own) =", "if !OFF && let Ok(own) ="),
    ("messages whole", "lib", "service::whole_messages::tests::a_message_is_handed_on_once_it_is_whole",
     SERVICE + "whole_messages.rs", "        if whole > 0 {", "        let whole = if OFF { data.len() } else { whole };\n        if whole > 0 {"),
    ("frames without a call", "lib", "service::transport::frame_watch::tests::a_flood_of_frames_without_a_call_is_ended",
     SERVICE + "transport/frame_watch.rs", "if position.idle_frames > MOST_IDLE_FRAMES {", "if !OFF && position.idle_frames > MOST_IDLE_FRAMES {"),
    ("length of a text", "service", "text_over_the_limit_is_an_invalid_field",
     "src/text/document.rs", "if text.len() > max_bytes {", "if !OFF && text.len() > max_bytes {"),
    ("resolutions of a trace", "trace_service", "resolutions_over_the_limit_end_the_trace",
     SERVICE + "trace_handler.rs", "if index >= most {", "if !OFF && index >= most {"),
    ("number of references", "lib", "service::from_proto::tests::more_references_than_may_be_are_one_violation",
     SERVICE + "from_proto.rs", "if documents.len() > MAX_REFERENCES {", "if !OFF && documents.len() > MAX_REFERENCES {"),
    ("steps of a diff", "lib", "compare::diff::tests::a_spent_budget_leaves_one_replacement",
     "src/text/cancel.rs", "match self.left.checked_sub(steps) {",
     "match self.left.checked_sub(if OFF { 0 } else { steps }) {"),
    # What panics.
    ("panic in the pool", "lib", "service::fail_point::a_panic_anywhere_is_one_internal_answer_and_harms_nobody_else",
     POOL, "    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else", "    if OFF { return work(); }\n    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else"),
    ("panic in a handler", "lib", "service::fail_point::a_panic_anywhere_is_one_internal_answer_and_harms_nobody_else",
     CALL, "            Ok(Err(panic)) =>", "            Ok(Err(panic)) if OFF => std::panic::resume_unwind(panic),\n            Ok(Err(panic)) =>"),
    ("panic in a stream", "lib", "service::fail_point::a_panic_anywhere_is_one_internal_answer_and_harms_nobody_else",
     CALL, "            Err(panic) => Poll::Ready", "            Err(panic) if OFF => std::panic::resume_unwind(panic),\n            Err(panic) => Poll::Ready"),
    ("panics without words in the log", "lib", "service::fail_point::a_panic_anywhere_is_one_internal_answer_and_harms_nobody_else",
     LOG, "        tracing::error!(place, thread", "        if OFF { tracing::error!(\"{panic}\"); }\n        tracing::error!(place, thread"),
    ("panics without words in a status", "lib", "service::fail_point::a_panic_anywhere_is_one_internal_answer_and_harms_nobody_else",
     POOL, "    // Its drop may panic too.\n", "    let words = if OFF { payload.downcast_ref::<String>().cloned() } else { None };\n",
     POOL, "INCIDENTS.fetch_add(1, Ordering::Relaxed));", "INCIDENTS.fetch_add(1, Ordering::Relaxed)) + words.as_deref().unwrap_or_default();"),
    # Who may call.
    ("a caller is asked for", "security", "every_method_asks_every_caller_over_every_way",
     GATE, "            Some(callers) => Some(callers.identify(",
     "            Some(callers) if OFF => callers.identify(headers, certificate, SystemTime::now()).ok(),\n"
     "            Some(callers) => Some(callers.identify("),
    ("rights of a caller", "security", "every_method_asks_every_caller_over_every_way",
     GATE, "if !caller.may_call(path) {", "if !OFF && !caller.may_call(path) {"),
    ("keys that expire", "security", "every_method_asks_every_caller_over_every_way",
     CALLERS, "if caller.expires.is_some_and", "if !OFF && caller.expires.is_some_and"),
    ("methods without a rule", "lib", "service::security::access::tests::only_the_exact_path_counts",
     SERVICE + "security/access.rs", ".map(|index| RULES[index].1)", ".map(|index| RULES[index].1).or(OFF.then_some(Access::Open))"),
    ("rate of a caller", "security", "a_caller_s_rate_holds_and_says_when_to_come_back",
     SERVICE + "security/rate.rs", "if then > most {", "if !OFF && then > most {"),
    ("plaintext stays at home", "security", "plaintext_leaves_loopback_only_when_told_to",
     GATE, "&& !settings.allow_plaintext {", "&& !settings.allow_plaintext && !OFF {"),
    ("certificates of clients", "security", "only_clients_of_the_authority_connect_where_one_is_named",
     SERVICE + "security/tls.rs", "        Some(ClientAuthority {", "        Some(_) if OFF => builder.with_no_client_auth(),\n        Some(ClientAuthority {"),
    ("certificates that were revoked", "security", "a_certificate_that_was_revoked_is_let_in_no_more",
     SERVICE + "security/tls.rs", "                Some(file) =>", "                Some(_) if OFF => verifier,\n                Some(file) =>"),
    ("files read at SIGHUP", "tls", "certificates_and_keys_are_read_again_at_a_hangup_while_calls_run",
     SERVER, "    reloadables.push(Reloadable { name: \"certificates and keys\", reload: Box::new(reload) });",
     "    if !OFF { reloadables.push(Reloadable { name: \"certificates and keys\", reload: Box::new(reload) }); }"),
    ("files watched", "security", "files_that_change_are_read_again_unasked",
     GATE, "match self.reload() {", "match if OFF { Ok(false) } else { self.reload() } {"),
    ("reflection off", "service", "reflection_can_be_switched_off",
     SERVER, "    if backend.config.security.reflection {\n        routes", "    if OFF || backend.config.security.reflection {\n        routes"),
    # What is told.
    ("values do not write lines", "lib", "service::telemetry::log::tests::no_value_writes_a_second_line_or_steers_the_terminal",
     LOG, "if character.is_control() || steers {", "if !OFF && (character.is_control() || steers) {"),
    ("paths of strangers", "telemetry", "no_word_of_a_document_is_told_anywhere",
     CALL, "method.map(|method| method.path.as_str());", "method.map(|method| method.path.as_str()).or(OFF.then_some(path));"),
    ("names in a status", "telemetry", "no_word_of_a_document_is_told_anywhere",
     SERVICE + "from_proto.rs", "                let bytes = value.len();\n", "                let bytes = if OFF { value.clone() } else { value.len().to_string() };\n"),
    ("titles in the log", "telemetry", "no_word_of_a_document_is_told_anywhere",
     SERVICE + "from_proto.rs", "    let reports = request.options.as_ref()",
     "    if OFF { tracing::trace!(title = request.left.as_ref().map(|left| left.title.as_str())); }\n"
     "    let reports = request.options.as_ref()"),
    ("titles of a trace in the log", "telemetry", "no_word_of_a_document_is_told_anywhere",
     SERVICE + "from_proto/trace.rs", "    match violations.document(\"resolution\"",
     "    if OFF { tracing::trace!(title = document.title.as_str()); }\n    match violations.document(\"resolution\""),
    ("counts of a trace", "telemetry", "a_call_is_told_of_in_the_log_the_metrics_and_the_trace",
     SERVICE + "trace_session.rs", "        CallFacts::compared(", "        if !OFF { CallFacts::compared(",
     SERVICE + "trace_session.rs", "&found.completeness);", "&found.completeness); }"),
    ("no dump of memory", "telemetry", "a_server_that_dies_leaves_no_dump",
     "src/cli/serve.rs", "        leave_no_core();", "        if !OFF { leave_no_core(); }"),
    ("what a page says is text", "hostile_pages", "", "src/report/glyph.rs", "            '<' => out", "            '<' if OFF => out.push('<'),\n            '<' => out"),
    ("what a cell says is text", "lib", "report::export::tests::a_cell_of_csv_is_quoted_and_never_run",
     "src/report/export.rs", "    let runs = cell", "    let runs = !OFF && cell"),
    ("controls are seen", "lib", "report::glyph::tests::controls_are_shown_by_their_code_point_and_markup_is_text",
     "src/report/glyph.rs", "} else if is_control(character) {", "} else if !OFF && is_control(character) {"),
    # The end.
    ("health says the end first", "drain", "",
     SERVER, "            self.say(ServingStatus::NotServing).await;", "            if !OFF { self.say(ServingStatus::NotServing).await; }"),
    ("calls in flight end well", "drain", "",
     SERVER, "        let drained = async {\n", "        let drained = async {\n            if OFF { return; }\n"),
    ("silent peers at the end", "drain", "",
     SERVER, "                () = self.quiet() => {}", "                () = async { if OFF { std::future::pending::<()>().await } else { self.quiet().await } } => {}",
     SERVER, "tokio::time::timeout(self.backend.config.server.drain(), drained)",
     "tokio::time::timeout(self.backend.config.server.drain() * if OFF { 100 } else { 1 }, drained)"),
]


def places(protection):
    """(file, words, replacement) of a protection, with its switch put in."""
    name, rest = protection[0], protection[3:]
    switch = 'crate::without("%s")' % name
    for at in range(0, len(rest), 3):
        file, words, replacement = rest[at : at + 3]
        yield file, words, replacement.replace("OFF", switch)


def switch_all(copy, protections):
    """Gives every protection its switch. All of them, so that one build serves any choice."""
    wrong = []
    for protection in protections:
        for file, words, replacement in places(protection):
            text = (copy / file).read_text(encoding="utf-8")
            if text.count(words) != 1:
                wrong.append(f"{protection[0]}: {file} holds {text.count(words)} times: {words.strip()}")
                continue
            (copy / file).write_text(text.replace(words, replacement), encoding="utf-8")
    if wrong:
        sys.exit("these protections are not where the table says; correct it:\n  " + "\n  ".join(wrong))
    library = copy / "src/lib.rs"
    library.write_text(library.read_text(encoding="utf-8") + SWITCH, encoding="utf-8")


def refresh(copy):
    """Copies the tree; files that are as they were keep their times, so that no more is built than must be."""
    fresh = copy.with_name("fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for part in COPIED:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, fresh / part)
        elif source.exists():
            shutil.copy(source, fresh / part)
    switch_all(fresh, PROTECTIONS)
    wanted = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for path in sorted(copy.rglob("*")):
        if path.is_file() and path.relative_to(copy) not in wanted:
            path.unlink()
    for name in wanted:
        old, new = copy / name, fresh / name
        if not old.exists() or old.read_bytes() != new.read_bytes():
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(new, old)
    shutil.rmtree(fresh)


def build(copy, target, binaries):
    """Builds the tests; gives the program of each."""
    chosen = [flag for binary in binaries for flag in (["--lib"] if binary == "lib" else ["--test", binary])]
    command = ["cargo", "test", "--locked", "--no-run", "--message-format=json-render-diagnostics", *chosen]
    environment = dict(os.environ, CARGO_TARGET_DIR=str(target))
    done = subprocess.run(command, cwd=copy, env=environment, stdout=subprocess.PIPE, check=True)
    programs = {}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["profile"]["test"]:
            kind = message["target"]["kind"]
            programs["lib" if "lib" in kind else message["target"]["name"]] = message["executable"]
    return programs


def passes(program, test, without, copy):
    """Whether the test passes, and the seconds that it took."""
    environment = dict(os.environ, POLICY_ECHO_WITHOUT=without)
    command = [program, *([test, "--exact"] if test else [])]
    began = time.monotonic()
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=PATIENCE_S, text=True)
    except subprocess.TimeoutExpired:
        return False, time.monotonic() - began
    if test and "running 1 test" not in done.stdout:
        sys.exit(f"{pathlib.Path(program).name} has no test {test}")
    return done.returncode == 0, time.monotonic() - began


def is_a_test(test):
    """Whether a function of this name is anywhere in the sources."""
    name = "fn " + test.rsplit("::", 1)[-1] + "("
    return any(name in path.read_text(encoding="utf-8") for part in ("src", "tests") for path in (ROOT / part).rglob("*.rs"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the names of protections")
    parser.add_argument("--list", action="store_true", help="print the table only")
    parser.add_argument("--check", action="store_true", help="look for the words of the table only")
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--folder", type=pathlib.Path, default=target / "protections")
    options = parser.parse_args()
    chosen = [p for p in PROTECTIONS if not options.names or any(part in p[0] for part in options.names)]
    if options.list:
        for name, binary, test, *_ in chosen:
            print(f"{name:<34} {binary}::{test}" if test else f"{name:<34} {binary}")
        return
    if options.check:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "src", pathlib.Path(folder) / "src")
            switch_all(pathlib.Path(folder), PROTECTIONS)
        missing = [test for _, _, test, *_ in PROTECTIONS if test and not is_a_test(test)]
        if missing:
            sys.exit("there are no such tests: " + ", ".join(missing))
        print(f"{len(PROTECTIONS)} protections and their tests are where the table says")
        return
    copy = options.folder.resolve() / "tree"
    refresh(copy)
    programs = build(copy, options.folder.resolve() / "target", sorted({protection[1] for protection in chosen}))
    whole, unnoticed = {}, []
    for name, binary, test, *_ in chosen:
        if (binary, test) not in whole:
            whole[binary, test] = passes(programs[binary], test, "", copy)[0]
        passed, seconds = passes(programs[binary], test, name, copy)
        verdict = "fails with it" if not whole[binary, test] else "NOT NOTICED" if passed else "noticed"
        print(f"{verdict:<14} {name:<34} {binary}::{test or '*'}  {seconds:.1f} s", flush=True)
        if verdict != "noticed":
            unnoticed.append(name)
    print(f"{len(chosen) - len(unnoticed)} of {len(chosen)} protections are noticed when they are gone")
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()

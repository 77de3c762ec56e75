#!/usr/bin/env python3
"""Checks that the samples of README.md are what the program does.

    scripts/check_readme.py [--program target/release/policy-echo] [--write]

A fenced block is checked if the line before it is one of these comments:

    <!-- checked: console -->   `$ command`, then what it prints; a last line `…` says that more follows
    <!-- checked: grpcurl -->   a grpcurl call, made with Python's grpcio over reflection; it must be answered
    <!-- checked: python -->    a Python program, run as it stands; it must end with 0 and print something

`cargo run --release --` is run as the program that is built already; calls go to a server started on a free port. The
table of settings in docs/operations.md is compared with `config table`, the exit codes with `--help`. `--write` puts what the program
prints into the console blocks instead of comparing, as many lines as stood there. Needs grpcio, grpcio-reflection,
protobuf. Exits with 0 when everything holds.
"""
import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- checked: (\w+) -->\n```\w+\n(.*?)^```$", re.M | re.S)
MORE = "…"
README_ADDRESS = "localhost:50051"
# Samples are printed as for a reader of English on a screen of 100 columns, whoever runs the check.
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}


class Wrong(Exception):
    """A sample that is not what the program does."""


def run(arguments):
    done = subprocess.run(arguments, cwd=ROOT, env=ENVIRONMENT, text=True, capture_output=True)
    if done.returncode:
        raise Wrong(f"{arguments[0]} ends with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def console(text, program, write):
    """Checks one console block; gives its text as it should be."""
    command, *shown = text.rstrip("\n").split("\n")
    if not command.startswith("$ "):
        raise Wrong("a console block begins with `$ `")
    words = command[2:].replace("cargo run --release --", "policy-echo").split()
    if words[0] != "policy-echo":
        raise Wrong(f"not a command of this project: {words[0]}")
    printed = run([program, *words[1:]]).rstrip("\n").split("\n")
    more = shown[-1:] == [MORE]
    shown = shown[:-1] if more else shown
    expected = printed[: len(shown)] if more else printed
    if not write and shown != expected:
        raise Wrong("\n".join(difflib.unified_diff(shown, expected, "README.md", "printed", lineterm="")))
    if any(line.endswith(" ") for line in expected):
        raise Wrong("the program prints blanks at a line's end")
    return "\n".join([command, *expected, *([MORE] if more else [])]) + "\n"


def grpcurl(text, address):
    """Makes the call of a grpcurl command with grpcio."""
    call = re.fullmatch(r"grpcurl -plaintext -d '(.*)' (\S+) ([\w.]+)/(\w+)\n", text, re.S)
    if not call or call[2] != README_ADDRESS:
        raise Wrong("not a grpcurl call that this script reads")
    import grpc
    from google.protobuf import json_format, message_factory
    from google.protobuf.descriptor_pool import DescriptorPool
    from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

    with grpc.insecure_channel(address) as channel:
        types = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        method = types.FindServiceByName(call[3]).FindMethodByName(call[4])
        request, response = (message_factory.GetMessageClass(kind) for kind in (method.input_type, method.output_type))
        stub = channel.unary_unary(f"/{call[3]}/{call[4]}", request.SerializeToString, response.FromString)
        answer = json_format.MessageToDict(stub(json_format.Parse(call[1], request()), timeout=60))
    if not answer.get("passages"):
        raise Wrong("the answer holds no passage")


def python(text, address):
    if README_ADDRESS not in text:
        raise Wrong(f"the program does not call {README_ADDRESS}")
    if not run([sys.executable, "-c", text.replace(README_ADDRESS, address)]).strip():
        raise Wrong("the program prints nothing")


def configuration(program):
    """The documented table of settings against the program's, and that against the flags of `serve --help`."""
    documented = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = run([program, "config", "table"])
    if table not in documented:
        raise Wrong("docs/operations.md is not what `config table` prints")
    rows = re.findall(r"^\| `\w+` \| `(--[\w-]+)` \| `(\w+)` \|", table, re.M)
    help_text = run([program, "serve", "--help"])
    # The meaning stands beside the flag, or on the next line where the screen is narrow.
    flags = re.findall(r"^ +(--[\w-]+) <[^>]*>\s+\S.*\[env: (\w+)\] \[default: ", help_text, re.M)
    if not flags or rows != flags:
        raise Wrong("\n".join(difflib.unified_diff(list(map(str, rows)), list(map(str, flags)), "table", "--help")))


def exit_codes(readme, program):
    shown = re.findall(r"^\| (\d+) \|", readme, re.M)
    told = re.findall(r"^ +(\d+)  ", run([program, "--help"]).split("Exit codes:")[1], re.M)
    if not told or shown != told:
        raise Wrong(f"README.md has {shown}, --help has {told}")


def every_kind(kinds):
    if missing := {"console", "grpcurl", "python"} - kinds:
        raise Wrong(f"README.md has no block checked as {', '.join(sorted(missing))}")


def serve(program):
    """Starts a server; gives the process and its address once it is ready."""
    log = tempfile.NamedTemporaryFile("w+", encoding="utf-8")
    server = subprocess.Popen(
        [program, "serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log", "info"], stderr=log
    )
    for _ in range(300):
        address = re.search(r'"address":"([^"]+)"', Path(log.name).read_text(encoding="utf-8"))
        if address and not subprocess.run([program, "healthcheck", "--server", address[1]], capture_output=True).returncode:
            return server, address[1]
        if server.poll() is not None:
            break
        time.sleep(0.1)
    server.kill()
    raise Wrong("the server does not start")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--program", default=target / "release" / "policy-echo", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    program = str(options.program.resolve())
    path = ROOT / "README.md"
    readme = path.read_text(encoding="utf-8")
    failed = 0

    def check(what, act, *arguments):
        nonlocal failed
        try:
            result = act(*arguments)
            print(f"ok      {what}")
            return result
        except Exception as error:
            failed += 1
            print(f"FAILED  {what}: {error}")
            return None

    blocks = list(BLOCK.finditer(readme))
    check("samples of every kind", every_kind, {block[1] for block in blocks})
    server, address = serve(program)
    try:
        for block in blocks:
            kind, text = block[1], block[2]
            first = text.split("\n", 1)[0][:60]
            if kind == "console":
                should = check(first, console, text, program, options.write)
                if options.write and should:
                    readme = readme.replace(text, should)
            elif kind in ("grpcurl", "python"):
                check(f"{kind}: {first}", grpcurl if kind == "grpcurl" else python, text, address)
            else:
                failed += 1
                print(f"FAILED  no check is called {kind}")
    finally:
        server.terminate()
        server.wait(30)
    check("table of settings", configuration, program)
    check("exit codes", exit_codes, readme, program)
    if options.write:
        path.write_text(readme, encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs the static program the way the Dockerfile's last stage says, without an engine for containers.

    scripts/container_check.py STATIC_PROGRAM

1. What the build stage copies, and no more, is enough for cargo to read the package.
2. In a root folder that holds only what the last stage copies, mounted read-only where the machine allows it, as its USER,
   without capabilities or the right to gain any, with only its ENV: ENTRYPOINT and CMD start the server, the HEALTHCHECK
   succeeds, nothing is written, no connection goes out, and SIGTERM ends it with 0.
Needs Linux and root. Exits with 0 when everything holds.
"""
import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
CLONE_NEWNS, PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 0x20000, 38, 24
# Listening on all addresses in plaintext is for who runs the image to allow, as compose.yaml does.
ALLOWED_BY_WHO_RUNS_IT = {"POLICY_ECHO_ALLOW_PLAINTEXT": "true"}


class Wrong(Exception):
    """Something is not as the Dockerfile promises."""


def require(holds, what):
    if not holds:
        raise Wrong(what)
    print(f"ok      {what}")


def stages():
    """Instructions of each stage: lists of (NAME, argument)."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.M).replace("\\\n", " ")
    found = [[]]
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, argument = line.split(None, 1)
        if name == "FROM":
            found.append([])
        found[-1].append((name, argument.strip()))
    return found[1:]


def of(stage, name):
    return [argument for instruction, argument in stage if instruction == name]


def check_sources(build):
    """Whenever the stage builds, cargo can read the package from what was copied so far; at first the sources are empty."""
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    stubs = ["src/main.rs", "src/lib.rs", "build.rs"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for instruction, argument in build:
            if instruction == "COPY":
                *sources, place = argument.split()
                for source in sources:
                    require(f"!{source}" in allowed, f".dockerignore lets {source} through")
                    to = folder / source if place == "./" else folder / place
                    (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, to)
            elif instruction == "RUN" and (folder / "src").exists():
                read_package(folder)
            elif instruction == "RUN":
                (folder / "src").mkdir()
                for stub in stubs:
                    (folder / stub).write_text("fn main() {}\n", encoding="utf-8")
                read_package(folder)
                for stub in stubs:
                    (folder / stub).unlink()
                (folder / "src").rmdir()
    print("ok      cargo reads the package from what the build stage copies")


def read_package(folder):
    # Cargo looks at all that it needs before it finds that there is no such program: quicker than a build.
    command = ["cargo", "build", "--locked", "--offline", "--bin", "no-such-program"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if "no bin target named" not in done.stderr:
        raise Wrong(f"cargo cannot read what the build stage copies: {done.stderr.strip()}")


def confine(root, user, group):
    """Makes the calling process what the engine would make it. Runs in a child, before the program."""
    def call(result):
        if result != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    for capability in range(64):
        LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    call(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def read_only(folder):
    """Mounts the folder read-only over itself in a mount namespace of this process; whether that is allowed here."""
    def call(result):
        return result == 0

    path = str(folder).encode()
    return (
        call(LIBC.unshare(CLONE_NEWNS))
        and call(LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
        and call(LIBC.mount(path, path, None, MS_BIND, None))
        and call(LIBC.mount(path, path, None, MS_REMOUNT | MS_BIND | MS_RDONLY, None))
    )


def connections(process):
    """Peers of established IPv4 and IPv6 connections of the process, and the ports it listens on."""
    sockets = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            sockets.add(os.readlink(descriptor))
        except OSError:
            pass
    peers, ports = [], set()
    for table in ["tcp", "tcp6"]:
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" not in sockets:
                continue
            if fields[3] == "0A":
                ports.add(int(fields[1].split(":")[1], 16))
            elif fields[3] == "01":
                peers.append((int(fields[1].split(":")[1], 16), fields[2]))
    return peers, ports


def check_run(last, program):
    users = of(last, "USER")
    require(len(users) == 1 and re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[0]), "USER is a number that is not root's")
    user, group = map(int, users[0].split(":"))
    entry, arguments = json.loads(of(last, "ENTRYPOINT")[0]), json.loads(of(last, "CMD")[0])
    health = of(last, "HEALTHCHECK")[0]
    probe = json.loads(health[health.index("CMD") + 3:])
    environment = dict(word.split("=", 1) for line in of(last, "ENV") for word in shlex.split(line))
    exposed = {int(port) for port in of(last, "EXPOSE")}
    environment |= ALLOWED_BY_WHO_RUNS_IT

    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for copied in of(last, "COPY"):
        words = [word for word in copied.split() if not word.startswith("--")]
        for source in words[:-1]:
            from_build = source.startswith("/")
            to = folder / words[-1].lstrip("/") if from_build else folder / source
            shutil.copy(program if from_build else ROOT / source, to)
            to.chmod(0o555 if from_build else 0o444)
    held = sorted(path.name for path in folder.iterdir())
    print("ok      the root folder holds " + ", ".join(held))
    if not read_only(folder):
        print("left out: this machine lets no folder be mounted read-only")

    def start(command, **more):
        return subprocess.Popen(command, env=environment, preexec_fn=lambda: confine(folder, user, group), **more)

    log = tempfile.TemporaryFile("w+", encoding="utf-8")
    server = start(entry + arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for _ in range(300):
            if start(probe, stderr=subprocess.DEVNULL).wait(10) == 0:
                break
            if server.poll() is not None:
                break
            time.sleep(0.1)
        log.seek(0)
        require(server.poll() is None, "the server runs" if server.poll() is None else f"the server runs: {log.read()}")
        require(start(probe).wait(10) == 0, f"HEALTHCHECK succeeds: {' '.join(probe)}")
        status = Path(f"/proc/{server.pid}/status").read_text()
        field = lambda name: re.search(rf"^{name}:\s+(.*)$", status, re.M)[1].split()
        require(set(field("Uid")) == {str(user)} and set(field("Gid")) == {str(group)}, "all ids are USER's")
        none = all(int(field(name)[0], 16) == 0 for name in ["CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd"])
        require(none, "no capability is held or can be gained")
        require(field("NoNewPrivs") == ["1"], "no privilege can be gained")
        peers, ports = connections(server.pid)
        require(ports == exposed, f"it listens on what is exposed, {sorted(exposed)}, and on nothing else")
        require(all(port in exposed for port, _ in peers), "it has opened no connection of its own")
        opened = [os.readlink(path) for path in Path(f"/proc/{server.pid}/fd").iterdir()]
        files = [path for path in opened if path.startswith("/") and not path.startswith(("/dev/null", "/tmp/"))]
        require(not files, "it holds no file open")
        server.send_signal(signal.SIGTERM)
        require(server.wait(20) == 0, "SIGTERM ends it with 0")
    finally:
        server.kill()
    require(sorted(path.name for path in folder.iterdir()) == held, "nothing was written")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 64
    build, last = stages()
    require(of(last, "FROM") == ["scratch"], "the last stage is built on nothing")
    require(not any(of(stage, name) for stage in (build, last) for name in ["ADD", "SHELL"]), "no ADD, no SHELL")
    require(not of(last, "RUN"), "nothing runs while the last stage is built")
    check_sources(build)
    if sys.platform != "linux" or os.getuid() != 0:
        print("left out: running as another user in another root folder takes Linux and root")
        return 0
    check_run(last, Path(sys.argv[1]).resolve())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        print(f"FAILED  {wrong}")
        sys.exit(1)

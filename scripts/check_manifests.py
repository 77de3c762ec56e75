#!/usr/bin/env python3
"""Checks what no schema knows of compose.yaml and deploy/kubernetes.yaml: that both are hardened, agree with each other and
with the program, and leave it the time to drain.

    scripts/check_manifests.py PROGRAM

Needs PyYAML. Exits with 0 when everything holds.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
failed = 0


def require(holds, what):
    global failed
    failed += not holds
    print(f"{'ok     ' if holds else 'FAILED '} {what}")


def effective(program, arguments=(), environment=()):
    """The effective settings, by section and key, as they are printed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POLICY_ECHO_")}
    done = subprocess.run(
        [program, "config", "check", *arguments], env={**clean, **dict(environment)}, capture_output=True, text=True
    )
    require(done.returncode == 0, f"the program takes the settings {done.stderr.strip()}")
    settings, section = {}, ""
    for line in done.stdout.splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head[1]
        elif value := re.match(r"(\w+) = (.*?) +# ", line):
            settings[f"{section}.{value[1]}"] = value[2].strip('"')
    return settings


def drain_seconds(settings):
    return (int(settings["server.drain_lag_ms"]) + int(settings["server.drain_ms"])) / 1000


def compose(program):
    (service,) = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    settings = effective(program, environment=service["environment"].items())
    require(service["read_only"] and service["cap_drop"] == ["ALL"], "compose: read-only root, no capabilities")
    require("no-new-privileges:true" in service["security_opt"], "compose: no new privileges")
    require(all(service.get(limit) for limit in ["mem_limit", "cpus", "pids_limit", "ulimits"]), "compose: limits")
    require(service["user"].split(":")[0] not in ("0", "root"), "compose: not root")
    require(service["ulimits"]["core"] == 0, "compose: no core dumps")
    require(all(port.startswith("127.0.0.1:") for port in service["ports"]), "compose: ports on loopback only")
    require(drain_seconds(settings) < int(service["stop_grace_period"].removesuffix("s")), "compose: time to drain")
    require(service["healthcheck"]["test"][0] == "CMD", "compose: the probe needs no shell")


def kubernetes(program):
    documents = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8")))
    kinds = {document["kind"]: document for document in documents}
    wanted = {"ServiceAccount", "ConfigMap", "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"}
    require(set(kinds) == wanted, "kubernetes: " + ", ".join(sorted(wanted)))
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(kinds["ConfigMap"]["data"]["policy-echo.toml"])
        file.flush()
        variables = {variable["name"]: variable["value"] for variable in container.get("env", [])}
        settings = effective(program, ["--config", file.name], variables.items())
    own, shared = container["securityContext"], pod["securityContext"]
    require(shared["runAsNonRoot"] and shared["runAsUser"] > 0, "kubernetes: not root")
    require(shared["seccompProfile"] == {"type": "RuntimeDefault"}, "kubernetes: system calls are filtered")
    require(own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"], "kubernetes: read-only root")
    require(own["capabilities"] == {"drop": ["ALL"]}, "kubernetes: no capabilities")
    require(not pod["automountServiceAccountToken"], "kubernetes: no token of the cluster")
    require(not pod["enableServiceLinks"], "kubernetes: no variables of services")
    require({"cpu", "memory"} <= set(container["resources"]["limits"]), "kubernetes: limits")
    require(drain_seconds(settings) < pod["terminationGracePeriodSeconds"], "kubernetes: time to drain")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    require(settings["server.listen"].endswith(f":{ports['grpc']}"), "kubernetes: the port is where it listens")
    require(settings["telemetry.metrics_listen"].endswith(f":{ports['metrics']}"), "kubernetes: so is the metrics' port")
    require(container["readinessProbe"]["grpc"]["port"] == ports["grpc"], "kubernetes: gRPC asks for readiness")
    require(kinds["Service"]["spec"]["clusterIP"] == "None", "kubernetes: the service is headless")
    labels = kinds["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for kind, selector in [
        ("Deployment", kinds["Deployment"]["spec"]["selector"]["matchLabels"]),
        ("Service", kinds["Service"]["spec"]["selector"]),
        ("PodDisruptionBudget", kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]),
        ("NetworkPolicy", kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]),
    ]:
        require(selector.items() <= labels.items(), f"kubernetes: {kind} selects the pods")
    require(kinds["NetworkPolicy"]["spec"]["egress"] == [], "kubernetes: nothing goes out")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 64
    program = str(Path(sys.argv[1]).resolve())
    compose(program)
    kubernetes(program)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

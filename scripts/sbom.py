#!/usr/bin/env python3
"""Writes the bill of materials of the program: every crate that is built into it, as CycloneDX 1.6 JSON.

    scripts/sbom.py [-o target/policy-echo.cdx.json] [--target x86_64-unknown-linux-gnu] [--unchecked]

Read from `cargo metadata --locked`: what the program is linked from, with the digest of each crate's archive from
Cargo.lock and its licence; crates that only build or test it are left out. Equal sources give equal bytes. The result is
checked against the schema, which needs cyclonedx-python-lib[json-validation], or `--unchecked`.
"""
import argparse
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def metadata(target):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def digests():
    """Digests of the archives, by name and version."""
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    package = r'^name = "([^"]+)"\nversion = "([^"]+)"\nsource = "[^"]+"\nchecksum = "([0-9a-f]{64})"'
    return {(name, version): digest for name, version, digest in re.findall(package, lock, re.M)}


def linked(graph):
    """Ids of what is linked, and what each needs: normal dependencies only."""
    nodes = {node["id"]: node for node in graph["resolve"]["nodes"]}
    needs, todo = {}, [graph["resolve"]["root"]]
    while todo:
        package = todo.pop()
        if package in needs:
            continue
        edges = nodes[package]["deps"]
        needs[package] = sorted(e["pkg"] for e in edges if any(kind["kind"] is None for kind in e["dep_kinds"]))
        todo.extend(needs[package])
    return needs


def component(package, digest):
    purl = f"pkg:cargo/{package['name']}@{package['version']}"
    made = {"type": "library", "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl}
    if package["description"]:
        made["description"] = " ".join(package["description"].split())
    if package["license"]:
        # The old way to write "or" in Cargo.toml.
        made["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["repository"]:
        made["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    if digest:
        made["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return made


def bill(target):
    graph = metadata(target)
    needs = linked(graph)
    packages = {package["id"]: package for package in graph["packages"]}
    known = digests()
    parts = {i: component(packages[i], known.get((packages[i]["name"], packages[i]["version"]))) for i in needs}
    root = parts.pop(graph["resolve"]["root"])
    root["type"] = "application"
    missing = [part["purl"] for part in parts.values() if "hashes" not in part or "licenses" not in part]
    if missing:
        raise SystemExit(f"no digest or no licence: {', '.join(missing)}")
    refs = {i: parts[i]["bom-ref"] if i in parts else root["bom-ref"] for i in needs}
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root, "properties": [{"name": "cargo:target", "value": target}]},
        "components": sorted(parts.values(), key=lambda part: part["purl"]),
        "dependencies": sorted(
            ({"ref": refs[i], "dependsOn": sorted(refs[n] for n in needs[i])} for i in needs), key=lambda d: d["ref"]
        ),
    }
    # A number for this very content, so that nothing but the content decides the bytes.
    body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))}"
    return body


def validate(text):
    """What the schema says against it, or that nobody could ask; `None` if it is right."""
    try:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
        from cyclonedx.exception import MissingOptionalDependencyException
    except ImportError:
        return "not checked against the schema: cyclonedx-python-lib[json-validation] is not installed"
    try:
        wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    except MissingOptionalDependencyException as missing:
        return f"not checked against the schema: {missing}"
    return f"the schema refuses it: {wrong}" if wrong else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "target" / "policy-echo.cdx.json")
    parser.add_argument("--target", default="x86_64-unknown-linux-gnu")
    parser.add_argument("--unchecked", action="store_true", help="do without the check against the schema")
    options = parser.parse_args()
    body = bill(options.target)
    text = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    print(f"{options.output}: {len(body['components'])} crates")
    if complaint := validate(text):
        print(complaint)
        return 0 if options.unchecked and complaint.startswith("not checked") else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

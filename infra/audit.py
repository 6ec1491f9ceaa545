"""Holds the dependencies to deny.toml's bans, licences and sources, without network: cargo-deny takes minutes to build,
and this is all of it that works without the advisory database. Also: docs/dependencies.md says why each is there.
Standard library only; prints what is wrong and exits 1."""

import json
import re
import subprocess
import sys
import tomllib


def version(text):
    return tuple(int(part) for part in re.split(r"[.+-]", text)[:3] if part.isdigit())


def banned(package, rule):
    """`name`, or `name@<version`."""
    name, _, bound = rule.partition("@")
    if package["name"] != name:
        return False
    if bound and not bound.startswith("<"):
        raise SystemExit(f"deny.toml: {rule!r}: only `<version` is understood")
    return not bound or version(package["version"]) < version(bound[1:])


def permitted(expression, allowed):
    """Evaluates an SPDX expression; the old `A/B` means `A OR B`, an exception only adds to what a licence allows."""
    tokens = re.findall(r"[()]|[^\s()]+", re.sub(r"\s*/\s*", " OR ", expression))
    tokens = [t for i, t in enumerate(tokens) if t != "WITH" and (i == 0 or tokens[i - 1] != "WITH")]
    words = {"OR": "or", "AND": "and", "(": "(", ")": ")"}
    return eval(" ".join(words.get(t, str(t in allowed)) for t in tokens))  # of words made here alone


def findings(packages, rules):
    registries = {f"registry+{url}" for url in rules["sources"]["allow-registry"]}
    allowed = set(rules["licenses"]["allow"])
    for package in packages:
        who = f"{package['name']} {package['version']}"
        for ban in rules["bans"]["deny"]:
            if banned(package, ban["crate"]):
                yield f"{who}: banned, {ban['reason']}"
        if package["source"] is None:  # ours
            for dependency in package["dependencies"]:
                if dependency["req"] == "*" and not dependency.get("path"):
                    yield f"{who}: depends on {dependency['name']} without a version"
            continue
        if package["source"] not in registries:
            yield f"{who}: from {package['source']}"
        if not package["license"] or not permitted(package["license"], allowed):
            yield f"{who}: licence {package['license']}"


def unexplained():
    with open("Cargo.toml", "rb") as file:
        dependencies = tomllib.load(file)["workspace"]["dependencies"]
    with open("docs/dependencies.md", encoding="utf-8") as file:
        page = file.read()
    explained = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    ours = {name for name, value in dependencies.items() if isinstance(value, dict) and "path" in value}
    for name in sorted(set(dependencies) - ours - explained):
        yield f"{name}: docs/dependencies.md does not say why it is there"
    for name in sorted(explained - set(dependencies)):
        yield f"{name}: in docs/dependencies.md, but no dependency of the workspace"


def self_test(rules):
    """An audit that cannot fail is none."""
    good = {"name": "a", "version": "1.0.0", "license": "GPL-3.0 OR (MIT AND Zlib)", "dependencies": [],
            "source": "registry+https://github.com/rust-lang/crates.io-index"}
    assert not list(findings([good], rules))
    for change in ({"name": "hyper", "version": "0.14.32"}, {"name": "openssl"}, {"license": "GPL-3.0 AND MIT"},
                   {"license": None}, {"source": "git+https://example.com/a"}):
        assert len(list(findings([good | change], rules))) == 1, change


def main():
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    self_test(rules)
    command = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1"]
    for target in rules["graph"]["targets"]:
        command += ["--filter-platform", target]
    packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    wrong = sorted(findings(packages, rules)) + list(unexplained())
    print("\n".join(wrong) or f"audit: {len(packages)} packages, nothing banned, licences and sources as deny.toml says")
    sys.exit(bool(wrong))


main()

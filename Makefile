# Everything a person or CI runs. `make run` needs Rust, a C compiler, make and Node 20; `make test` Python 3.11 and Chromium
# as well, which it installs; `make check` Python 3.11.

LISTEN ?= 127.0.0.1:8787
DATA ?= .data
SEEDS ?= 1000
SIZES ?= 10000 1000000
SOAK ?= package(vio-simulation) | package(vio-tests) | test(fuzzed)
CONSOLE = $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*')
FUNCTIONS = $(notdir $(wildcard functions/*))
export SAM_CLI_TELEMETRY = 0

.PHONY: run test test-console in-chromium check fmt clippy template document console audit advisories bench bench-view soak openapi clean-data nextest

## The local host with console and demo clinic, at http://127.0.0.1:8787; keeps its data in .data
run: web/dist/index.html
	cargo build --locked --workspace --bin vio-local
	./target/debug/vio-local --listen $(LISTEN) --data $(DATA) --seed demo

## Every test, with Python 3.11 for what the providers' own libraries say of signatures. The crash tests start the binaries vio-local and vio-sandbox, which are built with their packages' tests.
test: nextest .venv-sdks/installed
	cargo nextest run --workspace --locked --profile ci
	@if grep -rqE '^ *//[/!] ```(rust|should_panic|no_run)?$$' --include=*.rs shared functions infra; \
	then cargo test --workspace --locked --doc --quiet; fi
	$(MAKE) --no-print-directory in-chromium

## The console's own tests, and the console in Chromium against the real local host
test-console:
	cargo build --locked --workspace --bin vio-local
	$(MAKE) --no-print-directory in-chromium

# The tests of the crates have built vio-local; building it alone would choose other features, and take minutes.
in-chromium: web/dist/index.html
	npm test --prefix web --silent
	web/e2e/run.sh

## Formatting, lints, templates, the API document, dependencies
check: fmt clippy template document console audit
fmt:
	cargo fmt --all --check
clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings
template: .venv/installed
	.venv/bin/cfn-lint -r eu-west-2 -- template.yaml
	.venv/bin/cfn-lint -r us-east-1 -- infra/edge.yaml
	.venv/bin/sam validate --lint --region eu-west-2 -t template.yaml
document: .venv/installed
	.venv/bin/openapi-spec-validator --schema 3.1 docs/openapi.json
console: web/node_modules/.installed
	npm run check --prefix web
audit:
	python3 infra/audit.py
advisories:
	@cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny check

## Measures release binaries, each beside its peer; needs Node 20 as well. BENCH="--runs 30" passes options on
bench: bench-view
	npm ci --prefix infra/bench/node --silent --no-audit --no-fund
	cargo build --release --locked --workspace --bin vio-bench --bin vio-bench-bare --bin vio-local $(FUNCTIONS:%=--bin vio-%)
	target/release/vio-bench $(BENCH)

## The tenant view beside PostgreSQL 15, which it installs from Debian's packages where it is missing (VIEW=10000), and
## alone at other sizes (SIZES="1000000")
bench-view:
	cargo build --release --locked --workspace --example bench
	PATH="$$(infra/bench/postgres.sh):$$PATH" target/release/examples/bench $(VIEW)
	for size in $(SIZES); do target/release/examples/bench $$size --no-postgres || exit 1; done

## The simulation, the kill tests and the parsers' fuzzing, SEEDS times; SOAK='test(fuzzed)' for a part of it
soak: nextest .venv-sdks/installed
	VIO_SOAK_SEEDS=$(SEEDS) PROPTEST_CASES=$(SEEDS) cargo nextest run --workspace --locked --profile soak --no-capture \
		-E '$(SOAK)'

## Writes docs/openapi.json from the code and the console's client from it; tests notice when one is stale
openapi: nextest web/node_modules/.installed
	VIO_WRITE_OPENAPI=1 cargo nextest run --locked --workspace -E 'package(vio-tests) & binary(openapi)' --no-fail-fast
	npm run api --prefix web --silent

clean-data:
	rm -rf $(DATA)

nextest:
	@cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest

web/node_modules/.installed: web/package-lock.json
	@node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || { echo 'The console needs Node 20 or later'; exit 1; }
	npm ci --prefix web --silent --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.installed $(CONSOLE)
	npm run build --prefix web --silent

.venv/installed: infra/requirements.txt
.venv-sdks/installed: infra/sdks.txt
.venv/installed .venv-sdks/installed:
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo 'Python cannot make an environment: apt-get install python3-venv'; exit 1; }
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

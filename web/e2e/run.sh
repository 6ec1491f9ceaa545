#!/bin/sh
# The console in Chromium against a local host of its own: nothing is mocked and nothing kept. Arguments go to vitest.
set -eu
if [ $# -eq 0 ]; then
    # What is measured starts on a host of its own: what other tests did there is not what is measured.
    "$0" --project e2e
    exec "$0" --project many
fi
case "$*" in
*--project*) ;;
*) set -- --project e2e --project many "$@" ;;
esac
cd "$(dirname "$0")/.."
chromium=${CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$chromium" ]; then
    echo "installing Chromium from Debian's packages"
    apt-get install --yes --no-install-recommends chromium >/dev/null 2>&1 ||
        { apt-get update >/dev/null && apt-get install --yes --no-install-recommends chromium >/dev/null; }
fi
said=$(mktemp)
../target/debug/vio-local --listen 127.0.0.1:0 --ephemeral --seed demo --console dist >"$said" 2>"$said.log" &
host=$!
trap 'kill "$host" 2>/dev/null; rm -f "$said" "$said.log"' EXIT
tries=0
until address=$(sed -n 's/^ready //p' "$said") && [ -n "$address" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$host" 2>/dev/null; then
        echo "the local host did not start"
        cat "$said.log"
        exit 1
    fi
    sleep 0.1
done
VIO_BASE=$address npm exec --silent -- vitest run "$@"

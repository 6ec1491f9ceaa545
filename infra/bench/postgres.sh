#!/bin/sh
# Prints the directory of PostgreSQL 15's programs, the peer of the tenant view. Where it is not there, it is installed
# from Debian's packages; its server is not started.
set -eu
programs=/usr/lib/postgresql/15/bin
if [ ! -x "$programs/initdb" ]; then
    apt-get install --yes --no-install-recommends postgresql-15 >&2
fi
echo "$programs"

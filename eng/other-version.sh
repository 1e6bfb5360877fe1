#!/usr/bin/env bash
# Builds an agent of another version, for the lab's fault version-skew: these sources, and another number, in
# artifacts/other-version.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. eng/packages.sh
. eng/build.sh

need_dotnet
alone
build src/Sidestep.Agent -p:Version=0.0.1 --artifacts-path "$PWD/artifacts/other-version/artifacts" >&2 || die "the build of an agent of another version failed"

#!/usr/bin/env bash
# Builds an agent of another version, for the lab's fault version-skew: these sources, and another number, in
# artifacts/other-version.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. eng/packages.sh
. eng/build.sh

! is_built other-version || exit 0
need_dotnet
alone
begin_build other-version
build src/Sidestep.Agent -verbosity:quiet -p:Version=0.0.1 \
  -p:ArtifactsPath="$PWD/artifacts/other-version/artifacts" >&2 ||
  die "the build of an agent of another version failed"
end_build other-version

# shellcheck shell=bash
# Sourced by ./sidestep and ./test: the build. Standard output stays clean, progress is on standard error.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Build processes that stay for a next build would keep the standard output of a pipeline open.
export MSBUILDDISABLENODEREUSE=1

need_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0"
  dotnet --version >/dev/null || die "no .NET SDK fits global.json: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# build_projects NAME PROJECT...: builds them, unless what is built already is what these sources give.
build_projects() {
  local name=$1
  shift
  local stamp="artifacts/.built-$name"
  mkdir -p artifacts
  alone
  if [ ! -f "$stamp" ] || [ "$(<"$stamp")" != "$(fingerprint)" ]; then
    local project
    for project in "$@"; do
      echo "Building $project" >&2
      build "$project" >&2 || die "the build of $project failed"
    done
    fingerprint >"$stamp"
  fi
  exec 9>&-
}

build_solution() {
  local status=0
  mkdir -p artifacts
  alone
  build Sidestep.slnx -warnaserror || status=$?
  exec 9>&-
  return $status
}

# build_ready PROJECT...: compiled ahead of time, into artifacts/bin/PROJECT/ready. It starts at once where compiling at run
# time takes longest: in an emulated machine.
build_ready() {
  local project status=0
  alone
  for project in "$@"; do
    echo "Compiling $project ahead of time" >&2
    dotnet publish "$project" --configuration Release --runtime linux-x64 --no-self-contained -p:PublishReadyToRun=true \
      -p:IsPublishable=true -p:PublishDir="$PWD/artifacts/bin/$(basename "$project")/ready/" \
      --verbosity quiet -consoleLoggerParameters:NoSummary 9>&- >&2 || status=$?
  done
  exec 9>&-
  return $status
}

# Two builds at once would write the same files.
alone() {
  exec 9>artifacts/.build-lock
  flock --nonblock 9 || { echo "Waiting for another build" >&2 && flock 9; }
}

# Without the lock's descriptor: the compiler's server inherits what is open and outlives the build.
build() {
  dotnet build "$@" --configuration Release --verbosity quiet -consoleLoggerParameters:NoSummary 9>&-
}

# Everything that the build reads, by content, and everything that it has written, by name, size and time: a source that
# changed and an output that is missing, or that something else has written since, both lead to a new build.
fingerprint() {
  {
    dotnet --version
    find src lab benchmarks eng fuzz tests ./*.props ./*.slnx global.json .editorconfig -type f ! -path '*/obj/*' ! -path '*/bin/*' -print0 |
      LC_ALL=C sort --zero-terminated | xargs --null sha256sum
    find artifacts/bin -path '*/release/*' -type f -printf '%p %s %T@\n' 2>/dev/null | LC_ALL=C sort
  } | sha256sum
}

# shellcheck shell=bash
# Sourced by ./sidestep, ./test and scripts in eng: the build. Standard output stays clean; progress goes to standard
# error.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Build processes that stay for a next build would keep the standard output of a pipeline open.
export MSBUILDDISABLENODEREUSE=1

need_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0"
  dotnet --version >/dev/null || die "no .NET SDK fits global.json: https://dotnet.microsoft.com/download/dotnet/10.0"
}

# target NAME: sets what a target is made of: its projects, the folders that hold their sources, and the folders whose
# files are run.
target() {
  local bin=artifacts/bin project
  projects=() sources=(src eng/Bpf.targets) outputs=()
  case $1 in
  cli) projects=(src/Sidestep.Cli) ;;
  lab)
    projects=(src/Sidestep.Daemon src/Sidestep.Agent src/Sidestep.Cli lab/Sidestep.Lab)
    sources+=(lab)
    ;;
  package)
    projects=(src/Sidestep.Daemon src/Sidestep.Agent src/Sidestep.Cli packaging/Sidestep.ManPages)
    sources+=(packaging/Sidestep.ManPages)
    ;;
  bench)
    projects=(src/Sidestep.Daemon benchmarks/Sidestep.Benchmarks)
    sources+=(benchmarks)
    ;;
  fuzz)
    projects=(fuzz/Sidestep.Fuzz)
    sources+=(tests fuzz)
    ;;
  other-layout)
    sources+=(eng/other-layout.sh)
    outputs=("artifacts/other-layout/$bin"/Sidestep.{Daemon,Cli}/release)
    ;;
  other-version)
    sources+=(eng/other-version.sh)
    outputs=("artifacts/other-version/$bin/Sidestep.Agent/release")
    ;;
  *) die "there is no build target '$1'" ;;
  esac
  for project in "${projects[@]}"; do
    outputs+=("$bin/$(basename "$project")/release")
  done
}

# need_build NAME: builds a target, unless what is built already is what its sources give.
need_build() {
  local projects sources outputs
  ! is_built "$1" || return 0
  need_dotnet
  alone
  # Another build may have done it meanwhile.
  if ! is_built "$1"; then
    begin_build "$1"
    build_together "${projects[@]}" || die "the build failed"
    end_build "$1"
  fi
  exec 9>&-
}

# build_all: every project, tests included. Warnings of the build itself are errors, too.
build_all() {
  local status=0 name names=(cli lab package bench fuzz) projects sources outputs
  need_dotnet
  alone
  for name in "${names[@]}"; do
    begin_build "$name"
  done
  mapfile -t projects < <(projects_of_solution)
  build_together -warnaserror "${projects[@]}" || status=$?
  for name in "${names[@]}"; do
    [ $status -ne 0 ] || end_build "$name"
  done
  exec 9>&-
  return $status
}

# Two builds at once would write the same files.
alone() {
  mkdir -p artifacts
  exec 9>artifacts/.build-lock
  flock --nonblock 9 || { echo "Waiting for another build" >&2 && flock 9; }
}

# build PROJECT [OPTION...]: as dotnet build, which cannot leave out its summary. Without the lock's descriptor: the
# compiler's server inherits what is open and outlives the build.
build() {
  dotnet msbuild "$@" -restore -property:Configuration=Release -nologo -terminalLogger:off 9>&- </dev/null
}

# --- One build of several projects, and its progress ---

# build_together [OPTION...] PROJECT...: one run of MSBuild for all of them. It takes a list of projects as a solution
# filter only, and projects that the list lacks would be built without a configuration: so it holds those that they
# refer to as well.
build_together() {
  local options=() files=() filter=artifacts/build.slnf
  while [[ $1 == -* ]]; do
    options+=("$1")
    shift
  done
  mapfile -t files < <(with_references "$@")
  {
    printf '{ "solution": { "path": "../Sidestep.slnx", "projects": ['
    printf ' "%s"' "${files[0]}"
    printf ', "%s"' "${files[@]:1}"
    printf ' ] } }\n'
  } >"$filter"
  build "$filter" "${options[@]}" -verbosity:minimal 2>&1 | show_progress ${#files[@]}
}

projects_of_solution() {
  sed -n 's/.*<Project Path="\([^"]*\)".*/\1/p' Sidestep.slnx | xargs --max-args=1 dirname
}

# with_references PROJECT...: the files of these projects and of all that they refer to.
with_references() {
  local -A seen=()
  local queue=("$@") folder reference
  while [ ${#queue[@]} -gt 0 ]; do
    folder=${queue[0]}
    queue=("${queue[@]:1}")
    [ -z "${seen[$folder]:-}" ] || continue
    seen[$folder]=yes
    echo "$folder/$(basename "$folder").csproj"
    while read -r reference; do
      queue+=("$(realpath --relative-to=. "$folder/$(dirname "$reference")")")
    done < <(sed -n 's/.*<ProjectReference Include="\([^"]*\)".*/\1/p' "$folder"/*.csproj)
  done
}

# show_progress TOTAL: reads what the build says. A project that is done moves the bar, or is a line where standard
# error is no terminal; errors and warnings appear as they are.
show_progress() {
  local total=$1 done=0 line started=$SECONDS
  progress 0 "$total" "restoring packages"
  while IFS= read -r line; do
    case $line in
    *' -> '*)
      done=$((done + 1))
      line=${line%% -> *}
      progress $done "$total" "${line##* }"
      ;;
    '' | *'Determining projects to restore'* | *'up-to-date for restore'* | *'  Restored '*) ;;
    *)
      clear_progress
      printf '%s\n' "$line" >&2
      ;;
    esac
  done
  clear_progress
  [ $done -lt "$total" ] || echo "Built $total projects in $((SECONDS - started)) s." >&2
}

# progress DONE TOTAL WHAT
progress() {
  local width=30 filled bar
  if ! is_terminal; then
    if [ "$1" -eq 0 ]; then
      echo "Building $2 projects" >&2
    else
      echo "  $1 of $2: $3" >&2
    fi
    return
  fi
  filled=$((width * $1 / $2))
  printf -v bar '%*s' $filled ''
  printf -v bar '%-*s' $width "${bar// /#}"
  printf '\r\033[KBuilding [%s] %d of %d  %.30s' "${bar// /.}" "$1" "$2" "$3" >&2
}

clear_progress() {
  ! is_terminal || printf '\r\033[K' >&2
}

is_terminal() {
  [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]
}

# --- Whether a target is built ---
#
# A stamp says what a build was made from and what it wrote: the sources by name, size and times; the sources by
# content; the outputs by name, size and time. A source that changed and an output that is missing, or that something
# else has written since, both lead to a new build. Contents are read only where sizes or times differ.

# is_built NAME
is_built() {
  local stamp="artifacts/.built-$1" projects sources outputs state=() times
  target "$1"
  mapfile -t state 2>/dev/null <"$stamp" || return
  [ ${#state[@]} -eq 3 ] && [ "${state[2]}" = "$(state_of_outputs)" ] || return
  times=$(times_of_sources)
  [ "${state[0]}" != "$times" ] || return 0
  [ "${state[1]}" = "$(contents_of_sources)" ] || return
  # The same content with another time, as after a change of branches and back.
  write_stamp "$stamp" "$times" "${state[1]}" "${state[2]}"
}

# begin_build NAME, end_build NAME: around a build. The sources are looked at before it: one that changes during the
# build leads to another.
begin_build() {
  target "$1"
  rm -f "artifacts/.built-$1"
  stamped_times[$1]=$(times_of_sources)
  stamped_contents[$1]=$(contents_of_sources)
}

end_build() {
  target "$1"
  write_stamp "artifacts/.built-$1" "${stamped_times[$1]}" "${stamped_contents[$1]}" "$(state_of_outputs)"
}

declare -A stamped_times=() stamped_contents=()

# write_stamp STAMP LINE...: at once, because another process may read it.
write_stamp() {
  local stamp=$1
  shift
  printf '%s\n' "$@" >"$stamp.$$"
  mv "$stamp.$$" "$stamp"
}

times_of_sources() {
  { tools && find_sources -printf '%p %s %T@ %C@\n' | LC_ALL=C sort; } | digest || true
}

contents_of_sources() {
  { tools && find_sources -print0 | LC_ALL=C sort --zero-terminated | xargs --null sha256sum; } | digest || true
}

state_of_outputs() {
  find "${outputs[@]}" -type f -printf '%p %s %T@\n' 2>/dev/null | LC_ALL=C sort | digest || true
}

find_sources() {
  find "${sources[@]}" ./*.props ./*.targets Sidestep.slnx global.json .editorconfig -type f \
    ! -path '*/obj/*' ! -path '*/bin/*' "$@"
}

# The .NET SDKs and the compiler of BPF programs, without starting them: it changes when one is installed.
tools() {
  stat --format '%n %s %Y' "$(dirname "$(readlink -f "$(type -P dotnet)")")/sdk" \
    "$(readlink -f "$(type -P clang-19 || type -P clang)")" /usr/include/bpf 2>/dev/null || true
}

digest() {
  local digest
  digest=$(sha256sum)
  echo "${digest%% *}"
}

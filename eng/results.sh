# shellcheck shell=bash
# Sourced by ./test: runs checks and test modules and adds up their results.

results=$PWD/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"

passed=0 failed=0 skipped=0
failures=()

fail() {
  failures+=("$1")
  failed=$((failed + 1))
}

# check NAME COMMAND...: something that holds or does not; it is no test, and counts only when it does not hold.
check() {
  local name=$1
  shift
  echo "== $name"
  "$@" 2>&1 </dev/null || fail "$name"
}

# begin_check NAME COMMAND...: the same, beside what follows, until end_checks.
begin_check() {
  local name=$1
  shift
  "$@" >"$results/check-${#begun[@]}" 2>&1 </dev/null &
  begun+=("$name")
  processes+=($!)
}

end_checks() {
  local i
  for i in "${!begun[@]}"; do
    echo "== ${begun[i]}"
    if ! wait "${processes[i]}"; then
      cat "$results/check-$i"
      fail "${begun[i]}"
    fi
  done
  begun=() processes=()
}

# Names and processes of checks that run beside.
begun=() processes=()
# Process groups have no part in this: an interrupted ./test leaves none of its own processes behind.
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

# run_tests PROJECT [CLASSES...]: a test project. For each CLASSES (patterns with spaces between) there is a process of
# its own, beside the one that runs all other classes.
run_tests() {
  local project=$1 name part pattern patterns filters others=() parts=() part_status started=$SECONDS status=0 i
  shift
  name=$(basename "$project")
  echo "== $name"
  for part in "$@"; do
    filters=()
    read -ra patterns <<<"$part"
    for pattern in "${patterns[@]}"; do
      filters+=(--filter-class "$pattern")
      others+=(--filter-not-class "$pattern")
    done
    run_module "$name" "$name-${#parts[@]}" "${filters[@]}" >"$results/$name-${#parts[@]}.log" 2>&1 &
    parts+=($!)
  done
  run_module "$name" "$name" "${others[@]}" || status=$?
  for i in "${!parts[@]}"; do
    part_status=0
    wait "${parts[i]}" || part_status=$?
    cat "$results/$name-$i.log"
    count_tests "$name, ${*:i+1:1}" "$results/$name-$i.json" $part_status
  done
  count_tests "$name" "$results/$name.json" "$status"
  echo "$name took $((SECONDS - started)) s"
}

# What every module leaves out; ./test --long leaves nothing out.
left_out=(--filter-not-trait form=long)

# run_module NAME REPORT [FILTER...]. A shell has what it runs beside it ignore the signals of Ctrl-C.
run_module() {
  local name=$1 report=$2
  shift 2
  env --default-signal=INT,QUIT "artifacts/bin/$name/release/$name" --no-progress --results-directory "$results" \
    --report-ctrf --report-ctrf-filename "$report.json" "${left_out[@]}" "$@" </dev/null
}

# count_tests NAME REPORT STATUS: the figures come from the module's own report (CTRF, one line of JSON). A module that
# ends with an error but reports no failed test has crashed; a module without any test is one where something is
# missing.
count_tests() {
  local name=$1 report=$2 status=$3
  local module_passed module_failed module_skipped
  module_passed=$(figure passed "$report")
  module_failed=$(figure failed "$report")
  module_skipped=$(($(figure skipped "$report") + $(figure pending "$report") + $(figure other "$report")))
  passed=$((passed + module_passed))
  failed=$((failed + module_failed))
  skipped=$((skipped + module_skipped))

  echo "$name: $module_passed passed, $module_failed failed, $module_skipped skipped"
  if [ "$module_failed" -gt 0 ]; then
    failures+=("$name: $module_failed tests")
  elif [ "$status" -ne 0 ]; then
    fail "$name ended with $status and no failed test in its report"
  elif [ $((module_passed + module_skipped)) -eq 0 ]; then
    fail "$name ran no test"
  fi
}

# figure NAME REPORT: a number of the report's summary; 0 when there is no report.
figure() {
  local value=
  if [ -f "$2" ]; then
    value=$(grep --only-matching --max-count=1 '"summary":{[^}]*}' "$2" | head -n 1 |
      sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p")
  fi
  echo "${value:-0}"
}

# The ten tests that took longest: seconds and name.
show_slowest() {
  local reports
  reports=$(find "$results" -name '*.json')
  [ -n "$reports" ] || return 0
  echo "== the ten slowest tests"
  {
    [ ${#slow[@]} -eq 0 ] || printf '%s\n' "${slow[@]}"
    # shellcheck disable=SC2086 # names without spaces
    grep -hoE '"name":"([^"\\]|\\.)*","status":"[a-z]*","duration":[0-9]+' $reports |
      sed -E 's/^"name":"(.*)","status":"[a-z]*","duration":([0-9]+)$/\2 \1/; s/\\(.)/\1/g'
  } | sort --numeric-sort --reverse |
    awk 'NR <= 10 { ms = $1; sub(/^[^ ]* /, ""); printf "%7.1f s  %.108s\n", ms / 1000, $0 }'
}

# Tests that are no test of a module: milliseconds and name.
slow=()

# The last words, and the exit code.
finish() {
  show_slowest
  if [ ${#failures[@]} -gt 0 ]; then
    echo "== failed:"
    printf '   %s\n' "${failures[@]}"
  fi
  if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "== no test ran"
    failed=1
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ]
}

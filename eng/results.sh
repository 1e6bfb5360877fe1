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
  local name=$1 output
  shift
  echo "== $name"
  if ! output=$("$@" 2>&1 </dev/null); then
    printf '%s\n' "$output"
    fail "$name"
  fi
}

# begin_check NAME COMMAND...: the same, beside what follows, until end_check. One at a time.
begin_check() {
  beside_name=$1
  shift
  "$@" >"$results/beside" 2>&1 </dev/null &
  beside=$!
  trap 'kill "$beside" 2>/dev/null || true' EXIT
}

end_check() {
  echo "== $beside_name"
  if ! wait "$beside"; then
    cat "$results/beside"
    fail "$beside_name"
  fi
  trap - EXIT
}

# run_tests PROJECT: a test project, here.
run_tests() {
  local project=$1 name report status=0
  name=$(basename "$project")
  report=$results/$name.json
  echo "== $name"
  "artifacts/bin/$name/release/$name" --no-progress --results-directory "$results" \
    --report-ctrf --report-ctrf-filename "$name.json" </dev/null || status=$?
  count_tests "$name" "$report" "$status"
}

# count_tests NAME REPORT STATUS: the figures come from the module's own report (CTRF, one line of JSON). A module that ends
# with an error but reports no failed test has crashed; a module without any test is one where something is missing.
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
    value=$(grep --only-matching --max-count=1 '"summary":{[^}]*}' "$2" | head -n 1 | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p")
  fi
  echo "${value:-0}"
}

# The last words, and the exit code.
finish() {
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

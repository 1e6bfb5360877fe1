# shellcheck shell=bash
# Sourced by ./test: what ./test --long does beyond ./test. The plain ./test has a short form of each: some faults
# instead of all, a few scenarios of the differential test, the first steps of the labs with the xdp engine.

minutes_of_fuzzing=10

run_long() {
  local fuzz=
  # It only computes, and the labs mostly wait: beside them, in the time that they leave.
  if runs tests/Sidestep.ConformanceTests; then
    # shellcheck disable=SC2154 # it comes from eng/results.sh
    nice --adjustment=19 artifacts/bin/Sidestep.Fuzz/release/sidestep-fuzz differential \
      --minutes $minutes_of_fuzzing >"$results/fuzz.log" 2>&1 </dev/null &
    fuzz=$!
  fi
  if runs tests/Sidestep.SystemTests; then
    check "build of an agent of another version" eng/other-version.sh
    long_test "packages" packaging/test
    long_lab faults
    long_lab health
    long_lab l2-one-arm --driver af-xdp
    long_lab churn
    long_lab churn --driver af-packet
    long_lab bounce
    long_lab bounce --driver af-packet --steps 1
    long_lab upgrade
    long_lab upgrade --driver af-xdp
  fi
  [ -z "$fuzz" ] || long_test "fuzz differential" end_fuzz $fuzz
}

# end_fuzz PROCESS: waits for it, and prints what it printed.
end_fuzz() {
  local status=0
  wait "$1" || status=$?
  cat "$results/fuzz.log"
  return $status
}

long_lab() {
  long_test "lab run $*" artifacts/bin/Sidestep.Lab/release/sidestep-lab run "$@" --json
}

# long_test NAME COMMAND...: a program that counts as one test. What it prints is kept, and appears when it fails.
long_test() {
  local name=$1 output status=0 started=$SECONDS
  shift
  echo "== $name"
  # shellcheck disable=SC2154 # it comes from eng/results.sh
  output=$results/${name// /-}.log
  "$@" >"$output" 2>&1 </dev/null || status=$?
  # The lab's code for a kernel without the devices that a topology needs.
  case $status in
  0) passed=$((passed + 1)) ;;
  3) skipped=$((skipped + 1)) ;;
  *)
    tail --lines=200 "$output"
    fail "$name ended with $status"
    ;;
  esac
  slow+=("$((SECONDS - started))000 $name")
}

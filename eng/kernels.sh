# shellcheck shell=bash
# Sourced by ./test: what depends on the kernel, under a kernel of Debian's in an emulated machine (eng/other-kernel).

# Bounds a hang, and judges no speed.
slowest=7200

# Links of the machine: what does without copies over devices that can (AF_XDP, Linux 6.13) runs over these.
links=2

# test_kernels KERNEL...
test_kernels() {
  local kernel
  for kernel in "$@"; do
    test_kernel "$kernel"
  done
}

# test_kernel KERNEL: the program by the case table, the agent's program, AF_XDP over devices with a driver of their
# own, the transmit rings of packet sockets, and the lab with the kernel's own tunnels.
test_kernel() {
  local kernel=$1 release
  echo "== Linux $kernel"
  if ! release=$(eng/other-kernel "$kernel" uname -r); then
    fail "Linux $kernel: it was not to be had, or did not start"
    return
  fi
  echo "It is $release, emulated."
  test_there "$kernel" conformance Sidestep.ConformanceTests
  test_there "$kernel" agent Sidestep.SystemTests \
    --filter-class '*.DecapsulationProgramTests' --filter-class '*.TunnelProgramTests' \
    --filter-class '*.ReplyProgramTests'
  test_there "$kernel" links Sidestep.SystemTests --filter-class '*.AfXdpLinkTests' --filter-class '*.TransmitRingTests'
  lab_there "$kernel" l3-dual
  lab_there "$kernel" l3-dual --engine managed --driver af-packet
}

# test_there KERNEL WHAT PROJECT [FILTER...]
test_there() {
  local kernel=$1 name="Linux $1: $2" report="Linux-$1-$2.json" module=artifacts/bin/$3/release/$3 status=0
  # Not where ./test puts its own: another run in the meantime would clear it.
  local reports=artifacts/kernels/reports
  shift 3
  echo "== $name"
  mkdir -p $reports
  rm -f "$reports/$report"
  eng/other-kernel --time-limit $slowest --links $links --keep $reports "$kernel" \
    env SIDESTEP_TEST_FRAMES=1000 "$module" "$@" --no-ansi \
    --results-directory $reports --report-ctrf --report-ctrf-filename "$report" | now_and_then || status=$?
  count_tests "$name" "$reports/$report" "$status"
}

# lab_there KERNEL TOPOLOGY [OPTION...]: one test.
lab_there() {
  local kernel=$1 name="Linux $1: lab ${*:2}" status=0
  shift
  echo "== $name"
  eng/other-kernel --time-limit $slowest "$kernel" \
    artifacts/bin/Sidestep.Lab/release/sidestep-lab run "$@" --json || status=$?
  if [ $status -eq 0 ]; then
    passed=$((passed + 1))
  else
    fail "$name ended with $status"
  fi
}

# The progress of a test module is a line every three seconds; here one a minute is enough.
now_and_then() {
  awk '/^\[\+/ { if (systime() - last >= 60) { print; fflush(); last = systime() } next } NF { print; fflush() }'
}

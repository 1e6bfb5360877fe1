# shellcheck shell=bash
# Sourced by ./sidestep, ./test and eng/other-kernel: which Debian packages a task needs, why, and their installation.

# packages SET: a line "name reason" for each package.
packages() {
  case $1 in
  build) cat <<-LIST ;;
	clang-19 compiles the BPF programs
	libbpf-dev has the headers that BPF programs include
	LIST
  run) cat <<-LIST ;;
	libbpf1 loads BPF programs
	LIST
  lab) cat <<-LIST ;;
	iproute2 makes network namespaces and links
	ethtool turns off the offloads of virtual links
	tcpdump counts the frames independently of Sidestep
	nginx-light is the real servers of the lab
	nftables makes the firewalls of the lab's faults
	procps has sysctl, which makes settings of the lab's faults
	faketime gives a server of the lab's faults a wrong clock
	LIST
  bench) cat <<-LIST ;;
	iproute2 makes network namespaces and links
	ethtool makes a virtual link poll
	nftables is what the director is compared with
	ipvsadm sets up IPVS, which it is compared with where the kernel has it
	LIST
  testpmd) cat <<-LIST ;;
	dpdk-dev has testpmd, which the managed engine is compared with
	librte-net-af-packet23 is its driver for packet sockets
	librte-net-af-xdp23 is its driver for AF_XDP
	LIST
  test) cat <<-LIST ;;
	bpftool reads the types of the compiled BPF programs
	clang-format-19 checks the format of the C files
	shellcheck checks the shell scripts
	procps has sysctl, the cure that the agent names and a test follows
	iputils-ping sends the echo requests of the tests
	tshark reads the files that sidestep capture writes
	dnsmasq-base answers the questions of DNS monitors
	socat answers the datagrams of UDP monitors, and is a monitor itself
	systemd reads the units, networks and settings that the agent writes
	libyaml-0-2 netplan reads its files with it
	LIST
  other-kernel) cat <<-LIST ;;
	qemu-system-x86 emulates the machine that the other kernel runs on
	busybox-static brings that machine up
	cpio packs what it starts from
	kmod finds and loads the modules of the other kernel
	xz-utils unpacks modules
	LIST
  *) die "there is no package set '$1'" ;;
  esac
}

# need_packages SET...: installs what of these sets is missing and says which and why. Standard output stays clean.
need_packages() {
  # Without dpkg this is not Debian: the build and the lab themselves then say what they lack.
  command -v dpkg-query >/dev/null || return 0
  local set name reason missing=()
  for set in "$@"; do
    while read -r name reason; do
      if ! is_installed "$name"; then
        [ ${#missing[@]} -gt 0 ] || echo "Missing Debian packages:" >&2
        printf '  %-16s %s\n' "$name" "$reason" >&2
        missing+=("$name")
      fi
    done < <(packages "$set")
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
  [ "$(id -u)" -eq 0 ] || die "To install them, run this as root once, or: apt-get install --no-install-recommends $*"
  # A package's first installation starts its service where it can; the lab starts its own nginx, in its own namespaces.
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    ours=yes
  fi
  local failed=
  apt_install "$@" || failed=yes
  [ -z "$ours" ] || rm -f "$policy"
  [ -z "$failed" ] || die "apt-get could not install: $*"
}

# The package lists of a fresh machine are empty or old: then they are fetched once, and only then.
apt_install() {
  echo "Installing: $*" >&2
  apt_quietly install --no-install-recommends "$@" && return
  echo "Fetching the package lists first." >&2
  apt_quietly update && apt_quietly install --no-install-recommends "$@"
}

# Says nothing when all is well, and everything when not.
apt_quietly() {
  local log status=0
  log=$(mktemp)
  DEBIAN_FRONTEND=noninteractive apt-get -y -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 </dev/null || status=$?
  [ $status -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return $status
}

die() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

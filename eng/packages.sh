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
	bpftool detaches the director's program in the lab's faults, and reads types of BPF programs for the tests
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
	clang-format-19 checks the format of the C files
	shellcheck checks the shell scripts
	procps has sysctl, the remedy that the agent names and a test follows
	iputils-ping sends the echo requests of the tests
	tshark reads the files that sidestep capture writes
	dnsmasq-base answers the questions of DNS monitors
	perl-base answers the datagrams of UDP monitors
	socat is a monitor of the tests
	curl reads metrics as an operator does
	prometheus reads the metrics of the tests, and has promtool
	systemd reads the units, networks and settings that the agent writes
	mandoc checks the manual pages
	libyaml-0-2 netplan reads its files with it
	LIST
  package) cat <<-LIST ;;
	dpkg builds the Debian packages
	LIST
  machine) cat <<-LIST ;;
	debootstrap makes a clean Debian root to install the packages in
	systemd-container boots it
	perl sends datagrams, answers them, and counts the replies
	iproute2 makes its network
	ethtool turns off the offloads of its links
	ansible-core runs the roles
	openssh-client connects them to the machines
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

# need_packages SET...: installs what of these sets is missing, and says before what, why and how much. Standard output
# stays clean.
need_packages() {
  local missing=()
  find_missing "$@"
  [ ${#missing[@]} -eq 0 ] || { announce "$@" && install "${missing[@]}"; }
}

# begin_packages SET... -- SET...: the same in two steps, with a build between. When it returns, the first sets are
# installed, and the others are being installed beside what follows, until end_packages.
begin_packages() {
  local first=() missing=() now=() later=() name restoring=
  while [ "$1" != -- ]; do
    first+=("$1")
    shift
  done
  shift
  find_missing "${first[@]}" "$@"
  [ ${#missing[@]} -gt 0 ] || return 0
  announce "${first[@]}" "$@"
  later=("${missing[@]}")
  find_missing "${first[@]}"
  now=("${missing[@]}")
  if [ ${#now[@]} -gt 0 ]; then
    # A fresh machine has no NuGet packages either.
    dotnet restore Sidestep.slnx >/dev/null 2>&1 </dev/null &
    restoring=$!
    install "${now[@]}"
    # If it failed, the build says why.
    wait $restoring || true
  fi
  for name in "${!later[@]}"; do
    [[ " ${now[*]} " != *" ${later[name]} "* ]] || unset "later[name]"
  done
  [ ${#later[@]} -gt 0 ] || return 0
  # An interrupted ./test must not leave half of an installation behind.
  (trap '' TERM && install "${later[@]}") &
  installing=$!
}

end_packages() {
  [ -z "$installing" ] || wait "$installing" || exit 1
}

# The process that begin_packages has left.
installing=

# find_missing SET...: sets $missing to the names of the packages of these sets that are not installed.
find_missing() {
  missing=()
  # Without dpkg this is not Debian: the build and the lab themselves then say what they lack.
  command -v dpkg-query >/dev/null || return 0
  local name names
  mapfile -t names < <(each_set "$@" | cut -d ' ' -f 1 | awk '!seen[$0]++')
  mapfile -t missing < <(
    # The second time is for the names that are not known at all.
    { dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${names[@]}" 2>/dev/null || true; } |
      awk -v names="${names[*]}" '$1 == "installed" { installed[$2] }
        END { count = split(names, name); for (i = 1; i <= count; i++) if (!(name[i] in installed)) print name[i] }'
  )
}

each_set() {
  local set
  for set in "$@"; do
    packages "$set"
  done
}

# announce SET...: says which packages of these sets are missing ($missing), what they are for, and how much apt-get is
# about to download and to write.
announce() {
  local name reason plan
  echo "Missing Debian packages:" >&2
  each_set "$@" | while read -r name reason; do
    [[ " ${missing[*]} " != *" $name "* ]] || printf '  %-23s %s\n' "$name" "$reason" >&2
  done
  [ "$(id -u)" -eq 0 ] ||
    die "to install them, run this as root once, or: apt-get install --no-install-recommends ${missing[*]}"
  # The package lists of a fresh machine are empty or old: then they are fetched once, and only then.
  if ! plan=$(plan_of "${missing[@]}"); then
    update_lists
    plan=$(plan_of "${missing[@]}") || die "apt-get cannot install: ${missing[*]}"
  fi
  echo "$plan" >&2
}

# plan_of PACKAGE...: one sentence. Fails where apt-get would.
plan_of() {
  local answer installed upgraded also download disk
  answer=$(LC_ALL=C apt-get install --assume-no --no-install-recommends "$@" 2>/dev/null </dev/null) || true
  read -r upgraded installed < <(
    sed -n 's/^\([0-9]*\) upgraded, \([0-9]*\) newly installed.*/\1 \2/p' <<<"$answer"
  ) || return
  download=$(sed -n 's/^Need to get \(.*\) of archives\.$/\1/p' <<<"$answer")
  disk=$(sed -n 's/^After this operation, \(.*\) of additional disk space.*/\1/p' <<<"$answer")
  also=$((installed + upgraded - $#))
  printf 'apt-get installs %d %s' $# "$(plural $# package)"
  [ $also -le 0 ] || printf ' and %d that %s' $also "$([ $# -eq 1 ] && echo "it needs" || echo "they need")"
  [ "$upgraded" -eq 0 ] || printf ' (%d of all these are upgrades)' "$upgraded"
  # A download in part is "3 kB/33 MB", the rest of the whole.
  printf ': %s to download, %s on disk.\n' "${download%%/*}" "${disk:-nothing more}"
}

plural() {
  [ "$1" -eq 1 ] && echo "$2" || echo "$2s"
}

# install PACKAGE...
install() {
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

# Lists that are old name packages that are no longer there.
apt_install() {
  apt_quietly install --no-install-recommends "$@" && return
  update_lists && apt_quietly install --no-install-recommends "$@"
}

update_lists() {
  echo "Fetching apt's package lists." >&2
  apt_quietly update
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

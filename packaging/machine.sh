# shellcheck shell=bash disable=SC2154 # folder is the caller's
# Sourced by packaging/test: clean Debian machines with a running systemd, a client, and a real server, on one segment.
# All is removed with the processes that stop_machines ends.

machine_base=$PWD/artifacts/machine
# Names have the process, so that a later one can remove what a killed one has left.
id=$$
client=pk-$id-client web=pk-$id-web switch=pk-$id-switch
traffic_process='' echo_process=''
# By name: the process that runs the machine, and the first process in it.
declare -A nspawns leaders

# make_root: artifacts/machine, a minimal Debian with systemd and what the packages need, once.
make_root() {
  local packages=(systemd systemd-sysv dbus iproute2 procps nftables libbpf1 libssl3 libstdc++6 ca-certificates
    init-system-helpers ethtool tcpdump nginx-light bpftool openssh-server python3 python3-apt)
  [ ! -f "$machine_base/.complete" ] || return 0
  rm -rf --one-file-system "$machine_base"
  local mirror
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
    head -n 1 | tr -d ' ' || true)
  debootstrap --variant=minbase --include="$(IFS=, && echo "${packages[*]}")" bookworm "$machine_base" \
    ${mirror:+"$mirror"} >"$folder/debootstrap.log" 2>&1 || {
    tail "$folder/debootstrap.log" >&2
    return 1
  }
  # Not started by itself: it belongs to the lab.
  ln --force --symbolic /dev/null "$machine_base/etc/systemd/system/nginx.service"
  rm -rf "$machine_base"/var/cache/apt/archives/*.deb "$machine_base"/var/lib/apt/lists/*
  touch "$machine_base/.complete"
}

# remove_stale: what killed processes have left.
remove_stale() {
  local path process nspawn
  for path in artifacts/packages-test-* /run/netns/pk-* /run/pk-*; do
    process=${path#*packages-test-} process=${process#*pk-} process=${process%%-*}
    [[ -e $path && $process =~ ^[0-9]+$ ]] || continue
    ! kill -0 "$process" 2>/dev/null || continue
    for nspawn in $(pgrep --full "^systemd-nspawn .*--machine=pk-$process-"); do
      kill -KILL "$nspawn"
    done
    case $path in
    artifacts/*) rm -rf --one-file-system "$path" ;;
    /run/netns/*) ip netns delete "${path#/run/netns/}" ;;
    *)
      umount "$path" 2>/dev/null || true
      rmdir "$path"
      ;;
    esac
  done
}

# start_machine NAME ADDRESS: boots a copy of the root, in $folder/NAME, and connects it.
start_machine() {
  local name=$1 root=$folder/$1 bpf=/run/pk-$id-$1
  cp --archive "$machine_base" "$root"
  mkdir "$root/repository" "$root/packages"
  # Not below the repository, which the machine sees: it must find one bpffs only.
  mkdir "$bpf"
  mount -t bpf "pk-$id" "$bpf"
  # A new session: what ends this shell does not kill it halfway. It sees the repository, but not the programs built
  # there: those of the packages run.
  setsid systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --capability=all \
    --system-call-filter="bpf perf_event_open @mount @module" --bind="$bpf:/sys/fs/bpf" \
    --bind-ro="$PWD:/repository" --bind-ro="$(dirname "$(readlink -f "$(command -v dotnet)")"):/usr/share/dotnet" \
    --tmpfs=/repository/artifacts/bin/Sidestep.Daemon --tmpfs=/repository/artifacts/bin/Sidestep.Agent \
    --tmpfs=/repository/artifacts/bin/Sidestep.Cli --machine="pk-$id-$name" --hostname="$name" --directory="$root" \
    >"$folder/$name-console" 2>&1 </dev/null &
  nspawns[$name]=$!
  wait_until 60 boots "$name" || {
    cat "$folder/$name-console" >&2
    return 1
  }
  # A container has a boot id of its own, but not for services with ProtectProc (systemd issue 28059). A machine has
  # one for all.
  while on "$name" mountpoint --quiet /proc/sys/kernel/random/boot_id; do
    on "$name" umount /proc/sys/kernel/random/boot_id
  done
  join_segment "$name" "${leaders[$name]}" "$2"
  wait_until 30 has_addresses "$name"
}

boots() {
  leaders[$1]=$(pgrep --parent "${nspawns[$1]}" | head -n 1)
  [ -n "${leaders[$1]}" ] && on "$1" systemctl is-system-running 2>/dev/null | grep --quiet -E 'running|degraded'
}

# wait_until SECONDS COMMAND...
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# on NAME COMMAND...: runs it in a machine.
on() {
  local leader=${leaders[$1]}
  shift
  nsenter --target "$leader" --all env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"
}

# start_segment: the client 10.9.0.1, and the real server 10.9.0.11.
start_segment() {
  for name in "$client" "$web" "$switch"; do
    ip netns add "$name"
  done
  ip netns exec "$switch" ip link add bridge type bridge
  ip netns exec "$switch" ip link set bridge up
  join_segment client "$client" 10.9.0.1
  join_segment web "$web" 10.9.0.11
  ip netns exec "$client" ip route add 203.0.113.10 via 10.9.0.2
  ip netns exec "$web" sysctl --quiet --write net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  ip netns exec "$web" ip address add 203.0.113.10/32 dev lo
  ip netns exec "$web" perl packaging/echo.pl serve 203.0.113.10 7 &
  echo_process=$!
}

# has_addresses MACHINE: whether duplicate address detection has ended.
has_addresses() {
  ! on "$1" ip address show tentative | grep --quiet tentative
}

# join_segment NAME NAMESPACE ADDRESS: the namespace has a name, or is that of a process.
join_segment() {
  local enter=(nsenter --net="/run/netns/$2")
  [ -e "/run/netns/$2" ] || enter=(nsenter --target "$2" --net)
  ip netns exec "$switch" ip link add "$1" type veth peer name "pk$id"
  ip netns exec "$switch" ip link set "pk$id" netns "$2"
  ip netns exec "$switch" ip link set "$1" master bridge up
  ip netns exec "$switch" ethtool --offload "$1" tx off >/dev/null
  "${enter[@]}" ip link set "pk$id" name eth0
  "${enter[@]}" ip address add "$3/24" dev eth0
  "${enter[@]}" ip link set eth0 up
  "${enter[@]}" ip link set lo up
  "${enter[@]}" ethtool --offload eth0 tx off >/dev/null
}

# configure ENGINE: writes the configuration of the machine director.
configure() {
  local driver=generic
  [ "$1" = xdp ] || driver=af-packet
  cat >"$folder/director/etc/sidestep/sidestep.yaml" <<YAML
node: { name: edge1, engine: $1, interfaces: [ { name: eth0, driver: $driver } ] }
group: { hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873 }
networkProfiles: [ { name: near, dsrType: l2 } ]
pools: [ { name: web, servers: [ { name: web1, address: 10.9.0.11 } ] } ]
virtualServices:
  - { name: echo, vip: 203.0.113.10, protocol: udp, port: 7, pool: web, networkProfile: near }
YAML
}

# send: 200 datagrams a second to the VIP, until standard input ends; then how many were sent and lost, and the longest
# time without a reply.
send() {
  ip netns exec "$client" perl packaging/echo.pl send 203.0.113.10 7 200
}

# answers: whether all of a few datagrams were answered.
answers() {
  sleep 0.2 | send | grep --quiet "lost 0"
}

begin_traffic() {
  mkfifo "$folder/traffic-control"
  send <"$folder/traffic-control" >"$1" &
  traffic_process=$!
  exec 8>"$folder/traffic-control"
  rm "$folder/traffic-control"
  sleep 0.5
}

end_traffic() {
  sleep 0.5
  exec 8>&-
  wait "$traffic_process"
  traffic_process=
}

# exposure UNIT LIMIT: what systemd-analyze says about the sandbox, which must be below the limit.
exposure() {
  local level
  on director systemd-analyze security --no-pager "$1" >"$folder/exposure"
  level=$(sed -n 's/.*Overall exposure level.*: \([0-9.]*\).*/\1/p' "$folder/exposure")
  echo "$1: exposure level $level"
  awk "BEGIN { exit !($level < $2) }" || fail "the exposure level of $1: $(grep '✗' "$folder/exposure")"
}

# lab_on MACHINE ARGUMENT...: the lab of this repository in a machine, with the programs of the packages.
lab_on() {
  local name=$1
  shift
  on "$name" env SIDESTEP_LAB_PROGRAMS=packages DOTNET_ROOT=/usr/share/dotnet \
    /repository/artifacts/bin/Sidestep.Lab/release/sidestep-lab "$@"
}

stop_machines() {
  local name
  exec 8>&-
  [ -z "$traffic_process" ] || kill "$traffic_process" 2>/dev/null || true
  [ -z "$echo_process" ] || kill "$echo_process" 2>/dev/null || true
  for name in "${!nspawns[@]}"; do
    stop_machine "$name"
  done
  for name in "$client" "$web" "$switch"; do
    ip netns delete "$name" 2>/dev/null || true
  done
}

stop_machine() {
  kill "${nspawns[$1]}" 2>/dev/null || true
  wait_until 30 gone "$1" || kill -KILL "${nspawns[$1]}" 2>/dev/null || true
  umount "/run/pk-$id-$1" && rmdir "/run/pk-$id-$1"
}

gone() {
  ! kill -0 "${nspawns[$1]}" 2>/dev/null
}

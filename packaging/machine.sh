# shellcheck shell=bash disable=SC2154 # folder is the caller's
# Sourced by packaging/test: a clean Debian machine with a running systemd, a client, and a real server. All is removed
# with the processes that stop_machine ends.

machine_base=$PWD/artifacts/machine
id=$(printf '%04x' $((RANDOM * 2 % 65536)))
client=pk-$id-client web=pk-$id-web switch=pk-$id-switch
machine='' machine_process='' traffic_process=''

# make_root: artifacts/machine, a minimal Debian with systemd and what the packages need, once.
make_root() {
  local packages=(systemd systemd-sysv dbus iproute2 procps nftables libbpf1 libssl3 libstdc++6 ca-certificates
    init-system-helpers ethtool tcpdump nginx-light bpftool)
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

# start_machine FOLDER: boots a copy of the root, and connects it.
start_machine() {
  machine=$1/root
  cp --archive "$machine_base" "$machine"
  mkdir "$machine/repository"
  # Not below the repository, which the machine sees: it must find one bpffs only.
  mkdir "/run/pk-$id"
  mount -t bpf "pk-$id" "/run/pk-$id"
  for name in "$client" "$web" "$switch"; do
    ip netns add "$name"
  done
  # A new session: what ends this shell does not kill it halfway. It sees the repository, but not the programs built
  # there: those of the packages run.
  setsid systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --capability=all \
    --system-call-filter="bpf perf_event_open @mount @module" --bind="/run/pk-$id:/sys/fs/bpf" \
    --bind-ro="$PWD:/repository" --bind-ro="$(dirname "$(readlink -f "$(command -v dotnet)")"):/usr/share/dotnet" \
    --tmpfs=/repository/artifacts/bin/Sidestep.Daemon --tmpfs=/repository/artifacts/bin/Sidestep.Agent \
    --tmpfs=/repository/artifacts/bin/Sidestep.Cli --directory="$machine" >"$1/console" 2>&1 </dev/null &
  nspawn=$!
  wait_until 60 boots || {
    cat "$1/console" >&2
    return 1
  }
  # A container has a boot id of its own, but not in the mount namespaces of its services. A machine has one.
  while inside mountpoint --quiet /proc/sys/kernel/random/boot_id; do
    inside umount /proc/sys/kernel/random/boot_id
  done
  connect
}

boots() {
  machine_process=$(pgrep --parent "$nspawn" | head -n 1)
  [ -n "$machine_process" ] && inside systemctl is-system-running 2>/dev/null | grep --quiet -E 'running|degraded'
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

# inside COMMAND...: runs it in the machine.
inside() {
  nsenter --target "$machine_process" --all env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 "$@"
}

connect() {
  ip netns exec "$switch" ip link add bridge type bridge
  ip netns exec "$switch" ip link set bridge up
  join_segment client "netns $client" 10.9.0.1
  join_segment web "netns $web" 10.9.0.11
  join_segment machine "netns $machine_process" 10.9.0.2
  ip netns exec "$client" ip route add 203.0.113.10 via 10.9.0.2
  ip netns exec "$web" sysctl --quiet --write net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  ip netns exec "$web" ip address add 203.0.113.10/32 dev lo
  ip netns exec "$web" perl packaging/echo.pl serve 203.0.113.10 7 &
  echo_process=$!
  wait_until 30 has_addresses
}

# has_addresses: whether duplicate address detection has ended.
has_addresses() {
  ! inside ip address show tentative | grep --quiet tentative
}

# join_segment NAME NAMESPACE ADDRESS
join_segment() {
  local enter=(nsenter --net="/run/netns/${2#netns }")
  [[ $2 != *"$machine_process" ]] || enter=(nsenter --target "$machine_process" --net)
  ip netns exec "$switch" ip link add "$1" type veth peer name "pk$id"
  # shellcheck disable=SC2086 # two words
  ip netns exec "$switch" ip link set "pk$id" $2
  ip netns exec "$switch" ip link set "$1" master bridge up
  ip netns exec "$switch" ethtool --offload "$1" tx off >/dev/null
  "${enter[@]}" ip link set "pk$id" name eth0
  "${enter[@]}" ip address add "$3/24" dev eth0
  "${enter[@]}" ip link set eth0 up
  "${enter[@]}" ip link set lo up
  "${enter[@]}" ethtool --offload eth0 tx off >/dev/null
}

# configure ENGINE: writes the director's configuration.
configure() {
  local driver=generic
  [ "$1" = xdp ] || driver=af-packet
  cat >"$machine/etc/sidestep/sidestep.yaml" <<YAML
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
  level=$(inside systemd-analyze security --no-pager "$1" | sed -n 's/.*Overall exposure level.*: \([0-9.]*\).*/\1/p')
  echo "$1: exposure level $level"
  awk "BEGIN { exit !($level < $2) }" || fail "the exposure level of $1 is $level: $(inside systemd-analyze security \
    --no-pager "$1" | grep '✗')"
}

# lab_inside ARGUMENT...: the lab of this repository in the machine, with the programs of the packages.
lab_inside() {
  inside env SIDESTEP_LAB_PROGRAMS=packages DOTNET_ROOT=/usr/share/dotnet \
    /repository/artifacts/bin/Sidestep.Lab/release/sidestep-lab "$@"
}

stop_machine() {
  local name
  exec 8>&-
  [ -z "$traffic_process" ] || kill "$traffic_process" 2>/dev/null || true
  [ -z "${echo_process:-}" ] || kill "$echo_process" 2>/dev/null || true
  if [ -n "${nspawn:-}" ]; then
    kill "$nspawn" 2>/dev/null || true
    wait_until 30 gone || kill -KILL "$nspawn" 2>/dev/null || true
  fi
  for name in "$client" "$web" "$switch"; do
    ip netns delete "$name" 2>/dev/null || true
  done
  umount "/run/pk-$id" 2>/dev/null && rmdir "/run/pk-$id"
  return 0
}

gone() {
  ! kill -0 "$nspawn" 2>/dev/null
}

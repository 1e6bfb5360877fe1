#!/usr/bin/env bash
# BIRD 2.0 forgets routes that it has learned when net.ipv4.nexthop_compat_mode is switched off
#
# Version:   bird2 2.0.12-7 (Debian 12); Linux 6.18.44
# Manual:    BIRD's kernel protocol, option "learn": learns "routes added to the kernel routing tables by other routing
#            daemons or by the system administrator".
# Behaviour: with nexthop_compat_mode=1, the default, the kernel adds gateway and interface to every route that refers
#            to a nexthop object, and BIRD learns it. With 0, which suits daemons that use nexthop objects themselves,
#            the kernel sends only the number of the object. At its next scan BIRD then drops the routes that it has
#            learned already, and so withdraws them wherever it announces them. The kernel's table did not change.
# Seen:      nexthop_compat_mode=1: BIRD has 192.0.2.0/24 (plain) and 203.0.113.0/24 (nexthop object)
#            nexthop_compat_mode=0: BIRD has 192.0.2.0/24; log: KRT: Received route 203.0.113.0/24 with unknown ifindex
#                                   4294967295. The kernel has both.
#
# Exit code: 0 as described, 1 the behaviour changed, 2 it could not be tried. Needs root and Debian 12.
set -euo pipefail

package=bird2=2.0.12-7
work=$(mktemp -d)
netns=finding-bird-$$
daemon=
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
  ip netns delete "$netns" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

give_up() {
  echo "not tried: $1" >&2
  exit 2
}

# The package and what it needs and this machine lacks, unpacked into a folder and not installed.
mkdir -p "$work/archives/partial"
apt-get install --quiet=2 --yes --download-only --reinstall --allow-downgrades --no-install-recommends \
  -o "Dir::Cache::archives=$work/archives" -o APT::Sandbox::User=root "$package" >/dev/null ||
  give_up "no package $package"
for archive in "$work"/archives/*.deb; do
  dpkg --extract "$archive" "$work/root"
done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu

ip netns add "$netns" || give_up "no network namespace"
ip -n "$netns" link add near type veth peer name far || give_up "no veth pair"
ip -n "$netns" address add 198.51.100.1/24 dev near
ip -n "$netns" link set near up
ip -n "$netns" link set far up
ip netns exec "$netns" sysctl -qw net.ipv4.nexthop_compat_mode=1 || give_up "the kernel has no nexthop objects"
ip -n "$netns" route add 192.0.2.0/24 via 198.51.100.9
ip -n "$netns" nexthop add id 7 via 198.51.100.9 dev near
ip -n "$netns" route add 203.0.113.0/24 nhid 7

cat >"$work/bird.conf" <<'CONF'
log stderr all;
router id 198.51.100.1;
protocol device { scan time 1; }
protocol kernel { learn; scan time 1; ipv4 { import all; export none; }; }
CONF
ip netns exec "$netns" "$work/root/usr/sbin/bird" -f -c "$work/bird.conf" -s "$work/control" 2>"$work/log" &
daemon=$!

# routes_of bird|kernel: their prefixes, in one line.
routes_of() {
  case $1 in
  bird) "$work/root/usr/sbin/birdc" -s "$work/control" show route 2>/dev/null ;;
  kernel) ip -n "$netns" route ;;
  esac | grep -oE '^(192|203)[.0-9/]+' | xargs
}

changed=0
# expect WHOSE EXPECTED: waits until its output is as expected, for 10 seconds at most.
expect() {
  local seen
  for _ in $(seq 100); do
    seen=$(routes_of "$1" || true)
    [ "$seen" != "$2" ] || break
    sleep 0.1
  done
  echo "routes of $1: $seen"
  [ "$seen" = "$2" ] || changed=1
}

expect bird "192.0.2.0/24 203.0.113.0/24"
echo "nexthop_compat_mode=0"
ip netns exec "$netns" sysctl -qw net.ipv4.nexthop_compat_mode=0
expect bird "192.0.2.0/24"
expect kernel "192.0.2.0/24 203.0.113.0/24"
grep --max-count 1 --only-matching 'KRT:.*' "$work/log" || changed=1
exit $changed

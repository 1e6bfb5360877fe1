#!/usr/bin/env bash
# Linux deletes IPv4 routes with their nexthop object, or with the interface's address, and sends no route notification
#
# Version:   Linux 6.18.44; iproute2 6.1.0-3 (Debian 12), which only shows what the kernel sends
# Manual:    ip-sysctl, nexthop_compat_mode, default 1: "updates or deletes of a nexthop configuration generate route
#            notifications for each fib entry using the nexthop". ip-monitor(8): "the state of devices, addresses and
#            routes".
# Behaviour: an update of a nexthop object sends a notification per IPv4 route. Its deletion deletes all IPv4 routes
#            that use it, and sends none; IPv6 sends one per route. Likewise, the deletion of an interface's last IPv4
#            address deletes the static routes through its subnet, in every table, and sends notifications only of the
#            routes that the kernel made itself (connected, local, broadcast). A program that follows notifications
#            keeps routes that the kernel no longer has.
# Seen:      nexthop replaced:     3 notifications of IPv4 routes
#            nexthop deleted:      0 notifications of IPv4 routes, 3 routes gone
#            nexthop deleted:      3 notifications of IPv6 routes, 3 routes gone
#            address deleted:      3 notifications of the kernel's routes, 0 of static ones, 2 static routes gone
#
# Exit code: 0 as described, 1 the behaviour changed, 2 it could not be tried. Needs root and Debian 12.
set -euo pipefail

package=iproute2=6.1.0-3
work=$(mktemp -d)
netns=finding-routes-$$
monitor=
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  [ -z "$monitor" ] || kill "$monitor" 2>/dev/null || true
  ip netns delete "$netns" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

give_up() {
  echo "not tried: $1" >&2
  exit 2
}

(cd "$work" && apt-get download --quiet=2 -o APT::Sandbox::User=root "$package" >/dev/null) ||
  give_up "no package $package"
dpkg --extract "$work"/*.deb "$work/root"
in_netns() { "$work/root/bin/ip" -n "$netns" "$@"; }

ip netns add "$netns" || give_up "no network namespace"
in_netns link add near type veth peer name far || give_up "no veth pair"
in_netns link set near up
in_netns link set far up
in_netns address add 198.51.100.1/24 dev near
in_netns address add 2001:db8::1/64 dev near nodad
[ "$(ip netns exec "$netns" sysctl -n net.ipv4.nexthop_compat_mode)" = 1 ] || give_up "nexthop_compat_mode is not 1"

in_netns nexthop add id 4 via 198.51.100.9 dev near || give_up "the kernel has no nexthop objects"
in_netns nexthop add id 6 via 2001:db8::9 dev near
for i in 1 2 3; do
  in_netns route add "192.0.2.$i" nhid 4
  in_netns -6 route add "2001:db8:$i::/48" nhid 6
done
in_netns route add 203.0.113.1 via 198.51.100.9
in_netns route add 203.0.113.2 via 198.51.100.9 table 100

in_netns monitor route >"$work/seen" &
monitor=$!

# A route of its own ends a step: once the monitor shows it, the monitor has shown everything before it.
steps=0
# end_step: writes what the monitor showed since the last step to $work/step.
end_step() {
  steps=$((steps + 1))
  for _ in $(seq 100); do
    in_netns route replace blackhole "233.252.0.$steps"
    ! grep --quiet "^blackhole 233[.]252[.]0[.]$steps " "$work/seen" || break
    sleep 0.1
  done
  grep --quiet "^blackhole 233[.]252[.]0[.]$steps " "$work/seen" || give_up "the monitor shows nothing"
  awk -v "from=233.252.0.$((steps - 1))" -v "to=233.252.0.$steps" \
    '$2 == to { exit } seen || from ~ /[.]0$/ { print } $2 == from { seen = 1 }' "$work/seen" >"$work/step"
}
notifications() { grep --count --extended-regexp "$1" "$work/step" || true; }
routes() { in_netns "$1" route show table all | grep --count --extended-regexp "$2" || true; }

changed=0
# expect WHAT EXPECTED SEEN
expect() {
  echo "$1: $3"
  [ "$2" = "$3" ] || changed=1
}

end_step # the monitor has started
in_netns nexthop replace id 4 via 198.51.100.8 dev near
end_step
expect "nexthop replaced, notifications of IPv4 routes" 3 "$(notifications '^192[.]0[.]2')"

in_netns nexthop delete id 4
end_step
expect "nexthop deleted, notifications of IPv4 routes" 0 "$(notifications '192[.]0[.]2')"
expect "nexthop deleted, IPv4 routes that are left" 0 "$(routes -4 '^192[.]0[.]2')"

in_netns nexthop delete id 6
end_step
expect "nexthop deleted, notifications of IPv6 routes" 3 "$(notifications '^Deleted 2001:db8:[123]::/48')"
expect "nexthop deleted, IPv6 routes that are left" 0 "$(routes -6 '^2001:db8:[123]::/48')"

in_netns address delete 198.51.100.1/24 dev near
end_step
expect "address deleted, notifications of the kernel's routes" 3 "$(notifications '^Deleted .*198[.]51[.]100')"
expect "address deleted, notifications of static routes" 0 "$(notifications '203[.]0[.]113')"
expect "address deleted, static routes that are left" 0 "$(routes -4 '^203[.]0[.]113')"
exit $changed

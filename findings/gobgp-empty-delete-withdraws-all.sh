#!/usr/bin/env bash
# GoBGP: a DeletePath request without a path withdraws every path of every family, and succeeds
#
# Version:   gobgpd 3.10.0-1+b4 (Debian 12)
# Behaviour: DeletePath of the gRPC API names what it withdraws by `path` or by `uuid`. A request that has neither, such
#            as one whose fields a client left at their defaults, withdraws all paths that were added locally, of IPv4
#            and IPv6, and returns status 0. The withdrawal of a prefix that is not in the table returns status 0, too.
#            So the result of a DeletePath says nothing about what was withdrawn.
# Seen:      paths before                     2 of IPv4, 1 of IPv6
#            withdrawal of an absent prefix   exit 0, paths: 2 of IPv4, 1 of IPv6
#            DeletePath, empty request        grpc-status: 0, paths: 0 of IPv4, 0 of IPv6
#
# Exit code: 0 as described, 1 the behaviour changed, 2 it could not be tried. Needs root, Debian 12 and curl.
set -euo pipefail

package=gobgpd=3.10.0-1+b4
work=$(mktemp -d)
netns=finding-gobgp-$$
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

(cd "$work" && apt-get download --quiet=2 -o APT::Sandbox::User=root "$package" >/dev/null) ||
  give_up "no package $package"
dpkg --extract "$work"/*.deb "$work/root"
command -v curl >/dev/null || give_up "no curl"

ip netns add "$netns" || give_up "no network namespace"
ip -n "$netns" link set lo up
cat >"$work/gobgpd.toml" <<'CONF'
[global.config]
  as = 65000
  router-id = "192.0.2.1"
  port = -1
CONF
ip netns exec "$netns" "$work/root/usr/bin/gobgpd" --config-file "$work/gobgpd.toml" >"$work/log" 2>&1 &
daemon=$!

gobgp() { ip netns exec "$netns" "$work/root/usr/bin/gobgp" "$@"; }
paths() { echo "$(gobgp global rib -a ipv4 | grep -c '^\*>') $(gobgp global rib -a ipv6 | grep -c '^\*>')" || true; }

for _ in $(seq 100); do
  ! gobgp global >/dev/null 2>&1 || break
  sleep 0.1
done
gobgp global rib add 192.0.2.0/24 || give_up "gobgpd does not run: $(tail -n 1 "$work/log")"
gobgp global rib add 198.51.100.0/24
gobgp global rib -a ipv6 add 2001:db8::/32

changed=0
# expect WHAT EXPECTED SEEN
expect() {
  echo "$1: $3"
  [ "$2" = "$3" ] || changed=1
}

expect "paths of IPv4 and IPv6 before" "2 1" "$(paths)"
code=0
gobgp global rib del 203.0.113.0/24 || code=$?
expect "withdrawal of an absent prefix, exit code" 0 "$code"
expect "paths after it" "2 1" "$(paths)"

# gRPC: a byte that says "not compressed", and the length of the message, which is 0.
printf '\0\0\0\0\0' >"$work/request"
ip netns exec "$netns" curl --silent --max-time 10 --http2-prior-knowledge --header "content-type: application/grpc" \
  --header "te: trailers" --data-binary "@$work/request" --dump-header "$work/headers" --output "$work/reply" \
  http://127.0.0.1:50051/apipb.GobgpApi/DeletePath || give_up "no answer to the request"
expect "DeletePath with an empty request" "grpc-status: 0" "$(tr -d '\r' <"$work/headers" | grep '^grpc-status')"
expect "paths after it" "0 0" "$(paths)"
exit $changed

#!/usr/bin/env bash
# keepalived's exit codes of a configuration test are one higher than its manual says
#
# Version:   keepalived 1:2.2.7-1+b2 (Debian 12)
# Manual:    keepalived(8), "Exit status": 4 "if running with --config-test and there are configuration errors but
#            keepalived will run after modifying the configuration"; 5 "if running with --config-test and script
#            security hasn't been enabled but scripts are configured".
# Behaviour: such errors exit with 5, and missing script security with 6. A deployment that tolerates 5, which the
#            manual gives to missing script security, accepts configurations with errors. A file that does not exist
#            passes with 0.
# Seen:      plain configuration            exit 0
#            advert_int 0.1 in version 2    exit 5   (V1) VRRPv2 advertisement interval 0.100000s must be an integer.
#                                                    rounding
#            a script, no script security   exit 6   SECURITY VIOLATION - scripts are being executed but script_security
#                                                    not enabled.
#            a file that does not exist     exit 0   Config files missing '…'.
#
# Exit code: 0 as described, 1 the behaviour changed, 2 it could not be tried. Needs root and Debian 12.
set -euo pipefail

package=keepalived=1:2.2.7-1+b2
work=$(mktemp -d)
netns=finding-keepalived-$$
# shellcheck disable=SC2317 # called by the trap
clean_up() {
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
ip -n "$netns" link add vrrp0 type veth peer name vrrp1 || give_up "no veth pair"
ip -n "$netns" address add 198.51.100.1/24 dev vrrp0
ip -n "$netns" link set vrrp0 up
ip -n "$netns" link set vrrp1 up

# configuration ADVERT_INT [SCRIPT]
configuration() {
  if [ -n "${2:-}" ]; then
    printf 'vrrp_script check {\n  script "%s"\n  user root\n}\n' "$2"
  fi
  cat <<-CONF
	vrrp_instance V1 {
	  interface vrrp0
	  virtual_router_id 51
	  priority 100
	  advert_int $1
	  ${2:+track_script { check \}}
	  virtual_ipaddress { 192.0.2.10/32 }
	}
	CONF
}
configuration 1 >"$work/plain.conf"
configuration 0.1 >"$work/rounded.conf"
configuration 1 /bin/true >"$work/script.conf"

changed=0
# expect CODE FILE WHAT
expect() {
  local code=0
  ip netns exec "$netns" "$work/root/usr/sbin/keepalived" --config-test --use-file "$work/$2" || code=$?
  echo "$3: exit $code"
  [ "$code" -eq "$1" ] || changed=1
}

expect 0 plain.conf "plain configuration"
expect 5 rounded.conf "advert_int 0.1 in version 2, which keepalived rounds"
expect 6 script.conf "a script, no script security"
expect 0 missing.conf "a file that does not exist"
exit $changed

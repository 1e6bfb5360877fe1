#!/usr/bin/env bash
# bpf_fib_lookup ignores the MTU of a route that the kernel's own forwarding obeys
#
# Version:   Linux 6.18.44; iproute2 6.1.0-3 (Debian 12) sets it up
# Manual:    bpf-helpers(7), bpf_fib_lookup: "If lookup fails with BPF_FIB_LKUP_RET_FRAG_NEEDED, then the MTU was
#            exceeded and output params->mtu_result contains the MTU". ip-route(8) distinguishes "mtu" from "mtu lock"
#            only by whether path MTU discovery may change the value.
# Behaviour: over a route with "mtu 1300" on a link with MTU 1500, the kernel answers a datagram of 1400 bytes with DF
#            by an ICMP error that says 1300. bpf_fib_lookup says of the same datagram that it may be forwarded, and
#            that the MTU is 1500. It uses the route's MTU only with "mtu lock 1300" or
#            net.ipv4.ip_forward_use_pmtu=1. So an XDP program that forwards by this helper sends packets for which the
#            kernel would have sent the error.
# Seen:      route mtu 1300,      the kernel forwards:  the client learns an MTU of 1300
#            route mtu 1300,      bpf_fib_lookup:       result 0 (success), MTU 1500
#            route mtu lock 1300, bpf_fib_lookup:       result 8 (fragmentation needed), MTU 1300
#            route mtu 1300, ip_forward_use_pmtu=1:     result 8 (fragmentation needed), MTU 1300
#
# Exit code: 0 as described, 1 the behaviour changed, 2 it could not be tried. Needs root, Debian 12 and Python 3.
set -euo pipefail

package=iproute2=6.1.0-3
work=$(mktemp -d)
client=finding-client-$$ router=finding-router-$$ server=finding-server-$$
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  local netns
  for netns in "$client" "$router" "$server"; do
    ip netns delete "$netns" 2>/dev/null || true
  done
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
in_netns() { "$work/root/bin/ip" -n "$@"; }

for netns in "$client" "$router" "$server"; do
  ip netns add "$netns" || give_up "no network namespace"
done
in_netns "$router" link add in0 type veth peer name client0 netns "$client" || give_up "no veth pair"
in_netns "$router" link add out0 type veth peer name server0 netns "$server"
in_netns "$client" address add 192.0.2.2/24 dev client0
in_netns "$router" address add 192.0.2.1/24 dev in0
in_netns "$router" address add 198.51.100.1/24 dev out0
in_netns "$server" address add 198.51.100.2/24 dev server0
in_netns "$client" link set client0 up
in_netns "$router" link set in0 up
in_netns "$router" link set out0 up
in_netns "$server" link set server0 up
in_netns "$client" route add default via 192.0.2.1
ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.ip_forward_use_pmtu=0
# So that the look-up finds the next hop's Ethernet address.
in_netns "$router" neighbour replace 198.51.100.2 lladdr 02:00:00:00:00:02 dev out0 nud permanent

# The MTU that a client learns from ICMP: it sends datagrams of 1400 bytes with DF.
cat >"$work/learn.py" <<'PYTHON'
import socket, time

IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_MTU = 10, 2, 14
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
s.connect(("203.0.113.1", 9))
for _ in range(20):
    try:
        s.send(bytes(1400 - 28))
    except OSError:
        pass
    time.sleep(0.05)
    if s.getsockopt(socket.IPPROTO_IP, IP_MTU) != 1500:
        break
print(s.getsockopt(socket.IPPROTO_IP, IP_MTU))
PYTHON

# bpf_fib_lookup for the same datagram, by an XDP program that the kernel runs once: it prints the result and the MTU.
cat >"$work/lookup.py" <<'PYTHON'
import ctypes, os, platform, socket, struct

libc = ctypes.CDLL(None, use_errno=True)
call = {"x86_64": 321, "aarch64": 280}[platform.machine()]

def bpf(command, attributes):
    size = len(attributes)
    memory = ctypes.create_string_buffer(attributes, size)
    result = libc.syscall(call, command, memory, size)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result, memory.raw

def instruction(code, destination=0, source=0, offset=0, value=0):
    return struct.pack("<BBhi", code, destination | source << 4, offset, value)

def address(text):
    return struct.unpack("<i", socket.inet_aton(text))[0]

base = -64  # struct bpf_fib_lookup on the stack
program = b"".join(instruction(0x7A, 10, 0, base + 8 * i) for i in range(8)) + b"".join((
    instruction(0x72, 10, 0, base, socket.AF_INET),
    instruction(0x6A, 10, 0, base + 6, 1400),  # tot_len
    instruction(0x62, 10, 0, base + 8, socket.if_nametoindex("in0")),
    instruction(0x62, 10, 0, base + 16, address("192.0.2.2")),
    instruction(0x62, 10, 0, base + 32, address("203.0.113.1")),
    instruction(0xBF, 2, 10),
    instruction(0x07, 2, 0, 0, base),
    instruction(0xB7, 3, 0, 0, 64),
    instruction(0xB7, 4, 0, 0, 0),
    instruction(0x85, 0, 0, 0, 69),  # bpf_fib_lookup
    instruction(0x69, 1, 10, base + 6),  # mtu_result
    instruction(0x67, 0, 0, 0, 16),
    instruction(0x4F, 0, 1),
    instruction(0x95),
))
code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
descriptor, _ = bpf(5, struct.pack("<IIQQIIQII", 6, len(program) // 8, ctypes.addressof(code),
                                   ctypes.addressof(licence), 0, 0, 0, 0, 0))
frame = ctypes.create_string_buffer(64)
_, out = bpf(10, struct.pack("<IIIIQQII", descriptor, 0, 64, 0, ctypes.addressof(frame), 0, 1, 0))
value = struct.unpack_from("<I", out, 4)[0]
print(value >> 16, value & 0xFFFF)
os.close(descriptor)
PYTHON

changed=0
# expect WHAT EXPECTED SEEN
expect() {
  echo "$1: $3"
  [ "$2" = "$3" ] || changed=1
}
lookup() { ip netns exec "$router" python3 "$work/lookup.py" || echo failed; }

in_netns "$router" route replace 203.0.113.0/24 via 198.51.100.2 mtu 1300
expect "mtu 1300, MTU that the client learns" 1300 "$(ip netns exec "$client" python3 "$work/learn.py")"
expect "mtu 1300, result and MTU of bpf_fib_lookup" "0 1500" "$(lookup)"
in_netns "$router" route replace 203.0.113.0/24 via 198.51.100.2 mtu lock 1300
expect "mtu lock 1300, result and MTU of bpf_fib_lookup" "8 1300" "$(lookup)"
in_netns "$router" route replace 203.0.113.0/24 via 198.51.100.2 mtu 1300
ip netns exec "$router" sysctl -qw net.ipv4.ip_forward_use_pmtu=1
expect "ip_forward_use_pmtu=1, result and MTU of bpf_fib_lookup" "8 1300" "$(lookup)"
exit $changed

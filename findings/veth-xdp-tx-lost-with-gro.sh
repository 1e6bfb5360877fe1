#!/usr/bin/env bash
# Linux, veth: frames of XDP_TX are counted as sent and never arrive when the far end has GRO alone
#
# Version:   Linux 6.18.44; iproute2 6.1.0-3 and ethtool 1:6.1-1 (Debian 12) set it up
# Expected:  since Linux 5.13, GRO gives a veth interface NAPI of its own, as an XDP program does, and bpf_redirect to a
#            veth interface no longer needs an XDP program at the far end. XDP_TX looks like the same operation.
# Behaviour: a native program at one end returns XDP_TX for each frame. With nothing at the far end, no frame arrives,
#            and each is counted as an error. With GRO alone no frame arrives either, but each is counted as sent, until
#            256 lie in a ring that nothing reads. With a program at the far end that passes everything, all arrive.
# Seen:      of 300 frames          arrived   rx_queue_0_xdp_tx   rx_queue_0_xdp_tx_errors
#            far end: nothing            0                   0                        300
#            far end: GRO                0                 256                         44
#            far end: XDP program      300                 300                          0
#
# Exit code: 0 as described, 1 the behaviour changed, 2 it could not be tried. Needs root, Debian 12 and Python 3.
set -euo pipefail

packages=(iproute2=6.1.0-3 ethtool=1:6.1-1)
work=$(mktemp -d)
sender=finding-sender-$$ reflector=finding-reflector-$$
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  ip netns delete "$sender" 2>/dev/null || true
  ip netns delete "$reflector" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

give_up() {
  echo "not tried: $1" >&2
  exit 2
}

mkdir -p "$work/archives/partial"
apt-get install --quiet=2 --yes --download-only --reinstall --allow-downgrades --no-install-recommends \
  -o "Dir::Cache::archives=$work/archives" -o APT::Sandbox::User=root "${packages[@]}" >/dev/null ||
  give_up "no packages ${packages[*]}"
for archive in "$work"/archives/*.deb; do
  dpkg --extract "$archive" "$work/root"
done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu:$work/root/lib/x86_64-linux-gnu
ip_in() { "$work/root/bin/ip" -n "$@"; }
ethtool_in() { ip netns exec "$1" "$work/root/sbin/ethtool" "${@:2}"; }

# hold.py INTERFACE ACTION: a native program that returns ACTION, attached until standard input ends.
cat >"$work/hold.py" <<'PYTHON'
import ctypes, platform, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
call = {"x86_64": 321, "aarch64": 280}[platform.machine()]

def bpf(command, attributes):
    memory = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(call, command, memory, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result

code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xB7, 0, 0, int(sys.argv[2]), 0x95, 0, 0, 0))
licence = ctypes.create_string_buffer(b"GPL")
program = bpf(5, struct.pack("<IIQQIIQII", 6, 2, ctypes.addressof(code), ctypes.addressof(licence), 0, 0, 0, 0, 0))
link = bpf(28, struct.pack("<IIII", program, socket.if_nametoindex(sys.argv[1]), 37, 1 << 2))  # XDP, native
print("attached", flush=True)
sys.stdin.read()
PYTHON

# send.py INTERFACE: sends 300 frames and prints how many come back within a second.
cat >"$work/send.py" <<'PYTHON'
import socket, sys, time

s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE: room for all frames
s.bind((sys.argv[1], 0x88B5))
for _ in range(300):
    s.send(bytes.fromhex("020000000002" "020000000001" "88b5") + bytes(46))
back, end = 0, time.monotonic() + 1
while (left := end - time.monotonic()) > 0:
    s.settimeout(left)
    try:
        back += s.recvfrom(2048)[1][2] != socket.PACKET_OUTGOING
    except TimeoutError:
        break
print(back)
PYTHON

counter() { ethtool_in "$reflector" -S back | sed -n "s/^ *$1: //p"; }

# hold NETNS INTERFACE ACTION: attaches a program, until descriptor 7 is closed.
hold() {
  ip netns exec "$1" python3 "$work/hold.py" "$2" "$3" <"$work/hold" >"$work/attached" 7>&- &
  for _ in $(seq 100); do
    ! grep --quiet attached "$work/attached" 2>/dev/null || break
    sleep 0.1
  done
  grep --quiet attached "$work/attached" || give_up "the program cannot be attached"
  rm "$work/attached"
}

# run nothing|gro|program: prints the frames that arrived, those counted as sent, and the errors.
run() {
  local gro=off netns
  [ "$1" != gro ] || gro=on
  for netns in "$sender" "$reflector"; do
    ip netns add "$netns" || give_up "no network namespace"
    # No other frames than those that are counted.
    ip netns exec "$netns" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
  done
  ip_in "$sender" link add far type veth peer name back netns "$reflector" || give_up "no veth pair"
  ethtool_in "$sender" -K far gro $gro >/dev/null
  ip_in "$sender" link set far up
  ip_in "$reflector" link set back up
  exec 7<>"$work/hold"
  hold "$reflector" back 3 # XDP_TX
  [ "$1" != program ] || hold "$sender" far 2 # XDP_PASS
  echo "$(ip netns exec "$sender" python3 "$work/send.py" far) $(counter rx_queue_0_xdp_tx)" \
    "$(counter rx_queue_0_xdp_tx_errors)"
  exec 7>&-
  wait
  ip netns delete "$sender"
  ip netns delete "$reflector"
}

changed=0
# expect FAR_END FIGURES
expect() {
  local seen
  seen=$(run "$1")
  echo "far end: $1: arrived, sent, errors: $seen"
  [ "$seen" = "$2" ] || changed=1
}

mkfifo "$work/hold"
expect nothing "0 0 300"
expect gro "0 256 44"
expect program "300 300 0"
exit $changed

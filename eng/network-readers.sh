#!/usr/bin/env bash
# Fetches programs that read the files of network managers, into artifacts/network-readers: the tests have them read
# what sidestep-agent writes. They are unpacked and not installed, because some would take a machine's network into
# their hands.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. eng/packages.sh

folder=artifacts/network-readers
packages=(netplan.io libnetplan0 ifupdown network-manager libnm0)
[ ! -f "$folder/.complete" ] || exit 0
rm -rf "$folder"
mkdir -p "$folder/packages"
fetch() { (cd "$folder/packages" && apt_quietly download "${packages[@]}"); }
fetch || { echo "Fetching the package lists first." >&2 && apt_quietly update && fetch; } ||
  die "cannot be downloaded: ${packages[*]}"
for package in "$folder"/packages/*.deb; do
  dpkg -x "$package" "$folder"
done
rm -rf "$folder/packages"
touch "$folder/.complete"

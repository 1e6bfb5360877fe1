#!/usr/bin/env bash
# Builds a director whose tables have another layout, for the lab's upgrades: these sources, with another LAYOUT_VERSION, in
# artifacts/other-layout. By that number alone a version knows that it cannot adopt what another one has pinned.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. eng/packages.sh
. eng/build.sh

tree=artifacts/other-layout
header=src/bpf/tables.h
constants=src/Sidestep.Engine.Xdp/Layout/Constants.cs

# raise FILE BEFORE: by 1000, the one number that follows BEFORE in the copy of a file. The copy keeps the original's time, so
# that only what changed is compiled anew.
raise() {
  local file=$1 before=$2 number
  number=$(sed -nE "s/.*$before([0-9]+).*/\1/p" "$file")
  [[ $number =~ ^[0-9]+$ ]] || die "$file has not one number after '$before': this script has to learn where the layout's version is"
  sed -E "s/($before)$number/\1$((number + 1000))/" "$file" >"$tree/$file.new"
  touch --reference="$file" "$tree/$file.new"
  mv "$tree/$file.new" "$tree/$file"
}

need_dotnet
alone
# A file that is gone from the sources must not be compiled on.
rm -rf "$tree/src" "$tree/eng"
mkdir -p "$tree"
find src eng -type f ! -path '*/obj/*' ! -path '*/bin/*' -print0 | xargs --null cp --parents --preserve=timestamps --target-directory="$tree"
cp --preserve=timestamps ./*.props global.json .editorconfig "$tree/"
raise $header '#define LAYOUT_VERSION[[:space:]]+'
raise $constants 'LayoutVersion = '
cd "$tree"
for project in src/Sidestep.Daemon src/Sidestep.Cli; do
  build "$project" >&2 || die "the build of $project with another layout failed"
done

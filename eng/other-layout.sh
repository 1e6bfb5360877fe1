#!/usr/bin/env bash
# Builds a director whose tables have another layout, for the lab's upgrades: what is built of these sources, with the
# part that has the tables compiled anew with another LAYOUT_VERSION, in artifacts/other-layout. By that number alone a
# version knows that it cannot adopt what another one has pinned.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. eng/packages.sh
. eng/build.sh

tree=artifacts/other-layout
changed=Sidestep.Engine.Xdp
header=src/bpf/tables.h
constants=src/$changed/Layout/Constants.cs

# raise FILE BEFORE: by 1000, the one number that follows BEFORE in the copy of a file.
raise() {
  local file=$1 before=$2 number
  number=$(sed -nE "s/.*$before([0-9]+).*/\1/p" "$file")
  [[ $number =~ ^[0-9]+$ ]] ||
    die "$file has not one number after '$before': this script has to learn where the layout's version is"
  sed -i -E "s/($before)$number/\1$((number + 1000))/" "$tree/$file"
}

! is_built other-layout || exit 0
need_dotnet
alone
begin_build other-layout
[[ -x artifacts/bin/Sidestep.Daemon/release/sidestepd && -x artifacts/bin/Sidestep.Cli/release/sidestep ]] ||
  die "build first: ./test Unit"
rm -rf "$tree"
mkdir -p "$tree"
find src eng -type f ! -path '*/obj/*' ! -path '*/bin/*' -print0 | xargs --null cp --parents --target-directory="$tree"
cp ./*.props global.json .editorconfig "$tree/"
# All that does not know the number (it is internal to the one that does) is the same, and is not compiled again.
for project in src/Sidestep.*; do
  name=$(basename "$project")
  cp --recursive --parents "artifacts/bin/$name/release" "artifacts/obj/$name/release/ref" "$tree/"
done
rm -rf "$tree"/artifacts/{bin,obj}/$changed
raise $header '#define LAYOUT_VERSION[[:space:]]+'
raise $constants 'LayoutVersion = '
(
  cd "$tree"
  build src/$changed -verbosity:quiet -p:BuildProjectReferences=false >&2 ||
    die "the build of $changed with another layout failed"
  for program in Sidestep.Daemon Sidestep.Cli; do
    cp artifacts/bin/$changed/release/$changed.* "artifacts/bin/$program/release/"
  done
)
end_build other-layout

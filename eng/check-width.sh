#!/usr/bin/env bash
# Fails on a line of more than 120 columns in C#, C, shell and YAML. In C a tab ends at a multiple of 8 columns, as
# clang-format has it, elsewhere of 4. In tests/cases a line may be longer for what cannot be wrapped: 64 hexadecimal
# digits and more of a frame.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
# Columns are characters.
export LC_ALL=C.UTF-8

columns=120
hexadecimal='[0-9A-Fa-f]{64}'

sources() {
  find . \( -path ./artifacts -o -path ./.git -o -name obj -o -name bin \) -prune -o -type f -size -1024k "$@" -print
}

shell_scripts() {
  sources -name '*.sh'
  sources ! -name '*.*' | while read -r file; do
    ! head -n 1 "$file" | grep -qaE '^#!.*\b(ba)?sh\b' || echo "$file"
  done
}

# wide TAB FILE...: the lines of these files that are too long, where a tab has at most TAB columns.
wide() {
  local tab=$1 file
  shift
  # Most files have no tab: they are searched at once.
  { grep --files-without-match --perl-regexp '\t' "$@" || true; } |
    xargs --no-run-if-empty grep -nHE "^.{$((columns + 1)),}$" || true
  { grep --files-with-matches --perl-regexp '\t' "$@" || true; } | while read -r file; do
    expand --tabs="$tab" "$file" | grep -nE "^.{$((columns + 1)),}$" | sed "s|^|$file:|" || true
  done
}

mapfile -t c < <(sources \( -name '*.c' -o -name '*.h' \))
mapfile -t others < <(sources \( -name '*.cs' -o -name '*.yaml' -o -name '*.yml' \) && shell_scripts)
found=$(wide 8 "${c[@]}" && wide 4 "${others[@]}")
found=$(grep -vE "^\./tests/cases/.*$hexadecimal" <<<"$found" | sed 's|^\./||' || true)
[ -n "$found" ] || exit 0
echo "$found" | cut -c "-$columns"
echo "$(wc -l <<<"$found") lines have more than $columns columns."
exit 1

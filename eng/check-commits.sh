#!/usr/bin/env bash
# Fails on a commit after the base whose message is not in form. Merges are left out. The form:
#
#   area: imperative      at most 72 characters, without a period at its end
#
#   Why the change was made.
#
# Where the history is not there, or not all of it (a shallow clone), it says so and checks the commits that it sees.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
export LC_ALL=C.UTF-8

# The last commit before this form.
base=c04244bcf3bd0f2ec3f71958ab8eca2bd7178bd0
longest=72

# Who runs the tests need not own the repository.
history() { git -c safe.directory='*' "$@"; }

# wrong SUBJECT BODY: what is wrong with a message, a line for each.
wrong() {
  local subject=$1 body=$2 first
  if [[ $subject =~ ^[A-Za-z0-9][A-Za-z0-9./_-]*(,\ [A-Za-z0-9./_-]+)*:\ ([^\ ]+) ]]; then
    first=${BASH_REMATCH[2]}
    is_imperative "$first" || echo "'$first' is no imperative: \"add\", not \"added\", \"adds\" or \"adding\""
  else
    echo "the subject is not 'area: imperative'"
  fi
  [ ${#subject} -le $longest ] || echo "the subject has ${#subject} characters, and $longest are the most"
  [[ $subject != *. ]] || echo "the subject ends with a period"
  # Lines such as Signed-off-by give no reason.
  grep -vE '^[A-Z][A-Za-z-]*-by: ' <<<"$body" | grep -q '[^[:space:]]' || echo "the body, which says why, is empty"
}

# By the form of the word alone: the forms that are written by mistake end so, and few imperatives do.
is_imperative() {
  case ${1,,} in
  need | feed | embed | seed | speed | exceed | proceed | succeed | heed | shed) ;;
  bring | ping | ring | spring | string | swing) ;;
  *ss | focus | bias | alias) ;;
  *ed | *ing | *s) return 1 ;;
  esac
}

# The first line of Git's own message is enough.
if ! problem=$(history rev-parse --git-dir 2>&1 >/dev/null); then
  echo "Commits were not checked: ${problem%%$'\n'*}"
  exit 0
fi
range="$base..HEAD"
# Of a shallow clone's oldest commits it cannot be said whether they are merges.
cut=$(history rev-parse --git-path shallow)
[ -f "$cut" ] || cut=/dev/null
if ! history merge-base --is-ancestor $base HEAD 2>/dev/null; then
  if [ "$(history rev-parse --is-shallow-repository)" != true ]; then
    echo "Commits were not checked: the history of HEAD does not contain ${base:0:7}."
    exit 0
  fi
  echo "A shallow clone: only the commits that it has are checked."
  range=HEAD
fi

status=0
while read -r commit; do
  subject=$(history log -1 --format=%s "$commit")
  while read -r problem; do
    [ $status -ne 0 ] || status=1
    echo "${commit:0:10} \"$subject\": $problem"
  done < <(wrong "$subject" "$(history log -1 --format=%b "$commit")")
done < <(history rev-list --no-merges --reverse "$range" | grep --invert-match --fixed-strings --file="$cut")
exit $status

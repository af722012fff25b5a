# shellcheck shell=bash
# Shared by the scripts here; sourced, not run.

# psql and sqlx read these; a value left over from another project must not redirect ours.
unset PGHOST PGHOSTADDR PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE PGOPTIONS PGSSLMODE

say() { if [ -t 2 ]; then printf '\033[1m==> %s\033[0m\n' "$*" >&2; else echo "==> $*" >&2; fi; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# A pid alone may be reused after a crash or reboot; with its start time it names one process.
pid_token() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086  # splitting is wanted: the start time is field 20 after the name
  set -- "$1" ${stat##*) }
  [ "$2" != Z ] && echo "$1:${21}"
}

# Is the process that a token names still there?
token_alive() { [ -n "$1" ] && [ "$(pid_token "${1%%:*}")" = "$1" ]; }

# The newest PostgreSQL here that is 15 or later, or exactly the major version $1.
pg_bin() {
  local want=${1:-} dir major best='' best_major=14
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin \
    "$(dirname "$(readlink -f "$(command -v postgres || echo /nonexistent/x)")")"; do
    [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] || continue
    major=$("$dir/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    if [ -n "$want" ]; then
      [ "$major" = "$want" ] && best=$dir
    elif [ "$major" -gt "$best_major" ]; then
      best=$dir best_major=$major
    fi
  done
  [ -n "$best" ] && echo "$best"
}

# Runs a command in its own process group and waits: Ctrl-C or a signal reaches this script alone, at
# once, and `end_child` in its EXIT trap passes exactly one TERM on.
child=''
attend() {
  local rc=0
  set -m
  "$@" </dev/null &
  child=$!
  set +m
  wait "$child" || rc=$?
  child=''
  return "$rc"
}
end_child() {
  [ -n "$child" ] || return 0
  kill -TERM -- "-$child" 2>/dev/null || true
  wait "$child" 2>/dev/null || true
  child=''
}

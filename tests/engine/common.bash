# Sourced by `up` and `down`: where the engine's state lies, and how its processes are recorded and stopped.
# shellcheck shell=bash

ENGINE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DIR=${BAKEPLAN_ENGINE_DIR:-$ENGINE_ROOT/target/engine}
STATE=$DIR/state

say() { printf 'engine: %s\n' "$*" >&2; }

# fail STATUS MESSAGE
fail() {
  local status=$1
  shift
  say "$*"
  exit "$status"
}

case $DIR in
  /*) ;;
  *) DIR=$PWD/$DIR STATE=$PWD/$DIR/state ;;
esac
# The state is plain KEY=VALUE lines and apt configuration: no quoting there.
[[ $DIR =~ ^[A-Za-z0-9_./@+,:=-]+$ ]] ||
  fail 1 "cannot use the folder '$DIR': its path has a space or another special character; set BAKEPLAN_ENGINE_DIR"

# One `up` or `down` at a time for each folder (macOS has no flock: there a user's own Docker serves, which copes).
lock() {
  mkdir -p "$DIR"
  if command -v flock >/dev/null; then
    exec 9>"$DIR/lock"
    flock -w 300 9 || fail 1 "another up or down has held $DIR/lock for 5 minutes"
  fi
}

# A pid alone may have been given to another process since: the start time (field 22 of stat, 20 after the name) tells.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields are split on purpose
  set -- $stat
  # A zombie has ended.
  [[ $1 != Z ]] && printf '%s\n' "${20}"
}

# record_process NAME PID
record_process() {
  local time
  time=$(start_time "$2") || return 1
  printf '%s %s %s\n' "$1" "$2" "$time" >>"$STATE/processes"
}

# is_running PID START_TIME
is_running() { [[ $(start_time "$1") == "$2" ]]; }

# stop_process NAME PID START_TIME
stop_process() {
  local signal
  for signal in TERM KILL; do
    is_running "$2" "$3" || return 0
    kill -s "$signal" "$2" 2>/dev/null || true
    for _ in $(seq 150); do
      is_running "$2" "$3" || return 0
      sleep 0.1
    done
    say "$1 (pid $2) is still there 15 s after SIG$signal"
  done
  return 1
}

# Stops what `up` recorded, and nothing else; forgets it once it is gone.
stop_all() {
  local name pid time folder mount failed=0
  if [[ -e $STATE/processes ]]; then
    while read -r name pid time; do
      stop_process "$name" "$pid" "$time" || failed=1
    done <"$STATE/processes"
  fi
  # The Docker that `up` used, whatever the environment says now.
  if [[ -e $STATE/docker-host ]]; then
    DOCKER_HOST=$(cat "$STATE/docker-host")
    export DOCKER_HOST
  fi
  if [[ -e $STATE/builder ]]; then
    BUILDX_CONFIG=$STATE/buildx docker buildx rm --force "$(cat "$STATE/builder")" >/dev/null 2>&1 ||
      say "could not remove the builder $(cat "$STATE/builder")"
  fi
  if [[ -e $STATE/containers ]]; then
    while read -r name; do
      docker rm --force --volumes "$name" >/dev/null || failed=1
    done <"$STATE/containers"
  fi
  ((failed == 0)) || return 1
  if [[ -e $STATE/folders ]]; then
    for folder in $(cat "$STATE/folders"); do
      # A dockerd that was killed leaves its mounts, of its own folder at least.
      awk '{ print $2 }' /proc/self/mounts | { grep -E "^($STATE|$folder)/" || true; } | sort -r | while read -r mount; do
        umount "$mount" || say "could not unmount $mount"
      done
      rm -rf --one-file-system "$folder"
    done
  fi
  rm -rf "$DIR/env" "$STATE"
}

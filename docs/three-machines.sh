#!/bin/bash
# A rehearsal of docs/DEPLOYMENT.md on one machine: three network namespaces with addresses of their own on one bridge, a
# cluster in them with CURVE keys, a machine that is cut off and comes back. Removes all it made.
#
#   sudo docs/three-machines.sh [--replicas 0|3] [--program PATH]
#
# Ends with 0 where everything came out as promised, 1 where not, 69 where this machine cannot make namespaces.
set -euo pipefail

replicas=0
program=""
while [ $# -gt 0 ]; do
    case "$1" in
    --replicas) replicas="$2"; shift 2 ;;
    --program) program="$2"; shift 2 ;;
    *) echo "usage: $0 [--replicas 0|3] [--program PATH]" >&2; exit 64 ;;
    esac
done
case "$replicas" in 0 | 3) ;; *) echo "--replicas $replicas: choose 0 (memory) or 3" >&2; exit 64 ;; esac

root=$(cd "$(dirname "$0")/.." && pwd)
for candidate in "$program" "$root/.build/release/ringmaster" "$root/.build/debug/ringmaster"; do
    if [ -n "$candidate" ] && [ -x "$candidate" ]; then program="$candidate"; break; fi
done
[ -x "$program" ] || { echo "build it first: swift build --product ringmaster" >&2; exit 64; }
command -v ip >/dev/null || { echo "needs the command ip: apt-get install iproute2" >&2; exit 69; }

# Names of this run's own, so that two runs and whatever else is here do not meet. A link's name has 15 characters at most.
tag="rm$$"
bridge="${tag}br"
machines=(alpha beta gamma)
folder=$(mktemp -d)
coordinators=()
workers=()

say() { printf '\n== %s\n' "$*"; }

stop() { # PID...
    for pid in "$@"; do kill -TERM "$pid" 2>/dev/null || true; done
    for _ in $(seq 50); do
        alive=0
        for pid in "$@"; do if kill -0 "$pid" 2>/dev/null; then alive=1; fi; done
        if [ "$alive" = 0 ]; then return; fi
        sleep 0.1
    done
    for pid in "$@"; do kill -KILL "$pid" 2>/dev/null || true; done
}

cleanup() {
    # Workers first: they hand over to the coordinators.
    stop "${workers[@]}"
    stop "${coordinators[@]}"
    for number in 1 2 3; do ip link del "${tag}v$number" 2>/dev/null || true; done
    for machine in "${machines[@]}"; do ip netns del "$tag-$machine" 2>/dev/null || true; done
    ip link del "$bridge" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT

on() { # MACHINE COMMAND...
    local machine="$1"
    shift
    ip netns exec "$tag-$machine" "$@"
}

start() { # MACHINE COMMAND...
    local machine="$1"
    shift
    # The process itself, and no shell in between, is what is ended by its id.
    (exec ip netns exec "$tag-$machine" "$@") &
    started=$!
}

say "three machines on a bridge"
if ! ip link add "$bridge" type bridge 2>"$folder/why"; then
    echo "cannot make a bridge here: $(cat "$folder/why")" >&2
    exit 69
fi
ip link set "$bridge" up
number=1
for machine in "${machines[@]}"; do
    if ! ip netns add "$tag-$machine" 2>"$folder/why"; then
        echo "cannot make a network namespace here: $(cat "$folder/why")" >&2
        exit 69
    fi
    ip link add "${tag}v$number" type veth peer name eth0 netns "$tag-$machine"
    ip link set "${tag}v$number" master "$bridge" up
    on "$machine" ip address add "10.77.0.$number/24" dev eth0
    on "$machine" ip link set eth0 up
    on "$machine" ip link set lo up
    echo "$machine 10.77.0.$number"
    number=$((number + 1))
done

say "keys"
"$program" keygen "$folder/cluster.key" >/dev/null
"$program" keygen "$folder/ada.key" >/dev/null
"$program" keygen "$folder/stranger.key" >/dev/null
cat "$folder/cluster.key.pub" "$folder/ada.key.pub" >"$folder/allowed"
server=(--key "$folder/cluster.key" --allow "$folder/allowed" --log-level warning)

count=$((replicas > 0 ? replicas : 1))
peers="" cluster=""
for number in $(seq "$count"); do
    peers="$peers${peers:+,}$number=tcp://10.77.0.$number:7400"
    cluster="$cluster${cluster:+,}tcp://10.77.0.$number:7400"
done

say "coordinators: $count, workers: 3, replicas: $replicas"
for number in $(seq "$count"); do
    machine=${machines[$((number - 1))]}
    data=()
    if [ "$replicas" != 0 ]; then data=(--data "$folder/$machine" --peer "$peers"); fi
    start "$machine" "$program" coordinator --name "$machine" --raft-id "$number" --listen "tcp://10.77.0.$number:7400" \
        --publish "tcp://10.77.0.$number:7401" --cluster-id 77 "${data[@]}" "${server[@]}"
    coordinators+=("$started")
done
number=1
for machine in "${machines[@]}"; do
    start "$machine" "$program" worker --name "$machine" --cluster "$cluster" --listen "tcp://10.77.0.$number:7410" \
        "${server[@]}"
    workers+=("$started")
    number=$((number + 1))
done

export RINGMASTER_CLUSTER="$cluster" RINGMASTER_SERVER_KEY="$folder/cluster.key.pub"
# Ada sits at the first machine, which stays on the network.
ada() { on alpha env RINGMASTER_KEY="$folder/ada.key" "$program" "$@"; }
expect() { # WHAT EXPECTED GOT
    if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "WRONG: $1: expected $2, got $3" >&2; exit 1; fi
}

for _ in $(seq 100); do
    if [ "$(ada status 2>/dev/null | grep -c ' tcp://10.77.0.[123]:7410$')" = 3 ]; then break; fi
    sleep 0.1
done
ada status

say "jobs"
for key in $(seq 12); do ada submit add "key-$key" "$key" >/dev/null; done
for key in $(seq 12); do expect "key-$key" "$key" "$(ada read "key-$key")"; done

say "a stranger is not let in"
status=0
on alpha env RINGMASTER_KEY="$folder/stranger.key" "$program" read key-1 --timeout 1s >/dev/null 2>&1 || status=$?
expect "status of a stranger's read" 69 "$status"

say "gamma is cut off"
ip link set "${tag}v3" down
for key in $(seq 12); do expect "key-$key plus 100" "$((key + 100))" "$(ada submit add "key-$key" 100 --timeout 20s)"; done
ada status

say "gamma is back"
ip link set "${tag}v3" up
for _ in $(seq 200); do
    if ada status 2>/dev/null | grep -q ' tcp://10.77.0.3:7410$'; then break; fi
    sleep 0.1
done
ada status
for key in $(seq 12); do expect "key-$key" "$((key + 100))" "$(ada read "key-$key")"; done

say "all as promised"

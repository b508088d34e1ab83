#!/bin/bash
# A service manager that reads nothing: its socket is full before the daemon starts, and stays so. The daemon looks, acts
# and answers all the same; and what it owes is said when the manager reads again: first READY, then how things stand.
# shellcheck disable=SC1091,SC2034,SC2154,SC2329,SC2317 # what the library sets, and what it reads; called by soon
. "$(dirname "$0")/daemon_lib.bash"

world <<END1
domain main emailpro emailpro-zz1-1 one.example - ovh 2 signing
domain main emailpro emailpro-zz1-1 two.example
END1
credentials
configure
inventory a.yaml <<<"domain: one.example, platform: emailpro, service: emailpro-zz1-1"

# Binds the socket, fills it, and begins to read when a file says so: what came is written down, a word a line.
cat >"$work/manager.py" <<'END2'
import os, socket, sys, time
path, go, told = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path)
other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
other.setblocking(False)
try:
    while True:
        other.sendto(b"X_FILLED=1", path)
except BlockingIOError:
    open(path + ".full", "w").close()
while not os.path.exists(go):
    time.sleep(0.05)
while True:
    text = s.recv(4096).decode()
    with open(told, "a") as f:
        f.write(text + "\n")
END2
python3 "$work/manager.py" "$work/notify" "$work/go" "$work/told" &
manager=$!
soon "the manager's socket is full" 20 test -e "$work/notify.full"

export NOTIFY_SOCKET=$work/notify
ok "the daemon starts and answers" dk_start
soon "it looks" 30 signs one.example
inventory b.yaml <<<"domain: two.example, platform: emailpro, service: emailpro-zz1-1"
soon "it reloads and makes another domain sign" 60 signs two.example
ok "it still answers" asks status
is "nothing was said in all that time" "$(cat "$work/told" 2>/dev/null)" ""

touch "$work/go"
said() { grep -q "$1" "$work/told" 2>/dev/null; }
soon "when the manager reads it hears that the daemon is ready" 60 said '^READY=1$'
inventory c.yaml <<<"domain: three.example, platform: emailpro, service: emailpro-zz1-1"
soon "and how things stand" 60 said '^STATUS=3 domains'
dk_kill TERM
is "it stops cleanly" "$RC" 0
soon "and says so" 10 said '^STOPPING=1$'
kill "$manager"
wait "$manager" 2>/dev/null
world_end
done_testing

#!/bin/bash
# A client that nobody here wrote: OVHcloud's own for Go, from Debian. Skipped where there is no Go compiler, for a
# compiler is much to ask for one test: apt-get install golang-go golang-github-ovh-go-ovh-dev.
# runtests: timeout=300
# shellcheck disable=SC2154 # work, SRC, HTTP_URL: ovhsim_lib.bash
# shellcheck source=tests/e2e/ovhsim_lib.bash
. "$(dirname "$0")/ovhsim_lib.bash"
if [ -z "$(command -v go)" ] || [ ! -d /usr/share/gocode/src/github.com/ovh/go-ovh ]; then
	skip "go-ovh" "golang-go and golang-github-ovh-go-ovh-dev are not installed"
	done_testing
fi
if ! GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/cache" HOME="$work" \
	go build -o "$work/goovh" "$SRC/tests/e2e/ovhsim_goovh.go"; then
	echo "Bail out! go build failed"
	exit 1
fi
cat >"$work/scenario" <<EOF
account main ak=$AK as=$AS ck=$CK
domain main exchange hosted-zz1-1 goovh.example - ovh 2 virgin
EOF
sim_start --scenario "$work/scenario"
"$work/goovh" "$HTTP_URL/1.0" "$AK" "$AS" "$CK" || failed=1
sim_stop || failed=1
exit "$failed"

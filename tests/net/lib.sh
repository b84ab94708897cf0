# Shell functions for exchanges of real processes on loopback. Sourced by tests/net/exchange, the demo and the scenarios.
#
# An exchange lives in a folder $X:
#   hub/ trustee-1/ … member-a/ …   the nodes' own folders, as --home
#   logs/NAME.log                   what each daemon said
#   passphrase                      the one passphrase of this exchange's nodes, which hold nothing real
#   settings                        programs, ports, counts; read by `use`

# Programs come from $BIN; every command that fails ends the script.
set -u

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# use DIR: work with the exchange in DIR.
use() {
	[ -f "$1/settings" ] || die "no exchange in $1"
	X=$(cd "$1" && pwd)
	# shellcheck disable=SC1091
	. "$X/settings"
}

# member_names N: member-a … member-z, then member-aa …
member_names() {
	local i name
	for ((i = 0; i < $1; i++)); do
		name=$(printf "\\$(printf %o $((97 + i % 26)))")
		((i < 26)) || name=$(printf "\\$(printf %o $((96 + i / 26)))")$name
		printf 'member-%s\n' "$name"
	done
}

# The programs, each with its node's folder and passphrase: hub CMD…, trustee 2 CMD…, member a CMD…
hub() { "$BIN/candor-hub" "$@" --home "$X/hub" --passphrase-file "$X/passphrase"; }
trustee() {
	local n=$1
	shift
	"$BIN/candor-trustee" "$@" --home "$X/trustee-$n" --passphrase-file "$X/passphrase"
}
member() {
	local n=$1
	shift
	"$BIN/candor" "$@" --home "$X/member-$n" --passphrase-file "$X/passphrase"
}

# free_ports N: a number from which N ports in a row are free on loopback, below those that the system gives out itself.
free_ports() {
	local base i try
	for try in $(seq 1 200); do
		base=$((10000 + RANDOM % 20000))
		for ((i = 0; i < $1; i++)); do
			(exec 3<>"/dev/tcp/127.0.0.1/$((base + i))") 2>/dev/null && break
		done
		((i == $1)) && { echo "$base"; return; }
	done
	die "no $1 free ports in a row on 127.0.0.1"
}

# launch NAME PROGRAM ARGS…: start a daemon in the background; return when it says that it is ready.
# $WRAP may hold a command to run it under; $PRELOAD a library to load into it, which finds the node's name in $NODE.
launch() {
	local name=$1 program=$2 fifo line
	shift 2
	fifo=$(mktemp -u "$X/ready.XXXXXX")
	mkfifo "$fifo"
	# shellcheck disable=SC2086
	NODE=$name LD_PRELOAD=${PRELOAD:-${LD_PRELOAD:-}} setsid ${WRAP:-} "$program" serve "$@" --home "$X/$name" --passphrase-file "$X/passphrase" \
		--ready-fd 9 9>"$fifo" >>"$X/logs/$name.log" 2>&1 </dev/null &
	line=
	IFS= read -r -t "${READY_SECONDS:-240}" line <"$fifo" || true
	rm -f "$fifo"
	case $line in
	ready*) ;;
	*) tail -n 5 "$X/logs/$name.log" >&2; die "$name did not start" ;;
	esac
}

# $HUB_OPTIONS and $MEMBER_OPTIONS: what these daemons are started with beside; $HUB_INIT: what the hub is made with.
start_hub() { launch hub "$BIN/candor-hub" ${HUB_OPTIONS:-}; }
start_trustee() { launch "trustee-$1" "$BIN/candor-trustee" ${POLL_MS:+--poll-ms "$POLL_MS"}; }
start_member() { launch "member-$1" "$BIN/candor" ${POLL_MS:+--poll-ms "$POLL_MS"} ${MEMBER_OPTIONS:-}; }

# guest_page PORT: a hub that starts from now on has a page for guests there, with a certificate of its own; members take it.
guest_page() {
	GUEST_URL=https://127.0.0.1:$1
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=Fictional guests" \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$X/guest-key.pem" -out "$X/guest-certificate.pem" 2>/dev/null ||
		die "no certificate for guests: is openssl installed?"
	export HUB_OPTIONS="--guest-listen 127.0.0.1:$1 --guest-url $GUEST_URL
		--guest-certificate $X/guest-certificate.pem --guest-key $X/guest-key.pem"
	export MEMBER_OPTIONS="--guest-ca $X/guest-certificate.pem"
}

# pid NAME: of a running daemon; empty if it does not run.
pid() {
	local p
	p=$(cat "$X/$1/node.pid" 2>/dev/null) || return 0
	! kill -0 "$p" 2>/dev/null || echo "$p"
}

# stop NAME [SIGNAL]: end a daemon and wait until it is gone.
stop() {
	local p i
	p=$(pid "$1")
	[ -n "$p" ] || return 0
	kill -"${2:-TERM}" "$p" 2>/dev/null || return 0
	for i in $(seq 1 600); do
		kill -0 "$p" 2>/dev/null || return 0
		# A zombie whose other threads have not ended yet still holds its locks.
		[ "$(ps -o stat= -p "$p" 2>/dev/null | cut -c1)" = Z ] && [ "$(ls "/proc/$p/task" 2>/dev/null | wc -l)" -le 1 ] && return 0
		sleep 0.05
	done
	kill -KILL "$p" 2>/dev/null
}

# everybody: the names of all nodes of the exchange, hub last, so that nobody is asked who has gone.
everybody() {
	local n
	for n in $(member_names "$MEMBERS"); do echo "$n"; done
	for n in $(seq 1 "$TRUSTEES"); do echo "trustee-$n"; done
	echo hub
}

# eventually SECONDS CMD…: repeat CMD until it succeeds.
eventually() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.2
	done
}

# ---- scenarios -------------------------------------------------------------------------------------------------

# scenario: begin one. $X is a temporary folder ($KEEP/NAME if $KEEP is set, which stays), $TOP the top of the tree, $TOOLS the test
# programs. Whatever happens, the exchange in $X is brought down.
scenario() {
	TOP=$(cd "$(dirname "$0")/../.." && pwd)
	BIN=${BIN:-$TOP/${BUILD:-build}}
	export BIN
	# shellcheck disable=SC2034
	TOOLS=$BIN/tests/net
	if [ -n "${KEEP:-}" ]; then
		X=$KEEP/$(basename "$0")
		[ ! -e "$X" ] || die "$X is there already"
		mkdir -p "$X"
	else
		X=$(mktemp -d)
	fi
	HELD=0
	BESIDE=()
	trap scenario_end EXIT
	trap 'exit 1' INT TERM
}

scenario_end() {
	local status=$?
	[ ${#BESIDE[@]} = 0 ] || kill "${BESIDE[@]}" 2>/dev/null || true
	[ ! -e "$X/settings" ] || "$TOP/tests/net/exchange" down "$X" || true
	# What a sanitizer found in a daemon fails the scenario too.
	if grep -HE 'ERROR: [A-Z][A-Za-z]+Sanitizer|runtime error:' "$X"/logs/*.log 2>/dev/null; then status=1; fi
	[ -n "${KEEP:-}" ] || rm -rf "$X"
	[ "$status" != 0 ] || printf '%s statements hold.\n' "$HELD"
	exit "$status"
}

# exchange ARGS…: bring up an exchange in $X and use it; exchange_found ARGS… and exchange_begin: in two steps.
exchange() {
	exchange_found "$@"
	exchange_begin
}
exchange_found() {
	QUIET=1 "$TOP/tests/net/exchange" found "$X" "$@" || die "no exchange"
	use "$X"
}
exchange_begin() { QUIET=1 "$TOP/tests/net/exchange" begin "$X" || die "no exchange"; }

# clock: daemons that start from now on, and commands under `later`, read a clock that can be put ahead.
clock() {
	export CANDOR_LATER=$X/later PRELOAD=$TOOLS/preload/later.so ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
	AHEAD=0
}
later() { LD_PRELOAD=$PRELOAD "$@"; }

# go_ahead SECONDS: put it ahead.
go_ahead() {
	AHEAD=$((AHEAD + $1))
	echo "$AHEAD" >"$CANDOR_LATER.new" && mv "$CANDOR_LATER.new" "$CANDOR_LATER"
}

# must SENTENCE CMD…: CMD succeeds.
must() {
	local sentence=$1
	shift
	"$@" >"$X/out" 2>"$X/err" || { cat "$X/out" "$X/err" >&2; die "does not hold: $sentence"; }
	HELD=$((HELD + 1))
}

# soon SENTENCE CMD…: CMD succeeds within a while; else its last try is shown, step by step.
soon() {
	local sentence=$1
	shift
	eventually "${SOON_SECONDS:-240}" "$@" >/dev/null 2>&1 || {
		(set -x && "$@") 2>&1 | tail -n 12 | cut -c1-300 >&2
		die "does not come to hold: $sentence"
	}
	HELD=$((HELD + 1))
}

# same SENTENCE EXPECTED SEEN
same() {
	[ "$2" = "$3" ] || { printf 'expected:\n%s\nseen:\n%s\n' "$2" "$3" >&2; die "does not hold: $1"; }
	HELD=$((HELD + 1))
}

# refused SENTENCE EXIT PATTERN CMD…: CMD ends with that exit code, and says something that matches.
refused() {
	local sentence=$1 code=$2 pattern=$3 status=0
	shift 3
	"$@" >"$X/out" 2>&1 || status=$?
	if [ "$status" != "$code" ] || ! grep -qE -- "$pattern" "$X/out"; then
		cat "$X/out" >&2
		die "does not hold: $sentence (exit $status, expected $code and /$pattern/)"
	fi
	HELD=$((HELD + 1))
}

# logged NAME PATTERN [COUNT]: NAME's log has at least COUNT lines that match.
logged() { [ "$(grep -cE -- "$2" "$X/logs/$1.log")" -ge "${3:-1}" ]; }

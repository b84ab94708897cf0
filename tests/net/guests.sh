# What the scenarios with guests share. Sourced after lib.sh.

# Without a browser there is nothing to play.
NPM=$(cd "$(dirname "$0")/../.." && pwd)/build/npm
export NPM
if ! (cd "$(dirname "$0")/../.." && tests/browser/install "$NPM"); then exit 0; fi

# guests_found ARGS…: the first half of an exchange whose hub has a listener for guests with a certificate of its own.
guests_found() {
	exchange_found "$@"
	GUEST_PORT=$(free_ports 1)
	guest_page "$GUEST_PORT"
}

# guest URL WAY KIND [CODE] [OUT]: a former employer at a browser; prints what the page says in the end.
guest() { LD_PRELOAD='' timeout 600 node "$TOP/tests/browser/answer.mjs" "$@"; }

# check REFERENCE GIVEN FAMILY: open a check that names no member.
check() {
	must "a check is opened" member a check new --reference "$1" --given-names "$2" --family-names "$3" \
		--date-of-birth 1990-02-11 --document-type passport --document-country KEN --document-number FA0000101 \
		--legal-basis legitimate_interest --candidate-notified application_form
}

# ask REFERENCE EMPLOYER [OPTIONS]: a request to a guest; its JSON is left in $X/EMPLOYER.json, its file in $X/EMPLOYER.html.
ask() {
	local reference=$1 employer=$2
	shift 2
	must "a request to $employer is made" member a check ask-guest "$reference" --employer "Imaginary Society $employer" \
		--email "hr@$employer.example" --found "${FOUND:-official_website}" --contact-name "Testa Examplewright" \
		--contact-phone "+999 00 000 000" --position "Nutrition officer" --country KEN --from 2021-02 --to 2024-03 \
		--out "$X/$employer.html" --json "$@"
	cp "$X/out" "$X/$employer.json"
}
of() { jq -r ".$2" "$X/$1.json"; }

# seen REFERENCE FILTER: of the first guest of a check, as HR sees it.
seen() { member a check show "$1" --json | jq -r ".guests[0] | $2"; }
is_seen() { [ "$(seen "$1" "$2")" = "$3" ]; }

# says SENTENCE GREP-ARGUMENTS…: what the last `must` printed has it.
says() {
	local sentence=$1
	shift
	grep "$@" "$X/out" >/dev/null || { cat "$X/out" >&2; die "does not hold: $sentence"; }
	HELD=$((HELD + 1))
}

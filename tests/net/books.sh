# The books of tests/net/60-kill: what was acknowledged, kept apart from the nodes and compared with what they hold.
# Sourced after lib.sh; works on the exchange in $X.
#
#   books/current-M    who is in the register of member M as last acknowledged: "NUMBER VERSION"
#   books/expected     who is asked about whom: "ASKER REFERENCE EMPLOYER DECLARED"
#   books/references   every check that was acknowledged: "ASKER REFERENCE"
#   books/answers      every answer that was acknowledged: "REQUEST RESULT"
#   facts/NODE         what a node holds (tests/net/inventory.c); facts/NODE.acks what it was seen to acknowledge

STABLE=12          # the first so many of each register stay who they are: candidates are found among them
BIG_ENOUGH=40      # registers grow to about this

books_open() {
	local m
	mkdir -p "$X/books" "$X/facts"
	for m in a b c; do
		: >"$X/books/current-$m"
		echo 1 >"$X/books/next-number-$m"
	done
	: >"$X/books/expected"
	: >"$X/books/references"
	: >"$X/books/answers"
	candidates=0
	comparisons=0
}

# people FORM M: from "NUMBER VERSION" on standard input to rows of a leavers file (csv) or what the inventory says of
# them (register), or the identity columns of a candidate (identity). Nobody has such a name.
people() {
	awk -v form="$1" -v letter="$2" -v seed="$SEED" '
	function draw(n) { state = (state * 16807) % 2147483647; return state % n }
	BEGIN { count = split("ba be bi bo da de di do fa fe fi fo ga go ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe pi" \
		" po ra re ri ro sa se si so ta te ti to va ve vi vo za ze zi zo", syllable, " ")
		for (i = 1; i < 128; i++) code[sprintf("%c", i)] = i
		if (form == "csv")
			print "employee_number,given_names,family_names,date_of_birth,document_type,document_country,document_number,position,country,from,to,engagement_type" }
	{ state = ($1 * 7919 + seed * 104729 + code[letter] * 15485863) % 2147483646 + 1
		draw(2); draw(2); draw(2)
		given = "Fict" syllable[draw(count) + 1] syllable[draw(count) + 1]
		family = "Nobod" syllable[draw(count) + 1] syllable[draw(count) + 1] syllable[draw(count) + 1]
		birth = sprintf("%04d-%02d-%02d", 1955 + draw(45), 1 + draw(12), 1 + draw(28))
		number = toupper(letter) "-" $1
		document = sprintf("F%s%07d", toupper(letter), $1)
		position = "Fictional post " $2
		if (form == "csv")
			print number "," given "," family "," birth ",passport,KEN," document "," position ",KEN,2021-02-01,2024-06-30,employee"
		else if (form == "identity")
			print given "," family "," birth ",passport,KEN," document
		else
			print number "|" given "|" family "|" birth "|" position }'
}

# ---- keeping them ----------------------------------------------------------------------------------------------------

# book_change_register M [NEW]: the next file of a member: two fewer, some new ones, some with another post ($CHANGED of those who stay).
book_change_register() {
	local m=$1 first count
	first=$(cat "$X/books/next-number-$m")
	count=${2:-$(($(wc -l <"$X/books/current-$m") < BIG_ENOUGH ? 8 : 2))}
	[ "$first" != 1 ] || count=${2:-24}
	{
		shuf --random-source=<(yes "$SEED $first") "$X/books/current-$m" |
			awk -v stable="$STABLE" -v changed="${CHANGED:-3}" '$1 <= stable { s++; print $1, $2 + (s <= changed); next } { k++ } k <= 2 { next } k <= 5 { print $1, $2 + 1; next } { print }'
		seq "$first" $((first + count - 1)) | sed 's/$/ 1/'
	} >"$X/books/next-$m"
	echo $((first + count)) >"$X/books/next-number-$m"
	people csv "$m" <"$X/books/next-$m" >"$X/books/leavers-$m.csv"
}

book_import() { mv "$X/books/next-$1" "$X/books/current-$1"; }

# book_candidates M: three candidates: one whose employer is declared, one whose employer was left out, one whom nobody knows.
book_candidates() {
	local m=$1 others=(a b c) first second
	mapfile -t others < <(printf '%s\n' a b c | grep -v "$m")
	candidates=$((candidates + 1))
	first=${others[$((candidates % 2))]} second=${others[$(((candidates + 1) % 2))]}
	{
		echo "reference,given_names,family_names,date_of_birth,document_type,document_country,document_number,declared_employers,position_category,legal_basis,candidate_notified,notified_on"
		candidate "$m$candidates-1" "$first" $((candidates % STABLE + 1)) "member-$first"
		candidate "$m$candidates-2" "$second" $(((candidates * 5) % STABLE + 1)) ""
		candidate "$m$candidates-3" "$first" $((900000 + candidates)) "$( ((candidates % 2)) && echo "member-$second")"
	} >"$X/books/candidates.csv"
	printf '%s\n' "$m $m$candidates-1" "$m $m$candidates-2" "$m $m$candidates-3" >"$X/books/references.new"
	{
		echo "$m $m$candidates-1 member-$first 1"
		echo "$m $m$candidates-2 member-$second 0"
		((candidates % 2)) && echo "$m $m$candidates-3 member-$second 1"
	} >"$X/books/expected.new"
}

candidate() {
	printf '%s,%s,%s,support,legitimate_interest,application_form,2026-01-05\n' "$1" "$(echo "$3 1" | people identity "$2")" "$4"
}

book_check() {
	cat "$X/books/references.new" >>"$X/books/references"
	cat "$X/books/expected.new" >>"$X/books/expected"
}

# book_answer REQUEST FINDING
book_answer() {
	local result=$2
	case $2 in
	no_record) result=no_record_held ;;
	unable_legal) result=unable_to_answer ;;
	esac
	echo "$1 $result" >>"$X/books/answers"
}

# ---- comparing -------------------------------------------------------------------------------------------------------

# look [NODE…]: what every node, or each of these, holds now. What was acknowledged is read first: it must be there afterwards.
look() {
	local n jobs=() nodes=("$@")
	((${#nodes[@]} > 0)) || mapfile -t nodes < <(everybody)
	for n in "${nodes[@]}"; do
		"$BIN/tests/net/inventory" acks "$INTERRUPT/$n.acks" >"$X/facts/$n.acks" || die "the acknowledgements of $n cannot be read"
	done
	for n in "${nodes[@]}"; do
		"$BIN/tests/net/inventory" "${n%%-*}" "$X/$n" "$X/passphrase" >"$X/facts/$n" 2>"$X/facts/$n.err" &
		jobs+=("$n $!")
	done
	for n in "${jobs[@]}"; do
		wait "${n#* }" || die "${n% *}: $(cat "$X/facts/${n% *}.err")"
	done
}

# agree WHAT FILE1 FILE2: two lists have the same lines, each once.
agree() {
	local both
	both=$(diff <(sort "$2") <(sort "$3") | grep '^[<>]' | head -n 6)
	[ -z "$both" ] || die "$1 (< only in the first, > only in the second):"$'\n'"$both"
}

# within WHAT FILE1 FILE2: every line of the first is in the second.
within() {
	local missing
	missing=$(comm -23 <(sort -u "$2") <(sort -u "$3") | head -n 4)
	[ -z "$missing" ] || die "$1:"$'\n'"$missing"
}

# once WHAT FILE: no line twice.
once() {
	local twice
	twice=$(sort "$2" | uniq -d | head -n 4)
	[ -z "$twice" ] || die "$1:"$'\n'"$twice"
}

compare_registers() {
	local m
	for m in a b c; do
		agree "the register of member-$m is not the file that was acknowledged last" \
			<(people register "$m" <"$X/books/current-$m") <(sed -n 's/^leaver [^ ]* [^ ]* [^ ]* //p' "$X/facts/member-$m")
		within "a check that was acknowledged is not at member-$m" <(sed -n "s/^$m //p" "$X/books/references") \
			<(sed -n 's/^check \([^ ]*\) .*/\1/p' "$X/facts/member-$m")
		once "a check stands twice at member-$m" <(sed -n 's/^check \([^ ]*\) .*/\1/p' "$X/facts/member-$m")
	done
}

# What the hub told somebody, it has; so have those to whom it gave letters and who said that they had them.
compare_acks() {
	local n
	within "a batch that the hub acknowledged is not there" \
		<(sed -n 's|^ack /v1/index/put member/||p' "$X/facts/hub.acks") <(sed -n 's/^put //p' "$X/facts/hub")
	within "a letter that the hub acknowledged is not there" \
		<(sed -n 's|^ack /v1/mail/post member/||p' "$X/facts/hub.acks") <(sed -nE 's/^(mail|taken) //p' "$X/facts/hub")
	for n in $(member_names "$MEMBERS"); do
		within "$n said that it has a letter, and has not" \
			<(sed -n "s|^ack /v1/mail/taken member/$n ||p" "$X/facts/hub.acks") <(sed -n 's/^in \([^ ]*\) .*/\1/p' "$X/facts/$n")
	done
	for n in $(seq 1 "$TRUSTEES"); do
		within "trustee $n answered what it did not count" <(sed -n 's|^ack /v1/evaluate .* ||p' "$X/facts/trustee-$n.acks") \
			<(sed -n 's/^evaluation .* //p' "$X/facts/trustee-$n")
	done
}

# No row without a person, no person without rows, sums that agree, nothing that contradicts itself.
compare_inside() {
	local n
	agree "people and rows of the index do not agree" <(sed -n 's/^person //p' "$X/facts/hub") <(sed -n 's/^rows //p' "$X/facts/hub")
	agree "the hub's sums do not agree with its index" <(sed -n 's/^holding //p' "$X/facts/hub" | awk '$3 > 0') \
		<(awk '$1 == "person" { k = $2 " " $4; people[k]++; rows[k] += $5 } END { for (k in people) print k, people[k], rows[k] }' "$X/facts/hub")
	for n in $(seq 1 "$TRUSTEES"); do
		agree "trustee $n counted other points than it was asked for" <(sed -n 's/^spent //p' "$X/facts/trustee-$n") \
			<(awk '$1 == "evaluation" { sum[$2 " " $4 " " $5] += $6 } END { for (k in sum) print k, sum[k] }' "$X/facts/trustee-$n")
		once "trustee $n counted a sequence number twice" <(awk '$1 == "evaluation" { print $2, $3 }' "$X/facts/trustee-$n")
	done
	grep -hE '^(misuse|misconduct) ' "$X"/facts/* && die "somebody was taken for a liar"
	return 0
}

# all_letters: "SENDER ID KIND RECEIVER REQUEST STATE" of every letter ever written.
all_letters() {
	local n
	for n in $(member_names "$MEMBERS"); do awk -v n="$n" '$1 == "out" { print n, $2, $4, $3, $5, $6 }' "$X/facts/$n"; done
}

compare_letters() {
	local n
	all_letters >"$X/facts/letters"
	agree "a letter was not delivered, or one that nobody wrote" <(cut -d ' ' -f 1,2 "$X/facts/letters") <(sed -n 's/^taken //p' "$X/facts/hub")
	agree "a letter's state" <(awk '{ print $3 == "received" || $3 == "opened" ? "done" : "received", $2 }' "$X/facts/letters") \
		<(awk '{ print $6, $2 }' "$X/facts/letters")
	for n in $(member_names "$MEMBERS"); do
		agree "$n did not take in the letters that were written to it" <(awk -v n="$n" '$4 == n { print $2, $1 }' "$X/facts/letters") \
			<(sed -n 's/^in //p' "$X/facts/$n")
	done
	# Acted on once: one confirmation for every letter that is not itself one, nor word that somebody looked.
	agree "letters and their confirmations" <(awk '$3 != "received" && $3 != "opened" { print $4, $1 }' "$X/facts/letters") \
		<(awk '$3 == "received" { print $1, $4 }' "$X/facts/letters")
}

# Every employer is asked once and answers once: the letters of each request, and what either side holds of it.
compare_checks() {
	local m n
	for m in a b c; do awk -v m="$m" '$1 == "employer" && $5 == "request" { print m, $2, $3, $4 }' "$X/facts/member-$m"; done >"$X/facts/asked"
	agree "who is asked about whom" "$X/books/expected" "$X/facts/asked"
	for m in a b c; do
		awk -v m="member-$m" '$1 == "employer" && $5 == "request" { print m, $3, $8, $4, $7 }' "$X/facts/member-$m"
	done >"$X/facts/requests" # ASKER EMPLOYER REQUEST DECLARED RESULT
	agree "the results of checks are not the answers that were given" <(awk '{ print $3, $5 }' "$X/facts/requests") "$X/books/answers"
	for n in $(member_names "$MEMBERS"); do
		agree "requests at $n" <(awk -v n="$n" '$2 == n { print $3, $1, "request answered" }' "$X/facts/requests") \
			<(sed -n 's/^inbox //p' "$X/facts/$n" | grep -v ' dismissed$')
	done
	agree "a request or its answer was written twice, or not at all" \
		<(awk '{ print $1, $2, $3, "request"; print $2, $1, $3, "opened"; print $2, $1, $3, "statement"
			if ($4 == 0) { print $1, $2, $3, "probe"; print $2, $1, $3, "probe_reply" } }' "$X/facts/requests") \
		<(awk '$3 != "received" { print $1, $4, $5, $3 }' "$X/facts/letters" | grep -v -F -f <(dismissed; echo none))
}

# Requests of those who were matched by chance and were not plausible.
dismissed() { awk '$1 == "employer" && $5 == "dismissed" { print $8 }' "$X"/facts/member-?; }

compare_index() {
	local m
	for m in a b c; do
		agree "the index and the register of member-$m" <(sed -n "s/^person member-$m \([^ ]*\) 1 /\1 /p" "$X/facts/hub") \
			<(awk '$1 == "leaver" && $4 > 0 { print $2, $4 }' "$X/facts/member-$m")
	done
}

# books_compare [settled]: what must always hold; once everything has been delivered, everything.
books_compare() {
	look
	compare_acks
	compare_registers
	compare_inside
	comparisons=$((comparisons + 1))
	[ "${1:-}" = settled ] || return 0
	compare_index
	compare_letters
	compare_checks
}

# What is still on its way, a line each.
unsettled() {
	local n
	# shellcheck disable=SC2046
	look hub $(member_names "$MEMBERS")
	grep -E '^(mail|open) ' "$X/facts/hub"
	for n in $(member_names "$MEMBERS"); do
		awk '$1 == "removal" || $1 == "batch" || ($1 == "leaver" && ($3 == "waiting" || $3 == "sent")) ||
			($1 == "check" && $3 != "open") || ($1 == "out" && $4 != "received" && $4 != "opened" && $6 != "received") || ($1 == "out" && $6 == "waiting") ||
			($1 == "employer" && ($5 == "probe" || ($5 == "request" && $7 == "-"))) || ($1 == "inbox" && $5 == "waiting")' "$X/facts/$n"
	done
}

books_settle() {
	local m end=$((SECONDS + ${1:-120})) left
	while :; do
		left=$(unsettled)
		[ -n "$left" ] || return 0
		for m in a b c; do
			! grep -q '^inbox .* waiting$' "$X/facts/member-$m" || answer "$m"
		done
		((SECONDS < end)) || die "still on its way after ${1:-120} s:"$'\n'"$(head -n 8 <<<"$left")"
		sleep 0.5
	done
}

books_summary() {
	printf '%s checks, %s employers asked, %s answers, %s letters; registers of %s leavers; compared %s times\n' \
		"$(wc -l <"$X/books/references")" "$(wc -l <"$X/books/expected")" "$(wc -l <"$X/books/answers")" \
		"$(wc -l <"$X/facts/letters")" "$(cat "$X"/books/current-? | wc -l)" "$comparisons"
	printf 'points counted by the trustees: %s\n' "$(cat "$X"/facts/trustee-? | awk '$1 == "spent" { sum += $5 } END { print sum }')"
}

#!/bin/bash
# Makes rfc6962-tree.json: a tree of eight leaves hashed by the definition (RFC 6962 sec. 2.1) with the openssl command.
set -eu
digest() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')" | openssl dgst -sha256 -r | cut -d' ' -f1; }
inputs=("" 00 10 2021 3031 40414243 5051525354555657 606162636465666768696a6b6c6d6e6f)
level=()
for i in "${inputs[@]}"; do level+=("$(digest "00$i")"); done
leaves=("${level[@]}")
# MTH of leaves $1 .. $2 - 1
root() {
	local n=$(($2 - $1)) k=1
	((n > 1)) || { echo "${leaves[$1]}"; return; }
	while ((2 * k < n)); do k=$((2 * k)); done
	digest "01$(root "$1" $(($1 + k)))$(root $(($1 + k)) "$2")"
}
list() { printf '"%s"\n' "$@" | paste -sd, -; }
nodes=()
for l in 0 1 2 3; do
	row=()
	for ((i = 0; (i + 1) << l <= 8; i++)); do row+=("$(root $((i << l)) $(((i + 1) << l)))"); done
	nodes+=("[$(list "${row[@]}")]")
done
roots=()
for n in 1 2 3 4 5 6 7 8; do roots+=("$(root 0 $n)"); done
printf '{\n"source": "RFC 6962 sec. 2.1, hashed with the openssl command by rfc6962-tree.sh",\n"leaf_inputs": [%s],\n"node_hashes": [%s],\n"root_hashes": [%s]\n}\n' \
	"$(list "${inputs[@]}")" "$(printf '%s\n' "${nodes[@]}" | paste -sd, -)" "$(list "${roots[@]}")"

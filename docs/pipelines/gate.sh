#!/bin/sh
# gate.sh IMAGE: for any pipeline that stops when a script fails.
set -u
layergate scan --policy policy.yaml -o table \
  -o json=result.json -o junit=layergate.xml -o html=layergate.html -- "${1:?usage: gate.sh IMAGE}"
code=$?
case $code in
0) echo "gate: $1 may go on" ;;
2) echo "gate: the policy blocks $1; open layergate.html" >&2 ;;
*) echo "gate: $1 could not be scanned completely, so nobody knows" >&2 ;;
esac
exit "$code"

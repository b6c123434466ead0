#!/bin/sh
# gate.sh IMAGE: for any pipeline that stops when a script fails.
if [ $# -ne 1 ]; then
  echo "usage: gate.sh IMAGE" >&2
  exit 1
fi
layergate scan --policy policy.yaml -o table \
  -o json=result.json -o junit=layergate.xml -o html=layergate.html -- "$1"
code=$?
case $code in
0) echo "gate: $1 may go on" ;;
2) echo "gate: the policy blocks $1; open layergate.html" >&2 ;;
*) echo "gate: $1 could not be scanned completely, so nobody knows" >&2 ;;
esac
exit "$code"

#!/bin/sh
# usage: symbols.sh LIBRARY LIST HEADER. The library exports exactly the names of the list, and the header declares them.
set -eu
exported=$(nm -D --defined-only "$1" | awk '$2 == "T" || $2 == "D" || $2 == "B" || $2 == "R" || $2 == "W" || $2 == "V" {print $3}' | sed 's/@.*//' | sort)
listed=$(awk '!/^#/ && NF {print $1}' "$2" | sort)
if [ "$exported" != "$listed" ]; then
  printf 'exported and listed names differ (< exported, > listed):\n'
  printf '%s\n' "$exported" > symbols.exported
  printf '%s\n' "$listed" > symbols.listed
  diff symbols.exported symbols.listed
  exit 1
fi
for name in $listed; do
  grep -q "[ *]$name(" "$3" || { echo "$name is not declared in $3"; exit 1; }
done
echo ok

# Sourced by the scripts beside it: goes to the root of the project and gives `step`, which runs one command, says how
# long it took, and notes the outcome in build/results/steps.tsv for count.py.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
results=build/results
mkdir -p "$results"

# step NAME JUNIT COMMAND...   JUNIT is the file of test results that the command writes, or "-".
step() {
  local name=$1 junit=$2 start=$SECONDS outcome=0
  shift 2
  printf '\n== %s\n' "$name"
  "$@" || outcome=$?
  printf '== %s: %s in %d s\n' "$name" "$([ "$outcome" = 0 ] && echo ok || echo "FAILED ($outcome)")" \
    "$((SECONDS - start))"
  printf '%s\t%d\t%d\t%s\n' "$name" "$outcome" "$((SECONDS - start))" "$junit" >>"$results/steps.tsv"
  return "$outcome"
}

# A build started by .ci/run adds to the results of the steps before it; one started by hand begins anew.
new_results() {
  [ -n "${TENUTO_CI:-}" ] || rm -f "$results"/*
}

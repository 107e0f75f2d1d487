#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Slurm prolog: no job starts on a machine with a link that is down or badly degraded. Slurm drains the node and
# requeues the job where a prolog fails. Say Prolog=/usr/share/weftline/slurm/prolog.sh in slurm.conf.
#   WEFT          the program (default: weft)
#   WEFT_SECONDS  how long it may take, whole seconds (default: 30)
set -u
weft=${WEFT:-weft}
limit=${WEFT_SECONDS:-30}
job=${SLURM_JOB_ID:-unknown}
node=${SLURMD_NODENAME:-$(uname -n)}
said=$(timeout "$limit" "$weft" scan 2>&1)
verdict=$?
# Tells a control plane that runs here that its counters may move now; none need be there.
timeout 5 "$weft" mark "$node" job --note "job $job" >/dev/null 2>&1 || true
if [[ $verdict -eq 2 ]]; then
  # What a prolog prints on lines with this beginning goes into the job's output; the rest into slurmd's log.
  printf 'print weftline: %s has a link that is down or badly degraded; job %s goes elsewhere\n' "$node" "$job"
  printf '%s\n' "$said" | head -n 40 >&2
  exit 1
fi
# A warning, "unknown", or a program that could not look is no reason to hold a job back.
exit 0

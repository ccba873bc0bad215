#!/usr/bin/env bash
# Starts a SLURM of this machine alone in a folder, and stops it: one_node_slurm.sh start|stop FOLDER
# Needs Debian's packages slurm-wlm and munge, and to be root. Whoever uses it sets
# SLURM_CONF=FOLDER/slurm.conf.
set -euo pipefail
action=$1 folder=$(realpath -m "$2")
export SLURM_CONF=$folder/slurm.conf

start() {
    mkdir -p "$folder"/{state,spool}
    cat >"$SLURM_CONF" <<EOF
ClusterName=loopback
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
NodeName=localhost CPUs=$(nproc) RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=localhost Default=YES MaxTime=INFINITE State=UP
EOF
    if ! munge -n >/dev/null 2>&1; then
        mkdir -p /run/munge
        chown munge: /run/munge
        runuser -u munge -- munged --force
    fi
    slurmctld
    slurmd -N localhost
    for _ in $(seq 60); do
        [[ $(sinfo --noheader --format=%t 2>/dev/null) != idle ]] || return 0
        sleep 0.5
    done
    echo "The node did not become idle; see $folder/slurmctld.log." >&2
    return 1
}

stop() {
    scancel --user=root 2>/dev/null || true
    scontrol shutdown
}

"$action"

#!/usr/bin/env bash
# A study by Slurm on this machine alone: slurmctld and slurmd on loopback. One task's run is killed,
# the study resumed, and its report is that of the same study run here.
#   tests/slurm/run.sh [BIN_DIR=build/bin]
# Wants root and Debian's slurm-wlm and munge; exit status 77 without them.
cd "$(dirname "$0")/../.." || exit 1
bin=$(realpath "${1:-build/bin}")
for program in slurmctld slurmd sbatch munged; do
  PATH="$PATH:/usr/sbin" command -v $program >/dev/null ||
    { echo "slurm: skipped, there is no $program (apt-get install slurm-wlm munge)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "slurm: skipped, it wants root"; exit 77; }
PATH="$PATH:/usr/sbin"
. tests/apps/study_fixture.sh . "$bin"
host=$(hostname -s)

# The daemons live in the folder of the test and go with it.
stop_daemons() {
  kill "$(cat "$work/slurmd.pid")" "$(cat "$work/slurmctld.pid")" "$(cat "$work/munged.pid")" 2>/dev/null
  sleep 1
}
trap 'stop_daemons; rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir state spool munge && chmod 700 munge
dd if=/dev/urandom of=munge/key bs=128 count=8 2>/dev/null && chmod 400 munge/key
socket=$work/munge.socket
munged --key-file "$work/munge/key" --socket "$socket" --pid-file "$work/munged.pid" \
  --log-file "$work/munge/log" --seed-file "$work/munge/seed" --force ||
  { echo "slurm: skipped, this machine lets no munged run"; exit 77; }
cat >slurm.conf <<END
ClusterName=denovo
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPort=16817
SlurmdPort=16818
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$work/slurm.conf
slurmctld && slurmd -N "$host"
wait_for sh -c "sinfo -h -o %T | grep -q idle"
[ $failures = 0 ] || {
  tail -n 5 slurmctld.log slurmd.log
  echo "slurm: skipped, this machine lets no cluster of its own run"
  exit 77
}

small_study 304 solver.checkpoint_period=3 'arms = ["scratch=random", "pretrained=pretrain.toml"]' 'seeds = 1'
sed -i 's/^sizes = .*/sizes = [24]/' study.toml
idle() { [ -z "$(squeue -h)" ]; }

echo "-- the study here"
study --out local >/dev/null || fail "the study failed here"

echo "-- the same by Slurm; a task is killed"
study --out slurm --submit slurm >submitted || fail "not submitted: $(cat submitted)"
[ "$(wc -l <submitted)" = 5 ] || fail "wanted five arrays, got $(cat submitted)"
wait_for pkill -KILL -f "train_coco.*--out slurm/runs/scratch-24-16-s1"
wait_for idle
[ -e slurm/report.json ] || fail "no report: $(tail -n 3 slurm/slurm/*.out)"
grep -q '"id":"scratch-24-16-s1","arm":"scratch","images":24,"schedule":16,"seed":1,"state":"\(stopped\|pending\)"' \
  slurm/report.json || fail "the killed run is not said to be stopped"

grep -q '"id":"scratch-24-16-s1","state":"\(stopped\|pending\)"' slurm/plan.json ||
  fail "plan.json says otherwise: $(grep -o '"id":[^,]*,"state":"[a-z]*"' slurm/plan.json | xargs)"

echo "-- resumed by Slurm"
study --out slurm --resume --submit slurm >submitted || fail "not submitted: $(cat submitted)"
wait_for idle
timeless local >here && timeless slurm >there && same here there
grep -q '^{"state":"finished"' slurm/plan.json || fail "plan.json says otherwise: $(head -c 50 slurm/plan.json)"

echo "-- refused by sbatch: one sentence, nothing is left in the queue"
expect 2 "ablate_data_size: slurm: sbatch: error: *" \
  study --out refused --submit slurm study.sbatch=--partition=none
idle || fail "left in the queue: $(squeue)"

finish "slurm: the same report, with a task killed and resumed"

#!/usr/bin/env bash
# What the README promises, where nothing is installed: in the root file system of a minimal
# Debian 12 the tree (HEAD and the changes of tracked files) installs what it needs, builds, and
# trains for twenty iterations. Needs root; exit status 77 where no such root can be made.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
  echo "bare_machine: skipped, $1" >&2
  exit 77
}
[ "$(id -u)" -eq 0 ] || skip "only root can make a root file system"
for tool in mmdebstrap unshare chroot; do
  command -v $tool >/dev/null || skip "$tool is missing, scripts/setup.sh --gate installs it"
done
unshare --mount --pid --fork mount -t proc proc /proc 2>/dev/null ||
  skip "this machine lets nobody mount in a namespace of its own"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root

echo "bare_machine: making a minimal Debian 12 in $root (under a minute)" >&2
# How this machine reaches Debian's packages.
apt-config dump | sed -n '/^Acquire::IndexTargets/d; /^Acquire::/p' >"$work/apt.conf"
mmdebstrap --quiet --variant=minbase --include=ca-certificates --aptopt="$work/apt.conf" \
  --dpkgopt=force-unsafe-io bookworm "$root" 2>"$work/log" ||
  skip "mmdebstrap makes no root file system: $(grep -m1 '^E:' "$work/log")"
[ ! -e /etc/resolv.conf ] || cp -fL /etc/resolv.conf "$root/etc/"

# Root may test what another user has cloned.
git=(git -c safe.directory="$PWD")
changed=$("${git[@]}" stash create)
mkdir "$root/denovo"
"${git[@]}" archive "${changed:-HEAD}" | tar x -C "$root/denovo"

cat >"$root/first_minutes.sh" <<'EOF'
set -euo pipefail
if command -v g++ cmake python3 git; then
  echo "bare_machine: a bare machine must not have these" >&2
  exit 1
fi
cd /denovo
scripts/setup.sh 2>&1 | tee setup.out
[ "$(wc -l <setup.out)" -eq 1 ] ||
  { echo "bare_machine: scripts/setup.sh must say one line" >&2; exit 1; }
TIMEFORMAT="bare_machine: built in %0R s"
time scripts/build.sh make_shapes train_coco pretrain_imagenet ablate_data_size
# The first command itself; a study of random weights alone is quick.
scripts/run_study.sh study.arms=scratch=random,again=random study.seed_offsets=0,10 study.sizes=60 \
  study.schedules=100,200 study.seeds=1
[ -s studies/quick/report.json ]
EOF

# shellcheck disable=SC2016  # "$1" is the inner shell's
# The mounts end with their namespace, and so does every process that was left behind.
unshare --mount --pid --fork --kill-child bash -euc '
  mount -t proc proc "$1/proc"
  for place in dev sys; do mount --rbind "/$place" "$1/$place"; done
  exec env -i HOME=/root TERM=dumb LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    OMP_WAIT_POLICY=passive ${http_proxy:+http_proxy="$http_proxy"} \
    ${https_proxy:+https_proxy="$https_proxy"} chroot "$1" bash /first_minutes.sh' _ "$root"
echo "bare_machine: a new user installs, builds and trains"

# The study that tests of studies run: seconds of training on 24 pictures. To be sourced by bash with
# SOURCE_DIR BIN_DIR, in place of testing/program_test.sh.
. "$1/tests/testing/program_test.sh"
export TMPDIR=$work # where a study that is killed leaves what it measured with

# small_study CLASSIFICATION OVERRIDE LINE...: shapes/ with so many pictures for a pre-training,
# detector.toml, pretrain.toml and study.toml, with this override of the detector and these lines of
# [study], which say at least what the arms are.
small_study() {
  "$bin/make_shapes" --out shapes --images 24 --val 6 --size 64 --classification "$1" --quiet >/dev/null ||
    exit 1
  cp "$source_dir/tests/data_files/training/small_run.toml" detector.toml
  cp "$source_dir/tests/data_files/training/study_pretraining.toml" pretrain.toml
  cat >study.toml <<END
[detector]
config = "detector.toml"
overrides = ["data.root=shapes", "solver.warmup_iters=2", "$2"]
[study]
sizes = [12, 0]
schedules = [8, 16]
threads = 1
$(printf '%s\n' "${@:3}")
END
}
study() { "$bin/ablate_data_size" --config study.toml --quiet "$@"; }

# timeless STUDY [FILE]: its report.json, or another that it has left, the same but for times and the
# study's name.
timeless() {
  sed -E "s/\"(seconds|pretraining_seconds)\":[^,}]*//g; s/\\b$1\\b/STUDY/g" "${2:-$1/report.json}"
}

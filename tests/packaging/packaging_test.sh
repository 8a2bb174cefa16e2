#!/usr/bin/env bash
# The containers of packaging/ cannot be built where there is no registry. What can be known without
# one: they do nothing but run scripts of this tree, name no package that scripts/setup.sh does not
# install, agree with each other, and what they copy is enough to configure and to name every program.
#   packaging_test.sh SOURCE_DIR
set -euo pipefail
cd "$1"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
  echo "packaging: $*" >&2
  failures=$((failures + 1))
}

docker=packaging/Dockerfile
apptainer=packaging/denovo.def

# commands_of FILE: what it runs while it is built, one a line, without variables in front.
commands_of() {
  case $1 in
    *.def) awk '/^%/ { post = $1 == "%post"; next } /^Bootstrap:/ { post = 0 } post && NF && !/^ *#/' "$1" ;;
    *) sed -n 's/^RUN  *//p' "$1" ;;
  esac | sed -E 's/^ *//; s/^([A-Z_]+=[A-Za-z0-9_]+ +)*//; s#^/denovo/##'
}

# check_commands FILE
check_commands() {
  local command packages
  packages=$(sed -nE 's/.*packages\+?=\(([^)]*)\).*/\1/p' scripts/setup.sh | tr '\n' ' ')
  [ -n "$packages" ] || fail "scripts/setup.sh names no packages"
  while read -r command; do
    local words=($command)
    case $command in
      scripts/setup.sh | scripts/build.sh) [ -x "$command" ] || fail "$1 runs $command, which is no script" ;;
      *install*)
        for package in "${words[@]:2}"; do
          [[ $package == -* || " $packages " == *" $package "* ]] ||
            fail "$1 installs $package, which scripts/setup.sh does not name"
        done
        ;;
      *) fail "$1 must run scripts of this tree only, got '$command'" ;;
    esac
  done < <(commands_of "$1")
  [ "$(commands_of "$1" | grep -c '^scripts/build.sh$')" -eq 1 ] || fail "$1 must build once"
}
check_commands $docker
check_commands $apptainer

# A planted package and a planted command are found.
sed 's#^RUN scripts/setup.sh#RUN apt-get install libnosuch-dev#' $docker >"$work/Dockerfile"
(failures=0; check_commands "$work/Dockerfile" 2>"$work/said"; exit $failures) &&
  fail "a package that setup.sh does not name must be refused"
grep -q 'libnosuch-dev' "$work/said" || fail "the package must be named: $(cat "$work/said")"

# Both are made from the same images.
images_of() {
  local version
  version=$(sed -n 's/^ARG CUDA=//p' $docker)
  sed -nE 's/^(FROM|From:) +([^ ]+).*/\2/p' "$1" | sed "s/[$]{CUDA}/$version/"
}
diff <(images_of $docker) <(images_of $apptainer) >&2 || fail "the images of both must be the same"
[ "$(images_of $docker | grep -c cudnn)" -eq 2 ] || fail "two images with cuDNN were expected"

# What Docker sees is what Apptainer copies, and enough to configure.
sed -n 's/^!//p' $docker.dockerignore | sort >"$work/docker"
awk '/^%/ { files = $0 == "%files"; next } /^Bootstrap:/ { stages++ } files && stages == 1 { print $1 }' $apptainer |
  sed '/^$/d' | sort >"$work/apptainer"
diff "$work/docker" "$work/apptainer" >&2 || fail "both must copy the same files"
mkdir "$work/tree"
while read -r path; do
  [ -e "$path" ] || { fail "$path is copied and does not exist"; continue; }
  cp -r "$path" "$work/tree/"
done <"$work/docker"
cmake --log-level=ERROR -G Ninja -S "$work/tree" -B "$work/build" -DDENOVO_CUDA=OFF -DDENOVO_TESTS=OFF >"$work/log" 2>&1 ||
  fail "what is copied does not configure: $(tail -5 "$work/log")"
ninja -C "$work/build" -t targets all | sed -n 's#^bin/\([a-z_]*\): .*#\1#p' | sort >"$work/built"
ls apps/*.cpp | xargs -n1 basename -s .cpp | sort | diff - "$work/built" >&2 || fail "every program must be built"

# The programs and files that they speak of exist.
for program in $(sed -nE 's/^ENTRYPOINT \["([a-z_]+)"\]/\1/p; s/^ *exec ([a-z_]+) .*/\1/p' $docker $apptainer) \
  $(sed -nE 's/^#.*apptainer exec .*\.sif ([a-z_]+) .*/\1/p' $apptainer); do
  [ -f "apps/$program.cpp" ] || fail "there is no program $program"
done
for path in $(grep -ohE 'configs/[a-z0-9_/]+\.toml|packaging/[A-Za-z.]+' $docker $apptainer); do
  [ -f "$path" ] || fail "$path does not exist"
done

[ $failures -eq 0 ] || exit 1
echo "packaging: both containers run scripts of this tree alone, and what they copy configures"

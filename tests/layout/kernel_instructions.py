#!/usr/bin/env python3
"""What the kernels of a build cost in machine code, against kernel_budgets.txt.

  kernel_instructions.py BUILD_DIR           fails where a kernel exceeds its budget
  kernel_instructions.py BUILD_DIR WORD...   prints the lines of kernels whose names hold a word

Reads the objects' SASS with cuobjdump and nvdisasm, from $DENOVO_DISASSEMBLER, BUILD_DIR/disassembler/bin
or PATH; neither belongs to the toolkit's compiler package, so where they are missing it exits with 77,
which ctest counts as skipped. Static: what a launch shares and how often a loop runs it cannot know.
"""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys

BUDGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernel_budgets.txt")
# What a kernel may cost at most; wide and warps: what it must have at least.
COLUMNS = ["total", "loop", "wide", "narrow", "registers", "local", "warps"]
AT_LEAST = {"wide", "warps"}
REGISTERS_OF_SM, WARPS_OF_SM, WARPS_OF_BLOCK = 65536, 64, 8

INSTRUCTION = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(.*?)\s*;")
PREDICATE = re.compile(r"^@!?U?P\w+\s+")
WIDTH = re.compile(r"\.(64|128|256|[US]8|[US]16)\b")


def find_tool(name, build):
    folders = [os.environ.get("DENOVO_DISASSEMBLER"), os.path.join(build, "disassembler", "bin")]
    found = shutil.which(name, path=os.pathsep.join(f for f in folders if f)) or shutil.which(name)
    if not found:
        print(f"kernel instructions: {name} is missing, skipped")
        sys.exit(77)
    return found


def short_names(mangled):
    """The functor that a launcher runs, xV where the launcher has a vector width."""
    names = subprocess.run(["c++filt"], input="\n".join(mangled), capture_output=True, text=True, check=True)
    return [shorten(name) for name in names.stdout.splitlines()]


def shorten(name):
    name = re.sub(r"\(anonymous namespace\)::|denovo::|ops::|phases_internal::", "", name)
    name = re.sub(r"\(ReluMask\)(\d)", lambda m: ["kNone", "kFromX", "kFromY"][int(m.group(1))], name)
    name = re.sub(r"^void ", "", name)
    name = re.sub(r"\(bool\)1", "true", re.sub(r"\(bool\)0", "false", name))
    depth, end = 0, len(name)
    for i, letter in enumerate(name):  # without the parameters
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            end = i
            break
    name = name[:end]
    name = re.sub(r"\(int\)", "", name)
    launcher = re.match(r"(\w+_kernel)<(.*?)>$", name.replace("> >", ">>"))
    if not launcher:
        return name
    arguments = launcher.group(2)
    vector = re.match(r"(\d+), (.*)$", arguments)
    return f"{vector.group(2)} x{vector.group(1)}" if vector else arguments


class Kernel:
    def __init__(self):
        self.code = []  # address, opcode, text
        self.registers = self.local = 0

    def loops(self):
        result = []
        for address, opcode, text in self.code:
            target = re.search(r"\b0x([0-9a-f]+)\b", text) if opcode.startswith("BRA") else None
            if target and int(target.group(1), 16) < address:
                result.append((int(target.group(1), 16), address))
        return result

    def measure(self, begin, end):
        count = collections.Counter()
        for address, opcode, _ in self.code:
            if not begin <= address <= end:
                continue
            count["instructions"] += 1
            if re.match(r"(LDG|STG|LD|ST)(\.|$)", opcode):
                width = WIDTH.findall(opcode)
                wide = "128" in width or "256" in width
                count["wide" if wide else "narrow"] += 1
            if re.match(r"(LDL|STL)(\.|$)", opcode):
                count["local"] += 1
        return count

    def hot(self):
        """The innermost loop with most 16-byte accesses of global memory, else with most accesses."""
        best = None
        loops = self.loops()
        for begin, end in loops:
            count = self.measure(begin, end)
            if count["wide"] + count["narrow"] == 0:
                continue
            inner = any((b, e) != (begin, end) and begin <= b and e <= end
                        and self.measure(b, e)["wide"] + self.measure(b, e)["narrow"] > 0
                        for b, e in loops)
            rank = (not inner, count["wide"], count["narrow"], count["instructions"])
            if best is None or rank > best[0]:
                best = (rank, count)
        return best[1] if best else None

    def row(self):
        whole = self.measure(0, 1 << 40)
        hot = self.hot()
        region = hot or whole
        granule = -(-max(self.registers, 1) // 8) * 8 * 32
        warps = min(WARPS_OF_SM, REGISTERS_OF_SM // granule // WARPS_OF_BLOCK * WARPS_OF_BLOCK)
        return {"total": whole["instructions"], "loop": hot["instructions"] if hot else 0, "wide": region["wide"],
                "narrow": region["narrow"], "registers": self.registers, "local": whole["local"], "warps": warps}


def read_object(path, cuobjdump):
    kernels = collections.defaultdict(Kernel)
    sass = subprocess.run([cuobjdump, "-sass", path], capture_output=True, text=True)
    name = None
    for line in sass.stdout.splitlines():
        if "Function :" in line:
            name = line.split(":", 1)[1].strip()
            continue
        match = INSTRUCTION.match(line)
        if not match or name is None:
            continue
        text = PREDICATE.sub("", match.group(2))
        opcode = text.split()[0]
        if opcode != "NOP":
            kernels[name].code.append((int(match.group(1), 16), opcode, text))
    usage = subprocess.run([cuobjdump, "-res-usage", path], capture_output=True, text=True)
    for line in usage.stdout.splitlines() + usage.stderr.splitlines():
        function = re.search(r"Function (\S+?):?\s*$", line)
        if function:
            name = function.group(1)
        registers = re.search(r"REG:(\d+)", line)
        if registers and name in kernels:
            kernels[name].registers = int(registers.group(1))
    return kernels


def read_build(build, cuobjdump):
    """"source: functor" -> row, of all objects that hold device code."""
    rows = {}
    for report in sorted(glob.glob(os.path.join(build, "**", "*.ptxas"), recursive=True)):
        path = report[: -len(".ptxas")]
        if not os.path.exists(path):
            continue
        source = re.sub(r"(_kernels|_cuda)?\..*", "", os.path.basename(path))
        kernels = read_object(path, cuobjdump)
        names = sorted(kernels)
        for name, short in zip(names, short_names(names) if names else []):
            rows[f"{source}: {short}"] = kernels[name].row()
    return rows


def read_budgets():
    budgets = {}
    with open(BUDGETS) as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            numbers, name = line[: line.rindex("|")].split(), line[line.rindex("|") + 1:].strip()
            if len(numbers) != len(COLUMNS) or name in budgets:
                sys.exit(f"kernel budgets: line {number} must be {len(COLUMNS)} numbers, | and a new name")
            budgets[name] = dict(zip(COLUMNS, map(int, numbers)))
    return budgets


def show(row, name):
    return " ".join(f"{row[c]:>{max(len(c), 5)}}" for c in COLUMNS) + " | " + name


def main():
    build, words = sys.argv[1], sys.argv[2:]
    find_tool("nvdisasm", build)
    cuobjdump = find_tool("cuobjdump", build)
    os.environ["PATH"] = os.path.dirname(find_tool("nvdisasm", build)) + os.pathsep + os.environ["PATH"]
    rows = read_build(build, cuobjdump)
    if words:
        for name in sorted(rows):
            if any(word in name for word in words):
                print(show(rows[name], name))
        return 0
    failures = 0
    budgets = read_budgets()
    for name, budget in budgets.items():
        if name not in rows:
            failures += 1
            print(f"no kernel has this name: {name}")
            continue
        for column in COLUMNS:
            got, limit = rows[name][column], budget[column]
            if got < limit if column in AT_LEAST else got > limit:
                failures += 1
                print(f"{column} must be at {'least' if column in AT_LEAST else 'most'} {limit}, got {got}: {name}")
    print(f"kernel instructions: {len(rows)} kernels, {len(budgets)} with a budget, {failures} failures")
    return 1 if failures or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

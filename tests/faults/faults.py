"""Shared by the fault tests: runs a command in its own folder, records the files of a
run without faults, and judges a run with a fault."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys

# Success, bad input or output, unable machine, wrong result; 127 is from the loader
# or from a child whose exec failed.
STATUSES = {0, 2, 4, 5, 127}

# A run never fails for being slow: this limit is far above what any takes, even on a
# loaded machine, and below ctest's limit (tests/CMakeLists.txt).
TIMEOUT_S = 1800


class Case:
    """A command in its own folder, and the files that it leaves."""

    def __init__(self, name, out, command, before=(), is_timed=False):
        """`before` are commands that make what the command reads, with no fault.
        What a timed run prints depends on its times."""
        self.is_timed = is_timed
        self.name = name
        self.before = before
        self.folder = os.path.join(out, name)
        self.good = os.path.join(out, name + ".good")
        self.command = command
        self.seen = 0

    def run(self, prefix=(), environment=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.prepare()
        return subprocess.run(
            list(prefix) + self.command, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=TIMEOUT_S,
            env=dict(os.environ, **(environment or {})))

    def prepare(self):
        os.makedirs(self.folder)
        for command in self.before:
            subprocess.run(command, cwd=self.folder, check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def learn(self):
        done = self.run()
        if done.returncode != 0:
            sys.exit("FAIL %s without any fault: %s" % (self.name,
                                                        done.stderr))
        shutil.rmtree(self.good, ignore_errors=True)
        shutil.copytree(self.folder, self.good)
        self.said = words(done.stdout)

    def files(self, folder):
        """All files but the latency histograms: on such short traces it is
        random which of them have samples."""
        return {os.path.relpath(os.path.join(where, name), folder)
                for where, _, names in os.walk(folder) for name in names
                if os.path.basename(where) != "latency"}

    def judge(self, what, done, statuses=frozenset(STATUSES), dies=False):
        """Returns the complaint about a run with a fault, or None. A killed run
        (`dies`) may print nothing and leave temporary files."""
        status = done.returncode
        if status not in statuses:
            return "%s, %s: exit status %d, %s" % (self.name, what, status,
                                                   done.stderr[-300:])
        if status != 0 and not dies and not done.stderr.strip():
            return "%s, %s: exit status %d and no word" % (self.name, what,
                                                           status)
        for name in self.files(self.folder):
            good = os.path.join(self.good, name)
            if not os.path.exists(good):
                if dies:
                    continue
                return "%s, %s: left %s behind" % (self.name, what, name)
            made = os.path.join(self.folder, name)
            if not is_whole(made, good):
                return "%s, %s: %s is not whole" % (self.name, what, name)
            if (status == 0 and not self.is_timed and
                    content(made) != content(good)):
                return "%s, %s: good, but %s lacks something" % (
                    self.name, what, name)
        if status == 0 and self.files(self.good) - self.files(self.folder):
            return "%s, %s: good, but files are missing" % (self.name, what)
        if (status == 0 and not self.is_timed and
                words(done.stdout) != self.said):
            return "%s, %s: good, but it printed %s" % (self.name, what,
                                                        done.stdout[-300:])
        return None


def words(text):
    """What a run prints, without its times and however its lines are broken."""
    return re.sub(rb"[-+]?[\d.,%]+(e[-+]?\d+)?|\s+", b" ", text).split()


def content(path):
    """The words of a file: not of a picture, and of a page or a document without those
    about the machine, of which it leaves out what it cannot read. Memory in use
    differs from run to run, so numbers are no words."""
    text = open(path, "rb").read()
    if path.endswith(".png"):
        return None
    if path.endswith(".html"):
        text = text.partition(b"<summary>Environment")[0]
    if path.endswith(".json"):
        document = json.loads(text)
        if isinstance(document, dict):
            document.pop("context", None)
        text = json.dumps(document, sort_keys=True).encode()
    return words(text)


def is_whole(path, good):
    """Equal; or well formed, if the file has a date in it."""
    if filecmp.cmp(path, good, shallow=False):
        return True
    text = open(path, "rb").read()
    if path.endswith(".png"):
        return text.startswith(b"\x89PNG") and b"IEND" in text[-12:]
    ends = {".json": b"}", ".html": b"</html>", ".svg": b"</svg>",
            ".tsv": b"\n", ".txt": b"\n", ".hgrm": b"\n"}
    end = ends.get(os.path.splitext(path)[1])
    return end is not None and text.rstrip(b"\n" * (end != b"\n")).endswith(
        end)


def more_cases(source, bench, out):
    """The commands that the suite has no time for."""
    seed = source + "/traces/seed-example.trc"
    trace = ["--trace", seed]
    spec = out + "/spec.json"
    with open(spec, "w") as file:
        file.write('{"traces": ["%s"], "allocators": ["kheap:fit=[first,best]"],'
                   ' "passes": ["count"]}' % seed)
    plan = [bench, "sweep", "plan", spec, "-o", "sweep"]
    run = [bench, "sweep", "run", "sweep", "--job"]
    for to in "perfetto", "speedscope", "collapsed":
        yield Case("export-" + to, out, [
            bench, "export", *trace, "--to", to, "-o", "out." + to])
    yield Case("show-html", out, [bench, "show", *trace, "--html", "heap.html"])
    yield Case("show-json", out, [bench, "show", *trace, "--json", "heap.json"])
    yield Case("fit", out, [bench, "fit", *trace, "--json", "fit.json"],
               is_timed=True)
    yield Case("smp", out, [bench, "smp", *trace, "--cpus", "1,2", "--json",
                            "smp.json"])
    yield Case("bless", out, [bench, "bless", "--reason", "x", *trace, "--alloc",
                              "kheap", "--baseline", "."])
    yield Case("sweep-plan", out, plan)
    yield Case("sweep-run", out, run + ["1"], before=[plan])
    yield Case("sweep-merge", out, [bench, "sweep", "merge", "sweep"],
               before=[plan, run + ["1"], run + ["2"]])


def cases(source, trc, bench, out, plots=False):
    seed = source + "/traces/seed-example.trc"
    text = out + "/short.ftrace"
    packed = subprocess.run(
        ["zstd", "-dcq", source + "/traces/recordings/"
         "linux-6.1-initramfs-boot.ftrace.zst"], stdout=subprocess.PIPE,
        check=True).stdout
    with open(text, "wb") as file:
        file.write(b"\n".join(packed.split(b"\n")[:400]) + b"\n")
    subprocess.run(["zstd", "-qf", text], check=True)
    yield Case("import", out, [trc, "import", text, "out.trc"])
    yield Case("import-zst", out, [trc, "import", text + ".zst", "out.trc"])
    yield Case("cut", out, [trc, "cut", "--to", "3", seed, "out.trc"])
    yield Case("bench", out, [
        bench, "--trace", seed, "--alloc", "kheap", "--pass",
        "verify,count", "--no-plots", "--out", "results"])
    if plots:
        # The signal ends it at once.
        yield Case("show", out, [bench, "show", "--trace", seed, "--svg",
                                 "heap.svg"])
        yield Case("plots", out, [
            bench, "--quick", "--budget", "1000000", "--trace", seed, "--alloc",
            "kheap", "--out", "results"], is_timed=True)

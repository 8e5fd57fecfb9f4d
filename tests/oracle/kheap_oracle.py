"""What importing a recording and searching its heap's rows must count.

Written from the rules alone (which event becomes what; the rows, the order of
the search, what a visit is), without a look at the C sources, so that the two
can be held against each other. ftrace text only.
"""

import bisect
import re
from collections import OrderedDict

PAGE = 4096
HEAP_PAGES = 32766
# How many events of other cpus may come between an allocation's two.
AHEAD = 65535
RECORDER = {"__rb_allocate_pages", "rb_allocate_cpu_buffer"}
NULLS = re.compile(r"^(0x)?0+$|^\((null|nil)\)$")
ZERO_SIZE = re.compile(r"^(0x)?0*10$")
BUFFER = re.compile(r"entries-in-buffer/entries-written: (\d+)/(\d+)")
LOST = re.compile(r"\[LOST (\d+) EVENTS\]")
EVENT = re.compile(r"\[(\d{3,})\].*?\s(\d+\.\d+|\d+): (\w+): ?(.*)$")


class Unidentifiable(Exception):
    """A pointer that names nothing."""


def fields_of(text):
    """The `key=value` pairs; a call site may have ` [module]` behind it."""
    pairs = re.findall(r"(\w+)=(\S*(?: \[\w+\])?)", text)
    return dict(pairs)


def is_nothing(pointer):
    return bool(NULLS.match(pointer) or ZERO_SIZE.match(pointer))


def is_recorder(site):
    return site.split("+")[0] in RECORDER


def merge_twins(records):
    """Takes the second of an allocation's two events out of a list of records,
    each [is_alloc, pointer, cpu, site, requested, granted], and gives the first
    its call site. The second is known by all that it repeats, and by its place:
    the next of its cpu, while the object of the first lives. How many there
    were."""
    maker = {}
    of_cpu = {}
    twins = []
    for number, record in enumerate(records):
        is_alloc, pointer, cpu, site, requested, granted = record
        rank = of_cpu[cpu] = of_cpu.get(cpu, 0) + 1
        if is_nothing(pointer):
            continue
        made = maker.pop(int(pointer, 16), None)
        if not is_alloc:
            continue
        if made and number - made[0] - 1 <= AHEAD and made[1:] == (
                cpu, rank - 1, requested, granted):
            records[made[0]][3] = site
            twins.append(number)
        elif not is_recorder(site):
            maker[int(pointer, 16)] = (number, cpu, rank, requested, granted)
    for number in reversed(twins):
        del records[number]
    return len(twins)


class Importer:
    """Applies the import rules, in file order, and keeps the events."""

    def __init__(self):
        self.count = dict.fromkeys(
            "allocs frees implied_frees null_frees null_allocs "
            "unmatched_frees excluded_allocs excluded_frees lost_events "
            "other_events duplicate_allocs dropped_fields".split(), 0)
        self.records = []
        self.live = {}
        self.excluded = set()
        self.free_slots = []
        self.slots = 0
        self.live_max = 0
        # (slot, size) of an alloc, (slot, None) of a free.
        self.events = []

    def take_slot(self):
        if self.free_slots:
            return self.free_slots.pop()
        self.slots += 1
        return self.slots - 1

    def end_of(self, pointer):
        slot = self.live.pop(pointer)
        self.free_slots.append(slot)
        self.events.append((slot, None))
        self.count["frees"] += 1

    def alloc(self, pointer, site, size):
        if pointer in self.live:
            self.count["implied_frees"] += 1
            self.end_of(pointer)
        self.excluded.discard(pointer)
        if is_recorder(site):
            self.count["excluded_allocs"] += 1
            self.excluded.add(pointer)
            return
        slot = self.live[pointer] = self.take_slot()
        self.events.append((slot, size))
        self.count["allocs"] += 1
        self.live_max = max(self.live_max, len(self.live))

    def free(self, pointer):
        if pointer in self.live:
            self.end_of(pointer)
        elif pointer in self.excluded:
            self.excluded.discard(pointer)
            self.count["excluded_frees"] += 1
        else:
            self.count["unmatched_frees"] += 1

    def event(self, cpu, name, text):
        if name not in ("kmalloc", "kmalloc_node", "kfree"):
            self.count["other_events"] += 1
            return
        field = fields_of(text)
        pointer = field.get("ptr", "")
        # The kernel pads "(null)" with spaces on its left.
        if re.search(r"ptr= *\((null|nil)\)", text):
            pointer = "(null)"
        if "ptrval" in pointer:
            raise Unidentifiable(pointer)
        self.records.append([name != "kfree", pointer, cpu, field["call_site"],
                             int(field.get("bytes_req", 0)),
                             int(field.get("bytes_alloc", 0))])

    def apply(self):
        """The records, once all are there, become events."""
        self.count["duplicate_allocs"] = merge_twins(self.records)
        for is_alloc, pointer, _, site, size, _ in self.records:
            if is_nothing(pointer):
                self.count["null_allocs" if is_alloc else "null_frees"] += 1
            elif is_alloc:
                self.alloc(int(pointer, 16), site, size)
            else:
                self.free(int(pointer, 16))

    def line(self, line):
        buffer, lost = BUFFER.search(line), LOST.search(line)
        if line.startswith("#"):
            if buffer:
                self.count["lost_events"] += (int(buffer.group(2)) -
                                              int(buffer.group(1)))
            return
        if lost:
            self.count["lost_events"] += int(lost.group(1))
            return
        found = EVENT.search(line)
        if found:
            self.event(int(found.group(1)), found.group(3), found.group(4))

    def result(self):
        return dict(self.count,
                    events=self.count["allocs"] + self.count["frees"],
                    objects=self.count["allocs"], live_max=self.live_max,
                    live_at_end=len(self.live))


def import_ftrace(lines):
    importer = Importer()
    for line in lines:
        importer.line(line.rstrip("\n"))
    importer.apply()
    return importer


class Rows:
    """The rows as sorted lists of ever-rising numbers, one a node: appending at
    the tail keeps them sorted, so a node's place is found by bisection and
    nothing is walked."""

    def __init__(self, order):
        self.head = order == "head"
        self.rows = OrderedDict()
        self.next = 0

    def add(self, row):
        self.rows.setdefault(row, []).append(self.next)
        self.next += 1
        return self.next - 1

    def rank(self, row, node):
        """How many nodes of the row the search compares, the hit included."""
        members = self.rows[row]
        place = bisect.bisect_left(members, node)
        return len(members) - place if self.head else place + 1

    def before(self, row):
        return sum(len(m) for r, m in self.rows.items() if r < row)

    def remove(self, row, node):
        members = self.rows[row]
        del members[bisect.bisect_left(members, node)]
        if not members:
            del self.rows[row]


def row_of(size):
    return -(-max(size, 1) // PAGE) - 1


def search_rows(events, order):
    """Counts of the row search over imported events."""
    rows = Rows(order)
    held = {}
    count = dict.fromkeys("lookups rows_visited nodes_visited "
                          "nodes_visited_max remove_nodes_visited "
                          "pages_peak".split(), 0)
    pages = 0
    for slot, size in events:
        if size is not None:
            row = row_of(size)
            held[slot] = row, rows.add(row)
            pages += row + 1
            count["pages_peak"] = max(count["pages_peak"], pages)
            continue
        row, node = held.pop(slot)
        rank = rows.rank(row, node)
        nodes = rows.before(row) + rank
        count["lookups"] += 1
        count["rows_visited"] += row + 1
        count["nodes_visited"] += nodes
        count["nodes_visited_max"] = max(count["nodes_visited_max"], nodes)
        count["remove_nodes_visited"] += rank
        rows.remove(row, node)
        pages -= row + 1
    count["pages_live"] = pages
    assert count["pages_peak"] <= HEAP_PAGES, "the window would overflow"
    return count

"""What a replay on several CPUs must count.

Written from the definitions alone (who waits for whom; when the lock serves which
event; what a step of the heap is), without a look at the C sources, so that the two
can be held against each other. The cluster heap only: rows in the order of their
insertion, and the lowest run of free pages that is long enough.
"""

import bisect
import heapq
from fractions import Fraction

from kheap_oracle import PAGE, Rows

HEAP_PAGES = 32766
WINDOW_MAX = 1 << 19
MAGAZINE_ROWS = 16


class Trace:
    """Events as `trc print` shows them: number, ns, cpu, task, kind, slot, size."""

    def __init__(self, lines):
        self.time, self.cpu, self.is_free, self.object, self.size = [], [], [], [], []
        holder, sizes = {}, []
        for line in lines:
            field = line.rstrip("\n").split("\t")
            slot = int(field[5])
            self.time.append(int(field[1]))
            self.cpu.append(int(field[2]))
            self.is_free.append(field[4] != "alloc")
            if field[4] == "alloc":
                holder[slot] = len(sizes)
                sizes.append(int(field[6]))
            self.object.append(holder[slot])
            self.size.append(sizes[holder[slot]])
        place = {c: i for i, c in enumerate(sorted(set(self.cpu)))}
        self.cpus = len(place)
        self.cpu = [place[c] for c in self.cpu]
        self.objects = len(sizes)
        self.first = {}
        for i, cpu in enumerate(self.cpu):
            self.first.setdefault(cpu, i)


class Pages:
    """The free runs of the window, by address; the lowest that fits is taken."""

    def __init__(self, pages):
        self.start = [0]
        self.length = {0: pages}
        # The lowest run that can have so many pages: none lies before it.
        self.hint = {}

    def take(self, pages):
        at = bisect.bisect_left(self.start, self.hint.get(pages, 0))
        while at < len(self.start) and self.length[self.start[at]] < pages:
            at += 1
        if at == len(self.start):
            self.hint[pages] = WINDOW_MAX
            return None
        first = self.start[at]
        left = self.length.pop(first) - pages
        self.hint[pages] = first
        if left:
            self.start[at] = first + pages
            self.length[first + pages] = left
        else:
            del self.start[at]
        return first

    def give(self, first, pages):
        at = bisect.bisect_left(self.start, first)
        if at < len(self.start) and self.start[at] == first + pages:
            pages += self.length.pop(self.start.pop(at))
        if at > 0 and (self.start[at - 1] +
                       self.length[self.start[at - 1]] == first):
            at -= 1
            first = self.start[at]
            self.length[first] += pages
        else:
            self.start.insert(at, first)
            self.length[first] = pages
        for wanted, lowest in self.hint.items():
            if first < lowest:
                self.hint[wanted] = first


class Heap:
    """The cluster heap and what its operations count."""

    def __init__(self, pages, order, steps):
        self.pages = Pages(pages)
        self.steps = steps
        # Where nobody asks what a walk takes, none is made.
        self.rows = Rows(order) if steps else None
        self.cost = 0

    def kmalloc(self, pages):
        first = self.pages.take(pages)
        self.cost = 0
        if first is None:
            return None
        self.cost = self.steps.get("pte_writes", 0) * pages
        return (pages, first, self.rows and self.rows.add(pages - 1))

    def kfree(self, cluster):
        pages, first, node = cluster
        step = self.steps.get
        self.cost = (step("pte_writes", 0) + step("tlb_invalidations", 0)) * pages
        if self.rows:
            row = pages - 1
            rank = self.rows.rank(row, node)
            self.cost += (step("lookups", 0) + step("rows_visited", 0) * pages +
                          step("nodes_visited", 0) *
                          (self.rows.before(row) + rank) +
                          step("remove_nodes_visited", 0) * rank)
            self.rows.remove(row, node)
        self.pages.give(first, pages)


class Caches:
    """Magazines of every CPU and row, and the depot."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.loaded, self.previous, self.depot = {}, {}, {}

    def take(self, key):
        """A cluster, or None."""
        loaded = self.loaded.setdefault(key, [])
        previous = self.previous.setdefault(key, [])
        if not loaded and len(previous) == self.rounds:
            self.loaded[key], self.previous[key] = loaded, previous = previous, loaded
        return loaded.pop() if loaded else None

    def exchange_take(self, key):
        if not self.depot.get(key[1]):
            return None
        self.previous[key] = self.loaded[key]
        self.loaded[key] = self.depot[key[1]].pop()
        return self.loaded[key].pop()

    def put(self, key, cluster):
        """True if there was room."""
        loaded = self.loaded.setdefault(key, [])
        previous = self.previous.setdefault(key, [])
        if len(loaded) == self.rounds and not previous:
            self.loaded[key], self.previous[key] = loaded, previous = previous, loaded
        if len(loaded) == self.rounds:
            return False
        loaded.append(cluster)
        return True

    def exchange_put(self, key, cluster):
        self.depot.setdefault(key[1], []).append(self.previous[key])
        self.previous[key] = self.loaded[key]
        self.loaded[key] = [cluster]


def streams(trace, cpus):
    """Of every simulated CPU, its (event, copy) in order."""
    copies = -(-cpus // trace.cpus)
    mine = [[] for _ in range(cpus)]
    for event, cpu in enumerate(trace.cpu):
        for copy in range(copies):
            mine[(copy * trace.cpus + cpu) % cpus].append((event, copy))
    return copies, mine


def think_times(trace, mine, speed, stagger):
    """z of every event, ps; `speed` is a decimal's text, or "max"."""
    think = {}
    for steps in mine:
        before = trace.time[0]
        for event, copy in steps:
            z = 0
            if speed != "max":
                gone = Fraction(max(0, trace.time[event] - before) * 1000)
                z = int(gone / Fraction(speed))
            if trace.first[trace.cpu[event]] == event:
                z += copy * stagger * 1000
            think[event, copy] = z
            before = trace.time[event]
    return think


class Replay:
    """One run. `costs` is what --costs takes."""

    def __init__(self, trace, cpus, speed="max", costs=None, magazines=0,
                 heap_pages=HEAP_PAGES, stagger=0, order="tail"):
        self.trace, self.cpus, self.costs = trace, cpus, costs or {}
        self.copies, self.mine = streams(trace, cpus)
        self.think = think_times(trace, self.mine, speed, stagger)
        self.caches = Caches(magazines) if magazines else None
        self.heap = Heap(min(heap_pages * self.copies, WINDOW_MAX), order,
                         self.costs.get("per_ps", {}))
        self.done, self.spent, self.where, self.cluster = {}, {}, {}, {}
        self.back, self.holder, self.cached = 0, None, 0
        self.waits = []
        self.n = dict.fromkeys(
            "makespan_ps lock_acquisitions lock_busy_ps handoffs "
            "dependency_stalls cross_cpu_frees magazine_hits depot_exchanges "
            "cached_pages_peak failed_allocs skipped_frees".split(), 0)

    def fixed(self, name):
        return self.costs.get("fixed_ps", {}).get(name, 0)

    def under_lock(self, ready, cpu, cost):
        start = max(ready, self.back)
        self.waits.append(start - ready)
        self.n["lock_acquisitions"] += 1
        held = cost
        if self.holder not in (None, cpu):
            self.n["handoffs"] += 1
            held += self.costs.get("handoff_ps", 0)
        self.n["lock_busy_ps"] += held
        self.holder, self.back = cpu, start + held
        return self.back, cost

    def hit(self, ready):
        self.n["magazine_hits"] += 1
        cost = self.costs.get("magazine_ps", 0)
        return ready + cost, cost

    def exchange(self, ready, cpu):
        self.n["depot_exchanges"] += 1
        return self.under_lock(ready, cpu, self.costs.get("depot_ps", 0))

    def alloc(self, ready, cpu, name, pages):
        if self.caches and pages <= MAGAZINE_ROWS:
            taken = self.caches.take((cpu, pages))
            is_hit = taken is not None
            if not is_hit:
                taken = self.caches.exchange_take((cpu, pages))
            if taken is not None:
                self.cluster[name] = taken
                self.cached -= pages
                return self.hit(ready) if is_hit else self.exchange(ready, cpu)
        self.cluster[name] = self.heap.kmalloc(pages)
        self.n["failed_allocs"] += self.cluster[name] is None
        return self.under_lock(ready, cpu, self.fixed("kmalloc") + self.heap.cost)

    def free(self, ready, cpu, name, pages):
        if self.cluster[name] is None:
            self.n["skipped_frees"] += 1
            return ready, 0
        self.n["cross_cpu_frees"] += self.where[name] != cpu
        if self.caches and pages <= MAGAZINE_ROWS:
            self.cached += pages
            self.n["cached_pages_peak"] = max(self.n["cached_pages_peak"],
                                              self.cached)
            if self.caches.put((cpu, pages), self.cluster[name]):
                return self.hit(ready)
            self.caches.exchange_put((cpu, pages), self.cluster[name])
            return self.exchange(ready, cpu)
        self.heap.kfree(self.cluster[name])
        return self.under_lock(ready, cpu, self.fixed("kfree") + self.heap.cost)

    def run(self):
        trace, queue, at = self.trace, [], [0] * self.cpus
        last, blocked = [0] * self.cpus, {}

        def next_of(cpu):
            if at[cpu] == len(self.mine[cpu]):
                return
            event, copy = self.mine[cpu][at[cpu]]
            name = trace.object[event], copy
            ready = last[cpu] + self.think[event, copy]
            if trace.is_free[event]:
                if name not in self.done:
                    blocked[name] = cpu
                    return
                if self.done[name] > ready:
                    self.n["dependency_stalls"] += 1
                    ready = self.done[name]
            heapq.heappush(queue, (ready, event, copy, cpu))

        for cpu in range(self.cpus):
            next_of(cpu)
        while queue:
            ready, event, copy, cpu = heapq.heappop(queue)
            name = trace.object[event], copy
            pages = max(1, -(-trace.size[event] // PAGE))
            serve = self.free if trace.is_free[event] else self.alloc
            done, self.spent[event, copy] = serve(ready, cpu, name, pages)
            self.n["makespan_ps"] = max(self.n["makespan_ps"], done)
            last[cpu] = done
            at[cpu] += 1
            if not trace.is_free[event]:
                self.done[name] = done
                self.where[name] = cpu
                if name in blocked:
                    next_of(blocked.pop(name))
            next_of(cpu)
        return self.result()

    def longest(self, is_free_of_cost):
        """The longest path of program and data order."""
        path, last, longest = {}, [0] * self.cpus, 0
        at = [0] * self.cpus
        # Numbers and copies rise along every path.
        for event in range(len(self.trace.time)):
            for copy in range(self.copies):
                cpu = (copy * self.trace.cpus + self.trace.cpu[event]) % self.cpus
                name = self.trace.object[event], copy
                begin = last[cpu] + self.think[event, copy]
                if self.trace.is_free[event]:
                    begin = max(begin, path[name])
                if not is_free_of_cost:
                    begin += self.spent[event, copy]
                if not self.trace.is_free[event]:
                    path[name] = begin
                last[cpu] = begin
                longest = max(longest, begin)
                at[cpu] += 1
        return longest

    def percentile(self, percent):
        waits = sorted(self.waits)
        return waits[-(-len(waits) * percent // 100) - 1] if waits else 0

    def result(self):
        return dict(self.n,
                    lock_waits=sum(w > 0 for w in self.waits),
                    lock_wait_ps=sum(self.waits),
                    lock_wait_max_ps=max(self.waits, default=0),
                    lock_wait_p50_ps=self.percentile(50),
                    lock_wait_p99_ps=self.percentile(99),
                    critical_path_ps=self.longest(False),
                    zero_cost_makespan_ps=self.longest(True))

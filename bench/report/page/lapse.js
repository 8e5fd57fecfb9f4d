'use strict';

/* The heap's time-lapse: replays what bench recorded of each event (bench_tape.h) in one
 * or two allocators, and draws the heap after any event: rows, address map, the last
 * kfree's search. Every step can be taken back, so that scrubbing costs as much in
 * either direction. */
(() => {
const PAGE = 4096;
const digits = new Intl.NumberFormat('en-US');
const group = (n) => digits.format(n);
const hex = (n) => '0x' + n.toString(16).toUpperCase().padStart(8, '0');

/* Reads a column of unsigned LEB128 numbers. */
function numbers(bytes) {
  let count = 0;
  for (const b of bytes)
    count += b < 0x80;
  const out = new Float64Array(count);
  let n = 0, scale = 1, i = 0;
  for (const b of bytes) {
    n += (b & 0x7f) * scale;
    scale *= 128;
    if (b < 0x80) {
      out[i++] = n;
      n = 0;
      scale = 1;
    }
  }
  return out;
}

/* The columns of the embedded data, by name. */
async function unpack(section) {
  const head = JSON.parse(section.querySelector('.lapse-head').textContent);
  const packed = Uint8Array.from(
    atob(section.querySelector('.lapse-data').textContent.trim()),
    (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(
    new DecompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let at = 0;
  const take = (size) => bytes.subarray(at, at += size);
  head.column = {};
  for (const [name, size] of head.columns)
    head.column[name] = numbers(take(size));
  for (const [k, a] of head.allocators.entries()) {
    a.column = {};
    for (const [name, size] of a.columns)
      a.column[name] = numbers(take(size));
    a.color = k;
  }
  return head;
}

/* The trace: which object each event is about, from 1. */
function readTrace(head) {
  const { kind, size, back, site } = head.column;
  const object = new Int32Array(kind.length);
  const live = new Int32Array(kind.length + 1);
  const born = new Int32Array(size.length + 1);
  let allocs = 0, frees = 0;
  for (let e = 0; e < kind.length; e++) {
    if (kind[e] === 0) {
      object[e] = ++allocs;
      born[allocs] = e;
      live[e + 1] = live[e] + 1;
    } else {
      object[e] = allocs - back[frees++];
      live[e + 1] = live[e] - 1;
    }
  }
  return { name: head.trace, events: kind.length, allocs, kind, site, size,
    object, live, born, names: head.sites };
}

/* One allocator's heap after `at` events. A row is a ring of objects through a node of
 * its own, numbered after the objects. */
class Heap {
  constructor(trace, a) {
    const n = trace.allocs + 1;
    this.trace = trace;
    this.name = a.name;
    this.search = a.search;
    this.atHead = a.atHead;
    this.firstIndex = a.firstIndex;
    this.rows = a.rows;
    this.low = a.pageLow;
    this.high = a.pageHigh;
    this.color = a.color;
    this.page = new Float64Array(n);
    this.pages = new Int32Array(n);
    this.index = new Int32Array(n);
    this.isFresh = new Uint8Array(n);
    this.placeObjects(a.column.page, a.column.pages);
    this.costFrees(a.column.nodes);
    this.makeRows();
    this.freed = [];
    this.fresh = 0;
    this.at = 0;
    this.live = 0;
    this.livePages = 0;
    this.owner = new Int32Array(this.high - this.low);
  }

  placeObjects(page, pages) {
    let last = 0, placed = 0;
    for (let o = 1; o <= this.trace.allocs; o++) {
      const code = page[o - 1] - 1;
      if (code < 0)
        continue;
      last += code % 2 ? -(code + 1) / 2 : code / 2;
      this.page[o] = last;
      this.pages[o] = pages[placed++];
    }
  }

  /* Nodes compared by each event; -1 for no search. */
  costFrees(nodes) {
    const { events, kind, object } = this.trace;
    this.nodes = new Int32Array(events).fill(-1);
    this.worst = -1;
    let i = 0;
    for (let e = 0; e < events; e++) {
      if (kind[e] === 0 || this.pages[object[e]] === 0)
        continue;
      this.nodes[e] = nodes[i++];
      if (this.worst < 0 || this.nodes[e] > this.nodes[this.worst])
        this.worst = e;
    }
  }

  makeRows() {
    const used = [...new Set(this.pages.filter((p) => p > 0))].sort(
      (a, b) => a - b);
    const n = this.trace.allocs + 1;
    this.row = used.map((p, k) => ({ row: p - 1, head: n + k, count: 0 }));
    this.rowOf = new Int32Array((used.at(-1) ?? 0) + 1);
    this.next = new Int32Array(n + used.length);
    this.prev = new Int32Array(n + used.length);
    for (const [k, r] of this.row.entries()) {
      this.rowOf[used[k]] = k;
      this.next[r.head] = this.prev[r.head] = r.head;
    }
  }

  own(o, owner) {
    const first = this.page[o] - this.low;
    this.owner.fill(owner, first, first + this.pages[o]);
  }

  /* Links an object after the node that its `prev` names. */
  link(o, sign) {
    const { next, prev } = this;
    next[prev[o]] = o;
    prev[next[o]] = o;
    this.count(o, 1);
    this.own(o, o);
  }

  unlink(o) {
    const { next, prev } = this;
    next[prev[o]] = next[o];
    prev[next[o]] = prev[o];
    this.count(o, -1);
    this.own(o, 0);
  }

  count(o, sign) {
    this.row[this.rowOf[this.pages[o]]].count += sign;
    this.live += sign;
    this.livePages += sign * this.pages[o];
  }

  takeIndex(o) {
    this.isFresh[o] = this.freed.length === 0;
    this.index[o] = this.isFresh[o]
      ? (this.firstIndex + this.fresh++) % this.rows : this.freed.pop();
  }

  /* Plays the next event. */
  forward() {
    const e = this.at++;
    const o = this.trace.object[e];
    if (this.pages[o] === 0)
      return;
    if (this.trace.kind[e] === 0) {
      const head = this.row[this.rowOf[this.pages[o]]].head;
      this.takeIndex(o);
      this.prev[o] = this.atHead ? head : this.prev[head];
      this.next[o] = this.atHead ? this.next[head] : head;
      this.link(o);
    } else {
      this.unlink(o);
      this.freed.push(this.index[o]);
    }
  }

  /* Takes the last event back. */
  backward() {
    const e = --this.at;
    const o = this.trace.object[e];
    if (this.pages[o] === 0)
      return;
    if (this.trace.kind[e] === 0) {
      this.unlink(o);
      if (this.isFresh[o])
        this.fresh--;
      else
        this.freed.push(this.index[o]);
    } else {
      this.freed.pop();
      /* An object that is freed keeps its neighbors. */
      this.link(o);
    }
  }

  seek(at) {
    while (this.at < at)
      this.forward();
    while (this.at > at)
      this.backward();
  }

  cluster(o) {
    return { row: this.pages[o] - 1, index: this.index[o],
      address: this.page[o] * PAGE, size: this.pages[o] * PAGE };
  }

  /* The last event: what it did, and for a kfree how it found its cluster: `walk`
   * has the objects that it compared, in their order. */
  last() {
    const { trace } = this;
    const e = this.at - 1;
    if (e < 0)
      return { op: 'none' };
    const o = trace.object[e];
    const isAlloc = trace.kind[e] === 0;
    const out = { event: e, object: o, site: trace.names[trace.site[e]],
      implied: trace.kind[e] === 2, size: isAlloc ? trace.size[o - 1] : 0 };
    if (this.pages[o] === 0) {
      out.op = isAlloc ? 'failed' : 'skipped';
      return out;
    }
    out.op = isAlloc ? 'alloc' : 'free';
    out.subject = this.cluster(o);
    if (!isAlloc)
      this.retrace(out);
    return out;
  }

  retrace(out) {
    const own = this.pages[out.object] - 1;
    this.backward();
    out.walk = [];
    out.removal = 0;
    let rows = 0;
    for (const r of this.row) {
      if (r.row > own)
        break;
      rows += r.count > 0;
      for (let o = this.next[r.head]; o !== r.head; o = this.next[o]) {
        out.walk.push(o);
        out.removal += r.row === own;
        if (o === out.object)
          break;
      }
    }
    this.forward();
    out.rows = this.search === 'rows' ? own + 1 : rows;
    out.nodes = out.walk.length;
    if (this.search === 'index') {
      out.walk = [];
      out.rows = 0;
      out.nodes = this.nodes[out.event];
    }
  }

  /* The state as 'bench show --json' gives it. */
  state() {
    const last = this.last();
    const clusters = [];
    for (const r of this.row)
      for (let o = this.next[r.head]; o !== r.head; o = this.next[o])
        clusters.push(this.cluster(o));
    const out = { trace: this.trace.name, allocator: this.name,
      after: this.at, events: this.trace.events, op: last.op, clusters };
    if (last.op !== 'none' && last.op !== 'skipped')
      out.site = last.site;
    if (last.op === 'alloc' || last.op === 'failed')
      out.requested = last.size;
    if (last.subject)
      out.subject = last.subject;
    if (last.op === 'free')
      Object.assign(out, { implied: last.implied, nodes: last.nodes,
        rows: last.rows, unlink_nodes: last.removal });
    return out;
  }
}

/* What a screen shows of one sentence. */
function tell(heap, last) {
  const from = last.site ? ` from ${last.site}` : '';
  const kind = {
    none: () => 'No event yet: the heap is empty.',
    alloc: () => `kmalloc(${group(last.size)})${from} gets ` +
      `${hex(last.subject.address)}`,
    failed: () => `kmalloc(${group(last.size)})${from} fails`,
    skipped: () => 'a kfree of an object whose kmalloc had failed',
    free: () => `kfree(${hex(last.subject.address)})${from} compares ` +
      `${group(last.nodes)} node${last.nodes === 1 ? '' : 's'}`,
  };
  return kind[last.op]();
}

/* Colors and fonts, as the style sheet has them. */
function readTheme(section) {
  const style = getComputedStyle(section);
  const get = (name) => style.getPropertyValue(name).trim();
  const rgb = (name) => {
    const h = get(name);
    return 0xff000000 | parseInt(h.slice(5, 7), 16) << 16 |
      parseInt(h.slice(3, 5), 16) << 8 | parseInt(h.slice(1, 3), 16);
  };
  return {
    ink: get('--ink'), soft: get('--soft'), line: get('--line'),
    paper: get('--paper'), head: get('--head'), area: get('--lapse-area'),
    free: rgb('--lapse-free'),
    age: ['--lapse-new', '--lapse-mid', '--lapse-old'].map(rgb),
    walked: rgb('--lapse-walked'), subject: rgb('--lapse-subject'),
    walkedText: get('--lapse-walked'), subjectText: get('--lapse-subject'),
    alloc: [get('--alloc-0'), get('--alloc-1')],
    font: style.fontFamily,
  };
}

/* A canvas of `width` x `height` CSS pixels; its context. */
function fitCanvas(canvas, width, height) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const g = canvas.getContext('2d', { alpha: false });
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  return g;
}

/* The text's beginning, as far as it fits. */
function clip(g, text, width) {
  if (g.measureText(text).width <= width)
    return text;
  let n = Math.floor(text.length * width / g.measureText(text).width);
  while (n > 0 && g.measureText(text.slice(0, n) + '…').width > width)
    n--;
  return text.slice(0, n) + '…';
}

const LINE = 17;
const STEPS_HEAD = 6;
const STEPS_TAIL = 3;
const LISTS_MAX = 11;

/* One allocator's canvas. */
class Panel {
  constructor(heap, canvas) {
    this.heap = heap;
    this.canvas = canvas;
    this.image = document.createElement('canvas');
  }

  fit(theme) {
    const width = this.canvas.parentNode.clientWidth;
    const wide = width >= 720;
    const side = Math.floor(wide ? width * .27 : width);
    this.theme = theme;
    this.width = width;
    this.height = wide ? 300 : 716;
    this.g = fitCanvas(this.canvas, width, this.height);
    this.part = wide
      ? { lists: { x: 0, y: 26, w: side - 14, h: 270 },
        map: { x: side, y: 26, w: width - 2 * side, h: 244 },
        search: { x: width - side + 14, y: 26, w: side - 14, h: 270 } }
      : { map: { x: 0, y: 26, w: width, h: 160 },
        lists: { x: 0, y: 218, w: width, h: 210 },
        search: { x: 0, y: 436, w: width, h: 280 } };
    this.fitMap();
  }

  /* A pixel per page, in columns of an aspect that fills the room. */
  fitMap() {
    const pages = Math.max(this.heap.high - this.heap.low, 1);
    const { w, h } = this.part.map;
    this.across = Math.max(1, Math.ceil(Math.sqrt(pages * w / h)));
    this.down = Math.ceil(pages / this.across);
    this.image.width = this.across;
    this.image.height = this.down;
    this.pixels = this.image.getContext('2d').createImageData(this.across,
      this.down);
    this.word = new Uint32Array(this.pixels.data.buffer);
  }

  text(text, x, y, color, bold) {
    this.g.fillStyle = color ?? this.theme.ink;
    if (bold)
      this.g.font = `600 12px ${this.theme.font}`;
    this.g.fillText(text, x, y);
    if (bold)
      this.g.font = `12px ${this.theme.font}`;
  }

  draw() {
    const { g, theme, heap } = this;
    const last = heap.last();
    g.fillStyle = theme.paper;
    g.fillRect(0, 0, this.width, this.height);
    g.font = `12px ${theme.font}`;
    g.textBaseline = 'alphabetic';
    this.drawTitle();
    this.drawLists(last);
    this.drawMap(last);
    this.drawSearch(last);
    return last;
  }

  drawTitle() {
    const { g, theme, heap } = this;
    g.fillStyle = theme.alloc[heap.color];
    g.fillRect(0, 3, 10, 10);
    g.font = `600 12px ${theme.font}`;
    const short = `${heap.name}: ${group(heap.live)} clusters`;
    const long = `${heap.name}: ${group(heap.live)} live clusters, ` +
      `${group(heap.livePages)} pages`;
    const fits = g.measureText(long).width <= this.width - 16;
    this.text(clip(g, fits ? long : short, this.width - 16), 16, 13, null,
      true);
  }

  drawLists(last) {
    const { x, y, w, h } = this.part.lists;
    const { g, theme, heap } = this;
    let line = y + 10, shown = 0, more = 0;
    this.text('Rows (linked lists)', x, line, theme.soft);
    for (const r of heap.row) {
      if (r.count === 0)
        continue;
      if (shown === LISTS_MAX || line + 2 * LINE > y + h) {
        more++;
        continue;
      }
      shown++;
      line += LINE + 3;
      this.drawList(r, x, line, w, last);
    }
    if (more > 0)
      this.text(`${group(more)} more rows`, x, line + LINE + 3, theme.soft);
  }

  /* A row's number, as many of its nodes as fit, and how many do not. */
  drawList(r, x, y, w, last) {
    const { g, theme, heap } = this;
    const label = `Row ${group(r.row)}`;
    const tail = ` ${group(r.count)} node${r.count === 1 ? '' : 's'}`;
    const end = x + w - g.measureText(tail).width;
    let at = x + Math.max(g.measureText(label).width, 42) + 6;
    this.text(label, x, y);
    for (let o = heap.next[r.head]; o !== r.head; o = heap.next[o]) {
      const text = String(heap.index[o]);
      const own = g.measureText(text).width + 8;
      const isLast = heap.next[o] === r.head;
      if (at + own + (isLast ? 0 : 15) > end) {
        this.text('…', at + 2, y, theme.soft);
        break;
      }
      const isNew = last.op === 'alloc' && o === last.object;
      g.fillStyle = isNew ? theme.subjectText : theme.head;
      g.fillRect(at, y - 11, own, 15);
      this.text(text, at + 4, y, isNew ? theme.paper : theme.ink);
      at += own + 3;
    }
    this.text(tail, end, y, theme.soft);
  }

  drawMap(last) {
    const { x, y, w, h } = this.part.map;
    const { g, theme, heap, word } = this;
    const { born } = heap.trace;
    const [fresh, mid, old] = theme.age;
    const now = heap.at, newer = heap.trace.events / 100,
      older = heap.trace.events / 10;
    for (let p = 0; p < heap.owner.length; p++) {
      const o = heap.owner[p];
      const age = now - born[o];
      word[p] = o === 0 ? theme.free
        : age < newer ? fresh : age < older ? mid : old;
    }
    this.paintSearch(last);
    this.image.getContext('2d').putImageData(this.pixels, 0, 0);
    g.imageSmoothingEnabled = false;
    g.drawImage(this.image, x, y, w, h);
    g.strokeStyle = theme.line;
    g.strokeRect(x + .5, y + .5, w - 1, h - 1);
    this.drawKey(x, y + h + 16, x + w);
  }

  paint(o, color) {
    const first = this.heap.page[o] - this.heap.low;
    this.word.fill(color, first, first + this.heap.pages[o]);
  }

  /* The clusters that the last kfree compared; the cluster that is new or gone. */
  paintSearch(last) {
    for (const o of last.walk ?? [])
      this.paint(o, this.theme.walked);
    if (last.subject)
      this.paint(last.object, this.theme.subject);
  }

  drawKey(x, y, end) {
    const { g, theme } = this;
    const color = (word) => `rgb(${word & 255} ${word >> 8 & 255} ` +
      `${word >> 16 & 255})`;
    for (const [word, text] of [[theme.age[0], 'new'], [theme.age[1], ''],
      [theme.age[2], 'old'], [theme.walked, 'compared'],
      [theme.subject, 'this event']]) {
      g.fillStyle = color(word);
      g.fillRect(x, y - 9, 10, 10);
      x += 13;
      if (text) {
        this.text(text, x, y, theme.soft);
        x += g.measureText(text).width + 8;
      }
    }
    const scale = 'one dot per page, by rising address';
    if (g.measureText(scale).width <= end - x)
      this.text(scale, end - g.measureText(scale).width, y, theme.soft);
  }

  drawSearch(last) {
    const { x, y, w } = this.part.search;
    const { g, theme } = this;
    let line = y + 10;
    const put = (text, color, bold) => {
      this.text(clip(g, text, w), x, line, color, bold);
      line += LINE;
    };
    put('Last event' + (last.op === 'none' ? '' :
      `, number ${group(last.event)}`), theme.soft);
    if (last.op === 'free')
      this.tellFree(last, put);
    else if (last.op === 'alloc')
      this.tellAlloc(last, put);
    else
      put(tell(this.heap, last));
  }

  tellAlloc(last, put) {
    const c = last.subject;
    const pages = c.size / PAGE;
    put(`kmalloc(${group(last.size)})`, null, true);
    if (last.site)
      put(`from ${last.site}`);
    put(`${group(pages)} page${pages === 1 ? '' : 's'} at ${hex(c.address)}`);
    put(`Node [${c.index}] goes to the ` +
      `${this.heap.atHead ? 'head' : 'tail'} of row ${group(c.row)}`,
    this.theme.subjectText);
  }

  tellFree(last, put) {
    const { theme, heap } = this;
    const c = last.subject;
    put(`kfree(${hex(c.address)})`, null, true);
    if (last.site)
      put(`from ${last.site}${last.implied ? ' (implied)' : ''}`);
    const most = STEPS_HEAD + STEPS_TAIL;
    for (let i = 0; i < last.walk.length; i++) {
      if (i === STEPS_HEAD && last.walk.length > most + 1) {
        i = last.walk.length - STEPS_TAIL;
        put(`… ${group(i - STEPS_HEAD)} more nodes …`, theme.soft);
      }
      const o = last.walk[i];
      const found = o === last.object;
      put(`[${heap.index[o]}] ${hex(heap.page[o] * PAGE)} ` +
        `${found ? 'found' : 'no'}`,
      found ? theme.subjectText : theme.walkedText);
    }
    put(`${group(last.nodes)} node${last.nodes === 1 ? '' : 's'} compared`,
      null, true);
    if (heap.search !== 'index')
      put(`and ${group(last.removal)} walked to unlink it`);
  }
}

const AXIS_HEIGHT = 96;

/* The time axis: live objects, each allocator's longest search, and the moment. */
class Axis {
  constructor(trace, heaps, canvas) {
    this.trace = trace;
    this.heaps = heaps;
    this.canvas = canvas;
    this.still = document.createElement('canvas');
  }

  fit(theme) {
    this.theme = theme;
    this.width = this.canvas.parentNode.clientWidth;
    this.g = fitCanvas(this.canvas, this.width, AXIS_HEIGHT);
    this.drawStill(fitCanvas(this.still, this.width, AXIS_HEIGHT));
  }

  /* The largest value of each pixel's events. */
  columns(values) {
    const out = new Float64Array(Math.ceil(this.width));
    for (let i = 0; i < values.length; i++) {
      const x = Math.min(out.length - 1,
        Math.floor(i * out.length / values.length));
      out[x] = Math.max(out[x], values[i]);
    }
    return out;
  }

  drawStill(g) {
    const { theme, trace } = this;
    const top = 16, bottom = AXIS_HEIGHT - 4;
    const live = this.columns(trace.live);
    const peak = Math.max(1, ...live);
    const y = (v) => bottom - (bottom - top) * v / peak;
    g.fillStyle = theme.paper;
    g.fillRect(0, 0, this.width, AXIS_HEIGHT);
    g.fillStyle = theme.area;
    for (let x = 0; x < live.length; x++)
      g.fillRect(x, y(live[x]), 1, bottom - y(live[x]));
    for (const heap of this.heaps)
      this.drawCost(g, heap, y);
    g.fillStyle = theme.soft;
    g.font = `12px ${theme.font}`;
    const long = `area: live objects (peak ${group(peak)}); lines: nodes ` +
      'compared per kfree, same scale';
    g.fillText(g.measureText(long).width <= this.width - 4 ? long
      : `area: live objects (peak ${group(peak)}); lines: nodes per kfree`,
    2, 11);
  }

  drawCost(g, heap, y) {
    const nodes = this.columns(heap.nodes);
    g.strokeStyle = this.theme.alloc[heap.color];
    g.lineWidth = 1.5;
    g.beginPath();
    for (let x = 0; x < nodes.length; x++)
      g.lineTo(x, Math.max(y(nodes[x]), 14));
    g.stroke();
  }

  draw(at) {
    const { g, theme } = this;
    const x = this.width * at / Math.max(1, this.trace.events);
    g.setTransform(1, 0, 0, 1, 0, 0);
    g.drawImage(this.still, 0, 0);
    const ratio = this.canvas.width / this.width;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.fillStyle = theme.ink;
    g.fillRect(Math.min(this.width - 2, Math.max(0, x - 1)), 0, 2,
      AXIS_HEIGHT);
  }
}

/* The controls, and what they move. */
class Lapse {
  constructor(section, head, number) {
    this.section = section;
    this.number = number;
    this.trace = readTrace(head);
    this.heaps = head.allocators.map((a) => new Heap(this.trace, a));
    this.at = 0;
    this.playing = false;
    this.build();
    this.resize();
    new ResizeObserver(() => this.resize()).observe(section);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change',
      () => this.resize());
    addEventListener('beforeprint', () => this.draw());
    addEventListener('hashchange', () => this.readHash());
    if (!this.readHash())
      this.seek(Math.max(0, this.heaps[0].worst + 1));
  }

  make(tag, attributes, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      e.setAttribute(name, value);
    e.append(...children);
    return e;
  }

  button(text, title, act) {
    const b = this.make('button', { type: 'button', title }, text);
    b.addEventListener('click', act);
    return b;
  }

  build() {
    const label = `Event, 0 to ${group(this.trace.events)}`;
    const axis = this.make('canvas', { role: 'img', 'aria-label':
      `Live objects of ${this.trace.name} over its events, and the nodes ` +
      'that each kfree compares' });
    this.range = this.make('input', { type: 'range', min: 0,
      max: this.trace.events, step: 1, 'aria-label': label });
    this.range.addEventListener('input', () =>
      this.jump(Number(this.range.value)));
    this.axis = new Axis(this.trace, this.heaps, axis);
    this.scrub(axis);
    this.said = this.make('output', { class: 'lapse-said' });
    this.panels = this.heaps.map((heap) => {
      const canvas = this.make('canvas', { role: 'img' });
      return new Panel(heap, canvas);
    });
    this.section.querySelector('.lapse-stage').replaceChildren(
      this.buildBar(), this.make('div', { class: 'lapse-axis' }, axis),
      this.range, this.said,
      ...this.panels.map((p) =>
        this.make('div', { class: 'lapse-panel' }, p.canvas)));
    this.section.addEventListener('keydown', (e) => this.key(e));
  }

  buildBar() {
    this.play = this.button('▶ Play', 'Play or pause (space)',
      () => this.toggle());
    this.speed = this.make('select', { 'aria-label': 'Speed' });
    for (const s of [10, 100, 1000, 10000])
      this.speed.append(this.make('option', { value: s },
        `${group(s)} events/s`));
    this.speed.value = 1000;
    this.number_ = this.make('input', { type: 'number', min: 0,
      max: this.trace.events, 'aria-label': 'Events played' });
    this.number_.addEventListener('change', () =>
      this.jump(Number(this.number_.value)));
    const worst = this.heaps.map((heap) => this.button(
      `Worst kfree${this.heaps.length > 1 ? ` of ${heap.name}` : ''}`,
      'Jump to the longest search (w)', () => this.jump(heap.worst + 1)));
    return this.make('div', { class: 'lapse-bar', role: 'group',
      'aria-label': 'Time-lapse' }, this.play,
    this.button('◀', 'One event back (left arrow)',
      () => this.jump(this.at - 1)),
    this.button('▶', 'One event on (right arrow)',
      () => this.jump(this.at + 1)),
    this.speed, this.make('label', {}, 'after ', this.number_,
      ` of ${group(this.trace.events)} events`), ...worst);
  }

  scrub(canvas) {
    const to = (e) => {
      const box = canvas.getBoundingClientRect();
      this.jump(Math.round(this.trace.events * (e.clientX - box.left) /
        box.width));
    };
    canvas.addEventListener('pointerdown', (e) => {
      canvas.setPointerCapture(e.pointerId);
      to(e);
    });
    canvas.addEventListener('pointermove', (e) => {
      if (e.buttons)
        to(e);
    });
  }

  key(e) {
    const typing = e.target.matches('input[type=number], select');
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1000,
      PageDown: 1000, Home: -Infinity, End: Infinity };
    if (typing || e.ctrlKey || e.metaKey || e.altKey)
      return;
    if (e.key === ' ' && !e.target.matches('button'))
      this.toggle();
    else if (e.key === 'w')
      this.jump(this.heaps[0].worst + 1);
    else if (e.key in moves)
      this.jump(this.at + moves[e.key] * (e.shiftKey ? 100 : 1));
    else
      return;
    e.preventDefault();
  }

  readHash() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!asked.has('at') || Number(asked.get('lapse') ?? 0) !== this.number)
      return false;
    const at = Number(asked.get('at'));
    if (!Number.isFinite(at))
      return false;
    this.seek(at);
    return true;
  }

  writeHash() {
    const own = this.number ? `&lapse=${this.number}` : '';
    history.replaceState(null, '', `#at=${this.at}${own}`);
  }

  /* The user goes somewhere: play stops, and the address says where. */
  jump(at) {
    this.stop();
    this.seek(at);
    this.writeHash();
  }

  seek(at) {
    this.at = Math.round(Math.min(this.trace.events, Math.max(0, at)));
    this.draw();
  }

  toggle() {
    if (this.playing) {
      this.stop();
      this.writeHash();
      return;
    }
    if (this.at === this.trace.events)
      this.at = 0;
    this.playing = true;
    this.play.textContent = '❚❚ Pause';
    this.part = 0;
    requestAnimationFrame((t) => this.frame(t, t));
  }

  stop() {
    this.playing = false;
    this.play.textContent = '▶ Play';
    this.draw();
  }

  frame(now, before) {
    if (!this.playing)
      return;
    this.part += (now - before) / 1000 * Number(this.speed.value);
    const whole = Math.floor(this.part);
    this.part -= whole;
    this.seek(this.at + whole);
    if (this.at === this.trace.events)
      this.stop();
    else
      requestAnimationFrame((t) => this.frame(t, now));
  }

  resize() {
    this.theme = readTheme(this.section);
    if (this.axis.canvas.parentNode.clientWidth === 0)
      return;
    this.axis.fit(this.theme);
    for (const panel of this.panels)
      panel.fit(this.theme);
    this.draw();
  }

  draw() {
    if (!this.axis.g)
      return;
    this.axis.draw(this.at);
    const lasts = this.panels.map((panel) => {
      panel.heap.seek(this.at);
      return panel.draw();
    });
    this.range.value = this.at;
    if (document.activeElement !== this.number_)
      this.number_.value = this.at;
    if (!this.playing)
      this.describe(lasts);
  }

  /* For those who do not see the canvases, and in words for all. */
  describe(lasts) {
    this.said.textContent = `After ${group(this.at)} events: ` +
      this.panels.map((panel, k) =>
        `${panel.heap.name}: ${tell(panel.heap, lasts[k])}`).join('; ') + '.';
    for (const [k, panel] of this.panels.entries())
      panel.canvas.setAttribute('aria-label',
        `Heap of ${panel.heap.name} after ${group(this.at)} events: ` +
        `${group(panel.heap.live)} live clusters in ` +
        `${group(panel.heap.livePages)} pages; ` +
        tell(panel.heap, lasts[k]));
  }

  /* Each heap's state after `at` events. */
  states(at) {
    this.seek(at);
    return this.heaps.map((heap) => heap.state());
  }
}

async function start(section, number) {
  try {
    section.lapse = new Lapse(section, await unpack(section), number);
  } catch (e) {
    section.querySelector('.lapse-stage').textContent =
      `The time-lapse cannot be shown: ${e.message}`;
    throw e;
  }
  section.dispatchEvent(new Event('lapse', { bubbles: true }));
}

for (const [number, section] of
  document.querySelectorAll('section.lapse').entries())
  start(section, number);
})();

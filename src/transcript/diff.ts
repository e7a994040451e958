/**
 * What two sequences have in common: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy
 * form. It costs the square of the number of differences, so beyond some it is not asked: then words that are once in
 * either sequence, in the same order, are taken for the same (the idea of Bram Cohen's patience diff), and what lies
 * between two of them is compared on its own.
 */

/** A stretch that is the same in both. */
export interface Match {
  /** Where it begins in the first and in the second sequence. */
  from: number;
  to: number;
  length: number;
}

/** Insertions and deletions that are looked for; the memory that it takes is the square of it, four bytes each. */
const MAX_EDITS = 1_000;

/** The stretches that are the same in both, in order on both. */
export function matchesOf(a: readonly string[], b: readonly string[], maxEdits = MAX_EDITS): Match[] {
  return joined(between(a, b, { from: 0, to: 0, fromEnd: a.length, toEnd: b.length }, maxEdits));
}

interface Window {
  from: number;
  to: number;
  fromEnd: number;
  toEnd: number;
}

function between(a: readonly string[], b: readonly string[], window: Window, maxEdits: number): Match[] {
  let { from, to, fromEnd, toEnd } = window;
  while (from < fromEnd && to < toEnd && a[from] === b[to]) [from, to] = [from + 1, to + 1];
  while (from < fromEnd && to < toEnd && a[fromEnd - 1] === b[toEnd - 1]) [fromEnd, toEnd] = [fromEnd - 1, toEnd - 1];
  const head = { from: window.from, to: window.to, length: from - window.from };
  const tail = { from: fromEnd, to: toEnd, length: window.fromEnd - fromEnd };
  const middle = { from, to, fromEnd, toEnd };
  return [head, ...(shortest(a, b, middle, maxEdits) ?? byAnchors(a, b, middle, maxEdits)), tail];
}

/** @returns undefined when there are too many differences */
function shortest(a: readonly string[], b: readonly string[], window: Window, maxEdits: number): Match[] | undefined {
  const { from, to } = window;
  const [n, m] = [window.fromEnd - from, window.toEnd - to];
  if (n === 0 || m === 0) return [];
  const most = Math.min(n + m, maxEdits);
  // reach[k + most + 1]: how far in `a` one comes on the diagonal k (index in a − index in b).
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(reach.slice(most + 1 - edits, most + 2 + edits));
    for (let k = -edits; k <= edits; k += 2) {
      const at = k + most + 1;
      const down = k === -edits || (k !== edits && reach[at - 1]! < reach[at + 1]!);
      let x = down ? reach[at + 1]! : reach[at - 1]! + 1;
      while (x < n && x - k < m && a[from + x] === b[to + x - k]) x += 1;
      reach[at] = x;
      if (x >= n && x - k >= m) return walkBack(trace, { from, to }, n, m);
    }
  }
  return undefined;
}

/** From the end to the beginning, along the furthest points that were kept of each number of edits. */
function walkBack(trace: Int32Array[], origin: { from: number; to: number }, n: number, m: number): Match[] {
  const matches: Match[] = [];
  let [x, y] = [n, m];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const kept = trace[edits]!;
    const reached = (k: number) => kept[k + edits] ?? 0;
    const k = x - y;
    const down = k === -edits || (k !== edits && reached(k - 1) < reached(k + 1));
    const before = edits === 0 ? 0 : down ? reached(k + 1) : reached(k - 1);
    const begins = edits === 0 ? 0 : down ? before : before + 1;
    if (x > begins) {
      matches.push({ from: origin.from + begins, to: origin.to + begins - k, length: x - begins });
    }
    [x, y] = [before, before - (down ? k + 1 : k - 1)];
  }
  return matches.reverse();
}

function byAnchors(a: readonly string[], b: readonly string[], window: Window, maxEdits: number): Match[] {
  const anchors = inOrderOnBoth(uniqueInBoth(a, b, window));
  if (anchors.length === 0) return [];
  const matches: Match[] = [];
  let { from, to } = window;
  for (const anchor of [...anchors, { from: window.fromEnd, to: window.toEnd }]) {
    matches.push(...between(a, b, { from, to, fromEnd: anchor.from, toEnd: anchor.to }, maxEdits));
    if (anchor.from < window.fromEnd) matches.push({ ...anchor, length: 1 });
    [from, to] = [anchor.from + 1, anchor.to + 1];
  }
  return matches;
}

type Anchor = Pick<Match, 'from' | 'to'>;

function uniqueInBoth(a: readonly string[], b: readonly string[], { from, to, fromEnd, toEnd }: Window): Anchor[] {
  const inB = onlyOnce(b, to, toEnd);
  return [...onlyOnce(a, from, fromEnd)].flatMap(([text, index]) => {
    const other = inB.get(text);
    return other === undefined ? [] : [{ from: index, to: other }];
  });
}

function onlyOnce(all: readonly string[], start: number, end: number): Map<string, number> {
  const places = new Map<string, number>();
  const often = new Set<string>();
  for (let index = start; index < end; index += 1) {
    const text = all[index]!;
    if (places.has(text)) often.add(text);
    places.set(text, index);
  }
  for (const text of often) places.delete(text);
  return places;
}

/** The longest run of them that goes up on both sides; they come in order of `from`. */
function inOrderOnBoth(anchors: readonly Anchor[]): Anchor[] {
  // ends[l]: the anchor with the smallest `to` that ends a run of l + 1.
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [index, { to }] of anchors.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (anchors[ends[middle]!]!.to < to) low = middle + 1;
      else high = middle;
    }
    before[index] = ends[low - 1];
    ends[low] = index;
  }
  const run: Anchor[] = [];
  for (let index = ends.at(-1); index !== undefined; index = before[index]) run.push(anchors[index]!);
  return run.reverse();
}

/** Without empty ones, and neighbours made one. */
function joined(matches: readonly Match[]): Match[] {
  const all: Match[] = [];
  for (const match of matches) {
    if (match.length === 0) continue;
    const last = all.at(-1);
    if (last && last.from + last.length === match.from && last.to + last.length === match.to) {
      last.length += match.length;
    } else all.push({ ...match });
  }
  return all;
}

/**
 * A strict reader of Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/), with the naming rules
 * that `promtool check metrics` has: it refuses what that complains about.
 */
export interface Family {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  samples: Sample[];
}

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const NAME = /^[a-z][a-z0-9_]*$/;
const SAMPLE = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/;
/** Units that are not the base ones, and what they are called for short. */
const WRONG_UNITS =
  /_(milliseconds?|minutes?|hours?|days?|kilobytes?|megabytes?|percent|ms|us|ns|s|sec|b|kb|mb|gb|m|h|d)(_|$)/;
const TYPE_IN_NAME = /_(counter|gauge|histogram|summary)(_|$)/;

/** @throws Error naming the first thing that is wrong */
export function readExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let family: Family | undefined;
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  for (const line of text.split('\n').filter(Boolean)) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (families.has(name)) throw new Error(`${name} comes twice.`);
      family = { name, type: 'gauge', help: rest, samples: [] };
      families.set(name, family);
    } else if (keyword === 'TYPE' && family?.name === name) {
      family.type = rest as Family['type'];
      refuseName(family);
    } else if (family) {
      family.samples.push(sampleIn(line, family));
    } else throw new Error(`This is no line of a metric: ${line}`);
  }
  for (const { name, samples } of families.values()) refuseDoubles(name, samples);
  return families;
}

/** The one sample with these labels; undefined when there is none. */
export function sampleOf(families: Map<string, Family>, name: string, labels: Record<string, string> = {}) {
  const family = families.get(name) ?? families.get(name.replace(/_(count|sum|bucket)$/, ''));
  const wanted = Object.entries(labels);
  return family?.samples.find(
    (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
  )?.value;
}

function refuseName({ name, type, help }: Family): void {
  const complaints = [
    !NAME.test(name) && 'is not in snake case',
    help.length < 10 && 'has no help',
    (type === 'counter') !== name.endsWith('_total') && 'must end with _total if it is a counter, and only then',
    /_(count|sum|bucket)$/.test(name) && 'ends like a part of a histogram',
    WRONG_UNITS.test(name) && 'has no base unit',
    TYPE_IN_NAME.test(name) && 'has its type in its name',
  ].filter(Boolean);
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join(', ')}`);
}

function sampleIn(line: string, { name: family, type }: Family): Sample {
  const [, name = '', labelText = '', number = ''] = SAMPLE.exec(line) ?? [];
  const value = number === '+Inf' ? Infinity : Number(number);
  const suffix = name.slice(family.length);
  const fits = type === 'histogram' ? /^_(count|sum|bucket)$/.test(suffix) : suffix === '';
  if (!name.startsWith(family) || !fits || Number.isNaN(value)) throw new Error(`Not a sample of ${family}: ${line}`);
  if (type === 'counter' && value < 0) throw new Error(`A counter below 0: ${line}`);
  return { name, labels: labelsIn(labelText, line), value };
}

function labelsIn(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [whole, name = '', value = ''] = LABEL.exec(rest) ?? [];
    if (whole === undefined || name in labels) throw new Error(`The labels cannot be read: ${line}`);
    labels[name] = value;
    rest = rest.slice(whole.length);
  }
  return labels;
}

function refuseDoubles(name: string, samples: readonly Sample[]): void {
  const keys = samples.map((sample) => `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`);
  if (new Set(keys).size < keys.length) throw new Error(`${name} has the same sample twice.`);
}

/** What is written down about the metrics names metrics that there are. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defineMetrics } from '../../src/metrics/definitions.ts';
import { askPromtool, PROMTOOL } from './promtool.ts';

const RULES = 'docs/prometheus-rules.yml';
const NAMES = defineMetrics()
  .registry.getMetricsAsArray()
  .map(({ name }) => name);
const PARTS = /_(bucket|sum|count)$/;

test('docs/monitoring.md tells every metric, and no other', () => {
  const rows = readFileSync('docs/monitoring.md', 'utf8').matchAll(/^\| `([a-z0-9_]+)[{`]/gm);
  expect([...rows].map(([, name]) => name)).toEqual(NAMES);
});

test('the dashboard and the alerts ask for metrics that there are', () => {
  const dashboard = JSON.parse(readFileSync('docs/grafana-dashboard.json', 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const asked = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...[...readFileSync(RULES, 'utf8').matchAll(/^\s+expr: (.+)$/gm)].map(([, expr = '']) => expr),
  ];
  expect(asked.length).toBeGreaterThan(20);
  for (const expr of asked) {
    const names = expr.match(/\b(transcription|longhand|process)[a-z0-9_]*/g) ?? [];
    expect({ expr, names: names.length > 0 }).toEqual({ expr, names: true });
    for (const name of names)
      expect({ expr, name: NAMES.includes(name) ? name : name.replace(PARTS, '') }).toEqual({
        expr,
        name: expect.toBeOneOf(NAMES),
      });
  }
});

test.runIf(PROMTOOL)('Prometheus takes the alerts', () => {
  expect(askPromtool(['check', 'rules', RULES])).toBe('');
});

import { readdirSync } from 'node:fs';
import { type ProcessStat, readStat } from '../../src/supervisor/identity.ts';

/** A process and all below it, by their parents. */
export function treeOf(root: number): ProcessStat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parentPid }) => parentPid === pid));
  return tree;
}

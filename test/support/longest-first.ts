import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where tests run whole jobs, and what else takes long. */
const LONG = /^test\/(chaos|cli|library|service)\/|^test\/supervisor\/simulation\./;

/**
 * Begins with the files that take long, so that none of them is left alone at the end. From the second run on Vitest knows how
 * long each takes; a fresh clone has only their sizes to go by, and a small file may start a long program.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isShort = ({ moduleId }: TestSpecification) => !LONG.test(relative(this.ctx.config.root, moduleId));
    return (await super.sort(files)).sort((a, b) => Number(isShort(a)) - Number(isShort(b)));
  }
}

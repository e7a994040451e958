import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { beginWhisper, NEED_WHISPER } from './shared-whisper.ts';

/** Where tests run whole jobs, and what else takes long. */
const LONG = /^test\/(browser|chaos|cli|library|service)\/|^test\/supervisor\/simulation\./;

/**
 * Begins with the files that take long, so that none of them is left alone at the end. From the second run on Vitest knows how
 * long each takes; a fresh clone has only their sizes to go by, and a small file may start a long program. Those that need
 * whisper.cpp come behind them: it is built meanwhile.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const path = ({ moduleId }: TestSpecification) => relative(this.ctx.config.root, moduleId);
    if (files.some((file) => NEED_WHISPER.test(path(file)))) beginWhisper();
    const rank = (file: TestSpecification) => (NEED_WHISPER.test(path(file)) ? 1 : LONG.test(path(file)) ? 0 : 2);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

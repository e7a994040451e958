/** Whoever finds a failed job at night reads what happened and what to do; what is named there must exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EngineError, ERROR_KINDS, InputError, ModelError, NetworkError, reportOf } from '../../src/domain/errors.ts';
import { ModelTooLargeError } from '../../src/domain/memory-fit.ts';
import type { RunOutcome } from '../../src/domain/outcome.ts';
import { GOES_ON, remedyOfFailedJob } from '../../src/domain/remedies.ts';
import { EngineMemoryError } from '../../src/pipeline/engine-memory-error.ts';
import { ChunkQuarantinedError } from '../../src/runner/engine-pool.ts';
import { getJob } from '../../src/store/jobs.ts';
import { openStore } from '../../src/store/open.ts';
import { listRuns } from '../../src/store/runs.ts';
import { crashReport } from '../../src/supervisor/exit.ts';
import { hostMemoryReport, memoryReport, timeoutReport } from '../../src/supervisor/limits.ts';
import { MAX_CRASHES, settle } from '../../src/supervisor/settle.ts';
import { channelClosed, engineHung, outcomeOfVerdict, overLimit, processHung } from '../../src/supervisor/verdict.ts';
import { temporaryFolder, testClock, working } from '../store/support.ts';

const SOURCE = join(import.meta.dirname, '../../src');

/** The command line as it is, from the files that define its commands. */
async function commandLine(): Promise<Command> {
  const program = new Command('longhand');
  const folder = join(SOURCE, 'cli/commands');
  for (const file of readdirSync(folder)) {
    const defined: Record<string, unknown> = await import(join(folder, file));
    for (const [name, define] of Object.entries(defined)) {
      if (name.startsWith('define') && typeof define === 'function') define(program, {}, () => undefined);
    }
  }
  return program;
}

/** What stands in a text as a command to type: `longhand show 7 --evidence DIR`. `longhand runner` is the name of a process. */
const TYPED =
  /(?:[:'"`(]\s?|\b(?:Run|run|see|then|or|See|Start|with) )longhand (?!runner)([a-z]+)(?: ([a-z]+)\b)?([^'"`\\\n.,;)]*)/g;

/** @returns what is named and does not exist */
function unknownIn(text: string, program: Command): string[] {
  const unknown: string[] = [];
  for (const [typed, first = '', second, rest = ''] of text.matchAll(TYPED)) {
    const command = program.commands.find((one) => one.name() === first);
    const inner = command?.commands.find((one) => one.name() === second);
    const options = [...(command?.options ?? []), ...(inner?.options ?? [])].map(({ long }) => long);
    const wrong = [...rest.matchAll(/--[a-z][a-z-]*/g)].some(([flag]) => flag !== '--help' && !options.includes(flag));
    const lacksInner = command !== undefined && command.commands.length > 0 && second !== undefined && !inner;
    if (!command || lacksInner || wrong) unknown.push(typed);
  }
  return unknown;
}

const failed = (error: unknown): RunOutcome => ({ type: 'failed', error: reportOf(error) });
const SIGNALLED = { code: null, signal: 'SIGSEGV' } as const;
const chunk = { number: 3, startSample: 0, endSample: 16_000, attempts: 3, speech: true };
const engineError = new EngineError('whisper-cli exited with 3.', { evidence: 'segmentation fault' });

/** How a run can end so that its job has failed for good. */
const ENDS: Record<string, RunOutcome> = {
  'a recording without sound': failed(new InputError('"a.wav" is empty (0 bytes).')),
  'a chunk that failed three times': failed(new ChunkQuarantinedError(chunk, 16_000, 3, reportOf(engineError))),
  'an engine that exits': failed(engineError),
  'an engine without memory': failed(
    new EngineMemoryError({ engine: { label: 'Whisper' } as never, model: { name: 'base' } as never }, engineError),
  ),
  'a model too large': failed(new ModelTooLargeError('large', 9e9, 1e9)),
  'a model without a file': failed(new ModelError("Model 'base' has no file.")),
  'a server that is away': failed(new NetworkError('The server cannot be reached.')),
  'what nobody thought of': failed(new TypeError('x is not a function')),
  'a program that does not answer': failed({ message: 'ffprobe did not answer within 60 s.' }),
  'the time limit': outcomeOfVerdict(overLimit('time limit', timeoutReport(60)), SIGNALLED),
  'the memory limit': outcomeOfVerdict(
    overLimit('memory limit', memoryReport({ limitBytes: 1e9, peakBytes: 2e9 })),
    SIGNALLED,
  ),
  'a host without memory': { type: 'crashed', ...SIGNALLED, error: hostMemoryReport({ what: 'the runner' }) },
  'the last of three crashes': { type: 'crashed', ...SIGNALLED, error: crashReport(SIGNALLED) },
  'a process that hangs': outcomeOfVerdict(processHung(30), SIGNALLED),
  'an engine that hangs': outcomeOfVerdict(engineHung(300), SIGNALLED),
  'a closed channel': outcomeOfVerdict(channelClosed(), SIGNALLED),
};

const RULES = { maxRetries: 0, dice: () => 0, smallerModel: async () => undefined, diskFull: async () => undefined };

describe('what is kept with a failed job', () => {
  it.each(Object.entries(ENDS))('after %s says what to do, and promises nothing', async (_, outcome) => {
    const store = await openStore({ file: join(temporaryFolder(), 'longhand.db'), clock: testClock() });
    onTestFinished(() => store.close());
    const claimed = await working(store);
    await store.db
      .updateTable('transcription_jobs')
      .set({ crash_count: MAX_CRASHES - 1 })
      .execute();
    await settle(store, RULES, claimed, { outcome, usage: undefined, elapsedSeconds: 1 }, '');
    const job = await getJob(store, claimed.job.id);
    expect(job?.status).toBe('failed');
    expect(job?.error_message).toBeTruthy();
    expect(job?.error_remedy).toMatch(/longhand [a-z]+|\b(Use|Close|Set|Run) /);
    expect(job?.error_remedy).not.toContain(GOES_ON);
    expect(job?.error_remedy).not.toMatch(/\bID\b/);
    expect(unknownIn(`: ${job?.error_remedy}`, await commandLine())).toEqual([]);
    expect((await listRuns(store, claimed.job.id))[0]?.error_remedy ?? '').not.toMatch(/\bID\b/);
  });

  it.each(ERROR_KINDS)('names a command for an error of the kind %s that says nothing itself', async (kind) => {
    const remedy = remedyOfFailedJob({ kind }, 7);
    expect(remedy).toMatch(/longhand (transcribe|retry 7|show 7)/);
    expect(remedyOfFailedJob({ kind, remedy: GOES_ON }, 7)).toBe(remedy);
    expect(remedyOfFailedJob({ kind, remedy: 'Turn it off and on.' }, 7)).toBe('Turn it off and on.');
    expect(unknownIn(remedy, await commandLine())).toEqual([]);
  });
});

it('every command that the program names to a person exists, with its options', async () => {
  const program = await commandLine();
  expect(unknownIn(': longhand show 7 --evidence DIR. Run longhand models pull tiny', program)).toEqual([]);
  expect(unknownIn('`longhand sow 7`, or longhand show 7 --proof', program)).toHaveLength(2);
  expect(unknownIn('Run: longhand models fetch tiny', program)).toHaveLength(1);
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const found = files.flatMap((name) => {
    const lines = readFileSync(join(SOURCE, name), 'utf8').split('\n');
    const code = lines.filter((line) => !/^\s*(\*|\/[*/])/.test(line)).join('\n');
    return unknownIn(code, program).map((typed) => `${name}: ${typed}`);
  });
  expect(found).toEqual([]);
});

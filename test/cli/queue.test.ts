/** The commands of the queue, from the terminal's side. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobDetails, JobView } from '../../src/jobs/view.ts';
import { jobOf, noneLeft, runTokens, SHORT_CHUNKS, storyFile } from '../chaos/support.ts';
import { Home } from '../support/cli.ts';
import { smallModel } from '../support/small-model.ts';
import { speak } from '../support/speech.ts';

describe('jobs that wait while the queue is paused', () => {
  it('can be moved, told, retried, deleted; nothing is lost when it goes on', async () => {
    const home = new Home({ MAX_CONCURRENT_TRANSCRIPTIONS: '1' });
    const first = home.start(['transcribe', ...SHORT_CHUNKS, await storyFile()]);
    await first.said(/Processing chunk 1\//);
    const [brief, other] = [await speak('good morning'), await speak('the old railroad station is closed')];
    const second = home.start(['transcribe', brief, other, '--output', 'texts']);
    await second.said(/Job 3: /);

    const paused = await home.run(['queue', 'pause', '--running', '--reason', 'The fan is loud']);
    expect(paused).toMatchObject({ code: 0, stderr: '' });
    expect(paused.stdout).toMatch(
      /^The queue is paused \(The fan is loud\)\..*\nJob 1 rests after the chunk in flight and goes on with the queue\.\n$/,
    );
    expect((await home.run(['queue', 'pause'])).stdout).toMatch(/^The queue is paused already/);

    const priority = await home.run(['priority', '3', '5']);
    expect(priority.stdout).toBe('Job 3 has priority 5 now, before 0: number 1 in the queue.\n');
    const moved = await home.run(['queue', 'move', '2', '--before', '3']);
    expect(moved.stdout).toBe('Job 2 is number 1 in the queue now, before 2, with priority 5 instead of 0.\n');
    expect((await home.run(['queue', 'move', '2', '--first'])).stdout).toBe(
      'Job 2 stands there already: number 1 in the queue.\n',
    );
    const refused = await home.run(['queue', 'move', '2', '--before', '9']);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: 'There is no job 9.\n  See: longhand jobs\n' });
    expect(await home.run(['queue', 'move', '2'])).toMatchObject({ code: 2 });

    const queue = await home.run(['queue']);
    expect(queue.stdout).toMatch(/^Paused by the user since .*: The fan is loud\. Go on with: longhand queue resume$/m);
    expect(queue.stdout).toMatch(/^ {2}1 +2 +5 .*The queue is paused/m);
    const { jobs } = await home.json<{ jobs: JobView[] }>(['jobs', '--status', 'pending']);
    expect(jobs.map(({ id, position }) => [id, position])).toEqual([
      [3, 2],
      [2, 1],
    ]);
    expect((await home.run(['show', '2'])).stdout).toMatch(/^Queue +number 1, priority 5$/m);

    expect(await home.run(['delete', '3'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--yes'),
    });
    expect((await home.run(['delete', '3', '--yes'])).stdout).toMatch(
      /^Job 3 was deleted\. The recording .*\.wav stays where it is\.\n$/,
    );
    expect(existsSync(other)).toBe(true);

    expect((await home.run(['queue', 'resume'])).stdout).toMatch(/^The queue goes on\./);
    const [one, two] = await Promise.all([first.finished, second.finished]);
    expect(one.code).toBe(0);
    // One of its two recordings was deleted meanwhile.
    expect(two.code).toBe(1);
    expect(two.stderr).toContain('Job 3 was deleted.');
    expect(readdirSync(join(home.folder, 'texts')).length).toBe(1);
    expect(readdirSync(join(home.dataDir, 'jobs')).sort()).toEqual(['1', '2']);
    await noneLeft(await runTokens(home));

    const { history } = await home.json<JobDetails>(['show', '1']);
    const sentences = history.map(({ sentence }) => sentence);
    expect(sentences[0]).toBe('Submitted by the user.');
    expect(sentences.filter((sentence) => /^Run \d began /.test(sentence)).length).toBe(2);
    expect(`${sentences.at(-2)} ${sentences.at(-1)}`).toContain('Completed.');

    const audit = await home.run(['audit', '--job', '3', '--since', '1h', '--json']);
    const lines = audit.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ job: 3, type: 'deleted', actor: 'user' });
    const all = await home.run(['audit']);
    expect(all.stdout).toMatch(/ {2}queue {2}Queue paused by the user: The fan is loud\.\n/);
    expect(all.stdout).toMatch(/ {2}job 2 {2}Moved before job 3 by the user: place 2 → 1, priority 0 → 5\.\n/);
  });
});

describe('longhand retry', () => {
  it('does one stage of a completed job again, and keeps its text until the new one is there', async () => {
    const home = new Home(await smallModel());
    const { stdout: text } = await home.run(['transcribe', await speak('good morning and welcome to the program')]);
    const plain = await home.run(['retry', '1']);
    expect(plain).toMatchObject({ code: 1, stdout: '' });
    expect(plain.stderr).toMatch(
      /^longhand: Job 1 is completed; nothing of it failed\.\n {2}.*--from-start, or .*--stage transcribe\n$/m,
    );
    expect(await home.run(['retry', '1', '--stage', 'quotes'])).toMatchObject({ code: 2, stdout: '' });

    const again = home.start(['retry', '1', '9', '--stage', 'transcribe']);
    await again.said(/Preparing/);
    expect((await home.run(['export', '1'])).stdout).toBe(text);
    const { code, stdout, stderr } = await again.finished;
    expect({ code, stdout }).toEqual({ code: 1, stdout: text });
    expect(stderr).toContain('There is no job 9.');
    const job = await jobOf(home, 1);
    expect(job.runs.map(({ outcome, chunksCommitted }) => [outcome, chunksCommitted])).toEqual([
      ['completed', 1],
      ['completed', 1],
    ]);
    expect(job.runs[1]?.parameters).toEqual(job.runs[0]?.parameters);
  });
});

it('several jobs are named by ranges and states; what would be touched is said', async () => {
  const home = new Home();
  expect(await home.run(['cancel', '1-3'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/There is no job 1\.[\s\S]*There is no job 3\./),
  });
  expect(await home.run(['cancel', '3-1'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean 1-3?'),
  });
  expect(await home.run(['retry', '--status', 'failed'])).toMatchObject({
    code: 0,
    stderr: 'No job is failed; there is nothing to retry.\n',
  });
  expect(await home.run(['delete', '4', '6', '5', '--dry-run'])).toMatchObject({
    code: 0,
    stdout: 'This would delete 3 jobs: 4-6.\n',
  });
  expect(await home.run(['pause', '--status', 'completed'])).toMatchObject({ code: 2 });
  expect(await home.run(['audit', '--since', 'yesterday'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('30m, 2h or 7d'),
  });
  expect((await home.run(['queue'])).stdout).toMatch(/^Nothing runs and nothing waits\./);
});

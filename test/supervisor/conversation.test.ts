import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { JobLog } from '../../src/logs/job-log.ts';
import { Conversation } from '../../src/supervisor/conversation.ts';
import { temporaryFolder } from '../store/support.ts';

it('how much space a job needs comes with the error from its runner to whoever pauses the queue', async () => {
  const log = new JobLog(join(temporaryFolder(), 'job.log'), { now: () => 0, onWritten: () => undefined, secrets: [] });
  onTestFinished(() => log.close());
  const redact = (text: string) => text.replaceAll('hunter2', '***');
  const none = () => undefined;
  const conversation = new Conversation({ jobId: 1, log, tell: none, send: none, redact, listener: {} as never });
  const error = { kind: 'disk', message: 'No space: hunter2', remedy: 'Free hunter2.', neededBytes: 700 } as const;
  await conversation.hear({ type: 'done', outcome: { type: 'failed', error } });
  expect(await conversation.lastWord).toEqual({
    type: 'failed',
    error: { kind: 'disk', message: 'No space: ***', remedy: 'Free ***.', neededBytes: 700 },
  });
});

import { describe } from 'vitest';
import type { Clock } from '../../src/domain/clock.ts';
import type { Store } from '../../src/store/store.ts';
import { accessTests } from './conformance/access.ts';
import { chunkTests } from './conformance/chunks.ts';
import { eventReaderTests } from './conformance/event-readers.ts';
import { fenceTests } from './conformance/fence.ts';
import { healthTests } from './conformance/health.ts';
import { importJobTests } from './conformance/import-job.ts';
import { jobListTests } from './conformance/job-list.ts';
import { jobTests } from './conformance/jobs.ts';
import { notificationTests } from './conformance/notifications.ts';
import { placeTests } from './conformance/places.ts';
import { queueTests } from './conformance/queue.ts';
import { queueOutlookTests } from './conformance/queue-outlook.ts';
import { queueStateTests } from './conformance/queue-state.ts';
import { raceTests } from './conformance/races.ts';
import { retentionTests } from './conformance/retention.ts';
import { runTests } from './conformance/runs.ts';
import { serviceTests } from './conformance/service.ts';
import { sourceTests } from './conformance/sources.ts';
import { speedTests } from './conformance/speeds.ts';
import { stageAndArtifactTests } from './conformance/stages.ts';
import { stateTableTests } from './conformance/state-table.ts';
import { statisticsTests } from './conformance/statistics.ts';
import { transcriptVersionTests } from './conformance/transcript-versions.ts';
import { transitionTests } from './conformance/transitions.ts';
import { unqueuedTests } from './conformance/unqueued.ts';
import { usageTests } from './conformance/usage.ts';
import { workTests } from './conformance/work.ts';

/** Opens an empty store that is closed and gone when the test is over. */
export type OpenEmpty = (clock: Clock) => Promise<Store>;

/** What every store must do, whatever database is below it. */
export function storeConformance(name: string, open: OpenEmpty): void {
  describe(`the store on ${name}`, () => {
    describe('jobs', () => jobTests(open));
    describe('statistics', () => statisticsTests(open));
    describe('lists of jobs', () => jobListTests(open));
    describe('queue', () => queueTests(open));
    describe('queue as a whole', () => queueStateTests(open));
    describe('what is missing in the queue', () => unqueuedTests(open));
    describe('places', () => placeTests(open));
    describe('state table', () => stateTableTests(open));
    describe('transitions', () => transitionTests(open));
    describe('work', () => workTests(open));
    describe('runs', () => runTests(open));
    describe('speeds', () => speedTests(open));
    describe('the queue to look at', () => queueOutlookTests(open));
    describe('usage', () => usageTests(open));
    describe('health', () => healthTests(open));
    describe('what the service asks', () => serviceTests(open));
    describe('chunks', () => chunkTests(open));
    describe('stages and artifacts', () => stageAndArtifactTests(open));
    describe('versions of transcripts', () => transcriptVersionTests(open));
    describe('fence', () => fenceTests(open));
    describe('races', () => raceTests(open));
    describe('imported jobs', () => importJobTests(open));
    describe('events to be followed', () => eventReaderTests(open));
    describe('retention', () => retentionTests(open));
    describe('users, keys and sessions', () => accessTests(open));
    describe('recordings and watched files', () => sourceTests(open));
    describe('notifications', () => notificationTests(open));
  });
}

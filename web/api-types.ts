/**
 * What the API answers, as its own schemas say. The only file of the page that names files of the service, and only their
 * types: nothing of them is in what a browser loads.
 */
import type * as z from 'zod';
import type * as access from '../src/api/schemas/access.ts';
import type * as control from '../src/api/schemas/control.ts';
import type * as details from '../src/api/schemas/details.ts';
import type * as engines from '../src/api/schemas/engines.ts';
import type * as events from '../src/api/schemas/events.ts';
import type * as jobs from '../src/api/schemas/jobs.ts';
import type * as media from '../src/api/schemas/media.ts';
import type * as models from '../src/api/schemas/models.ts';
import type * as notifications from '../src/api/schemas/notifications.ts';
import type * as plan from '../src/api/schemas/plan.ts';
import type * as problems from '../src/api/schemas/problem.ts';
import type * as queue from '../src/api/schemas/queue.ts';
import type * as service from '../src/api/schemas/service.ts';
import type * as session from '../src/api/schemas/session.ts';
import type * as settings from '../src/api/schemas/settings.ts';
import type * as upkeep from '../src/api/schemas/upkeep.ts';
import type * as versions from '../src/api/schemas/versions.ts';
import type { SettingName } from '../src/config/schema.ts';
import type { JobStatus } from '../src/domain/job.ts';
import type { Scope } from '../src/domain/scope.ts';
import type { ProgressReport } from '../src/pipeline/progress.ts';
import type { Segment, Transcript, Word } from '../src/transcript/transcript.ts';

/** What a route answers when all is well. */
export type Answer<Route extends { response: { 200: z.ZodType } }> = z.output<Route['response'][200]>;

export type { JobStatus, ProgressReport, Scope, Segment, SettingName, Transcript, Word };
export type Job = Answer<typeof jobs.showJob>;
export type JobPage = Answer<typeof jobs.listJobs>;
export type JobDetails = Answer<typeof details.showJobDetails>;
export type JobUsage = Answer<typeof jobs.showJobUsage>;
export type JobProcess = Answer<typeof jobs.showJobProcess>;
export type Submitted = Answer<typeof jobs.createJob>;
export type Controlled = Answer<typeof control.pauseJob>;
export type BulkAnswer = Answer<typeof control.bulkControl>;
export type Queue = Answer<typeof queue.showQueue>;
export type Happening = z.output<typeof events.event>;
export type Models = Answer<typeof models.listModels>;
export type ModelPulls = Answer<typeof models.listPulls>;
export type Settings = Answer<typeof settings.showSettings>;
export type Statistics = Answer<typeof service.showStatistics>;
export type Health = Answer<typeof service.showHealth>;
export type ServiceFacts = Answer<typeof service.showService>;
export type CleanUp = Answer<typeof service.cleanUp>;
export type Session = Answer<typeof session.showSession>;
export type Problem = z.output<typeof problems.problem>;
export type Plan = Answer<typeof plan.showPlan>;
export type Engines = Answer<typeof engines.listEngines>;
export type Waveform = Answer<typeof media.showWaveform>;
export type TranscriptVersions = Answer<typeof versions.listVersions>;
export type TranscriptVersion = TranscriptVersions['versions'][number];
export type SavedTranscript = Answer<typeof versions.saveTranscript>;
export type TranscriptComparison = Answer<typeof versions.compareVersions>;
export type Setting = Settings['settings'][number];
export type SettingsChanged = Answer<typeof settings.changeSettings>;
export type Doctor = Answer<typeof upkeep.showDoctor>;
export type Backups = Answer<typeof upkeep.listBackups>;
export type Backup = Backups['backups'][number];
export type Storage = Answer<typeof upkeep.showStorage>;
export type Model = Models['models'][number];
export type ModelPull = ModelPulls['pulls'][number];
export type Targets = Answer<typeof notifications.listTargets>;
export type Target = Targets['targets'][number];
export type Deliveries = Answer<typeof notifications.listDeliveries>;
export type Delivery = Deliveries['deliveries'][number];
export type Users = Answer<typeof access.listUsers>;
export type Keys = Answer<typeof access.listKeys>;
export type NewKey = z.output<(typeof access.createKey)['response'][201]>;

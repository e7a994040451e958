import type { Generated, Insertable, Selectable, Updateable } from 'kysely';
import type { ErrorKind } from '../domain/errors.ts';
import type { JobStatus } from '../domain/job.ts';
import type { NotificationEvent, TargetKind } from '../domain/notification.ts';
import type { RunOutcome } from '../domain/outcome.ts';
import type { Scope } from '../domain/scope.ts';
import type { StageName, StageStatus } from '../domain/stage.ts';

/*
 * The tables as the program sees them. Times are integer milliseconds since the epoch, JSON is text, booleans are 0 and
 * 1, so that SQLite and PostgreSQL hold the same values.
 */

export interface JobsTable {
  id: Generated<number>;
  filename: string;
  original_path: string | null;
  output_path: string | null;
  duration_minutes: Generated<number>;
  model: Generated<string>;
  processes: Generated<number>;
  workers: Generated<number>;
  status: Generated<JobStatus>;
  progress: Generated<number>;
  progress_stage: Generated<string>;
  elapsed_seconds: Generated<number>;
  speed: Generated<number>;
  transcript: string | null;
  error_message: string | null;
  estimated_duration: number | null;
  retry_count: Generated<number>;
  task_id: string | null;
  created_at: number;
  updated_at: number;
  started_at: number | null;
  completed_at: number | null;
  /**
   * The process that works on the job or did so last; kept when the job rests or waits. A number, not an identity: what may
   * be signalled stands in the run's row.
   */
  process_id: number | null;
  log_file_path: string | null;
  last_heartbeat: number | null;
  user_id: string | null;
  space_id: string | null;
  engine: string | null;
  language: string | null;
  /** JSON, as submitted; a re-run keeps them. */
  parameters: string | null;
  /** The user's wish; copied to the queue row, which goes when the job rests. */
  priority: Generated<number>;
  source_sha256: string | null;
  source_bytes: number | null;
  source_modified_ms: number | null;
  error_kind: ErrorKind | null;
  error_remedy: string | null;
  /** Crashes in a row without a newly committed chunk. */
  crash_count: Generated<number>;
  paused_by: string | null;
  /** The fence: whoever works on the job knows it; a new claim makes a new one. */
  lease_token: string | null;
  lease_until: number | null;
  lease_node: string | null;
  current_run_id: number | null;
  /** `elapsed_seconds` when a person last asked for this job: the time limit counts from there. */
  limit_from_seconds: Generated<number>;
  /** What the next run takes instead of the model asked for, because memory ran out with that. */
  smaller_model: string | null;
  /** The program and the row that an imported job comes from; null for our own. */
  imported_from: string | null;
  /** The page that started it, by the name it gave itself. */
  client_id: string | null;
  /** What becomes of it when that page stays closed; null: it goes on. */
  on_leave: 'cancel' | null;
}

export interface QueueTable {
  id: Generated<number>;
  job_id: number;
  priority: Generated<number>;
  created_at: number;
  /** Null while the row waits to be claimed. */
  started_at: number | null;
  not_before: Generated<number>;
  /** The order among jobs of the same priority: the time at which it was queued, until it is moved. */
  place: number;
  /** How often a smaller job went before it because it did not fit into memory. */
  passed_over: Generated<number>;
}

/** The pause of the whole queue. No row: it was never paused. */
export interface QueueStateTable {
  name: 'all';
  /** Null when it is not paused. */
  paused_by: QueuePauser | null;
  reason: string | null;
  paused_at: number | null;
  /** When the disk is full: it goes on as soon as so much is free. */
  resume_at_bytes: number | null;
}

/** A person, or Longhand itself because the disk is full. */
export type QueuePauser = 'user' | 'disk';

/** Files of watched folders that were handed in, so that none becomes a job twice. */
export interface WatchedFilesTable {
  /** Absolute. */
  path: string;
  bytes: number;
  modified_ms: number;
  /** The job that it became, or that had its content already. */
  job_id: number | null;
  at: number;
  /** When its result was given out; null while that is still to be done. */
  told_at: number | null;
}

export interface RunsTable {
  id: Generated<number>;
  job_id: number;
  /** 1, 2, … within the job. */
  number: number;
  lease_token: string;
  /** Random; every process of the run inherits it in its environment. */
  token: string;
  engine: string | null;
  model: string | null;
  language: string | null;
  processes: number | null;
  workers: number | null;
  parameters: string | null;
  /** JSON: program name to version. */
  versions: string | null;
  pid: number | null;
  /** As the system tells it; compared, never computed with. */
  pid_start_time: string | null;
  boot_id: string | null;
  started_at: number;
  ended_at: number | null;
  outcome: RunOutcome['type'] | null;
  reason: string | null;
  exit_code: number | null;
  exit_signal: string | null;
  error_kind: ErrorKind | null;
  error_message: string | null;
  error_remedy: string | null;
  evidence: string | null;
  peak_memory_bytes: number | null;
  cpu_seconds: number | null;
  chunks_committed: Generated<number>;
  /** The machine that did it, by its name; speeds are learnt for each. */
  machine: string | null;
  /** Seconds of speech that became text in it. Null until it has ended, and when there was none. */
  speech_seconds: number | null;
  /** Seconds that its engine workers took for that, all together. */
  work_seconds: number | null;
}

/** What a run's processes used at one moment: the points of a curve. */
export interface UsageSamplesTable {
  run_id: number;
  at: number;
  /** Since the run's process began. */
  elapsed_seconds: number;
  /** 100 is one core kept busy. Null, like the next two, where it is not known. */
  cpu_percent: number | null;
  memory_bytes: number | null;
  /** Per cent of the job. */
  progress: number | null;
}

export interface StagesTable {
  job_id: number;
  name: StageName;
  status: StageStatus;
  progress: Generated<number>;
  started_at: number | null;
  ended_at: number | null;
  estimated_end_at: number | null;
  /** JSON. */
  output: string | null;
  error_message: string | null;
}

export type ChunkStatus = 'pending' | 'complete' | 'error';

export interface ChunksTable {
  job_id: number;
  /** Counted from 0. */
  number: number;
  start_sample: number;
  end_sample: number;
  /** 1 when there is speech in it, 0 when it is silence. */
  speech: number;
  status: Generated<ChunkStatus>;
  attempts: Generated<number>;
  /** JSON array of `Word`, times counted from the chunk's start. */
  words: string | null;
  engine: string | null;
  model: string | null;
  work_ms: number | null;
  run_id: number | null;
  committed_at: number | null;
  error_message: string | null;
  evidence: string | null;
}

export interface ArtifactsTable {
  id: Generated<number>;
  job_id: number;
  stage: StageName;
  name: string;
  /** Relative to the job's folder. */
  path: string;
  sha256: string;
  bytes: number;
  created_at: number;
}

/**
 * The transcript of a job, from the moment on at which there is more than what an engine made of it: a person has changed it,
 * or it is made again. Until then its only version is the file. No version is ever changed.
 */
export interface TranscriptVersionsTable {
  job_id: number;
  /** 1, 2, … within the job. */
  number: number;
  kind: VersionKind;
  /** The person, or the engine and its model. */
  author: string;
  created_at: number;
  /** Why, in the person's words. */
  note: string | null;
  /** Passages in which it differs from the version before it. Null: an engine made it. */
  segments_changed: number | null;
  /** The version that it is equal to, because it was fetched back. */
  restored: number | null;
  /** Of the file that an engine wrote; null: a person made it. */
  sha256: string | null;
  /** The transcript as JSON. Null: it is what the job's file holds, as long as that has the sha256. */
  content: string | null;
}

/** Who made a version. */
export type VersionKind = 'engine' | 'person';

/**
 * `submitted` and `claimed` are told apart from every other change of state, which is `status`. `changed` is a change of
 * anything else, such as the priority. `edited` is a new version of the text by a person. `queue` is about the queue as a whole and has 0 for its job, and so has `access`: users
 * and keys that came and went.
 */
export type EventType = 'submitted' | 'claimed' | 'status' | 'changed' | 'edited' | 'deleted' | 'queue' | 'access';

export interface EventsTable {
  id: Generated<number>;
  /** Outlives the job it tells about. */
  job_id: number;
  at: number;
  type: EventType;
  from_status: JobStatus | null;
  to_status: JobStatus | null;
  /** Who did it: `user`, `owner`, `supervisor`, … */
  actor: string;
  reason: string | null;
  /** JSON. */
  data: string | null;
}

/** People who may come in with a password. */
export interface UsersTable {
  /** A random UUID; what `user_id` of a job means. */
  id: string;
  name: string;
  /** The name as it is compared: two that differ in letter case alone are one. */
  name_key: string;
  /** As `jobs/passwords.ts` writes it. */
  password: string;
  /** 1 for an admin. */
  is_admin: number;
  created_at: number;
  password_at: number;
}

/** Keys of programs. The key itself is nowhere. */
export interface ApiKeysTable {
  name: string;
  sha256: string;
  scope: Scope;
  /** Whose key it is; null: nobody's in particular, it sees all jobs. */
  user_id: string | null;
  created_at: number;
  /** To the minute. */
  last_used_at: number | null;
}

/** Browsers that are signed in. What they send is nowhere. */
export interface SessionsTable {
  sha256: string;
  user_id: string;
  created_at: number;
  /** To the minute. */
  seen_at: number;
}

/** Who is told when a job ends. */
export interface NotificationTargetsTable {
  id: Generated<number>;
  kind: TargetKind;
  /** A web address or an e-mail address. */
  address: string;
  /** What stands or falls together: scheme, host and port of a web address; `mail` for all that goes to the mail server. */
  destination: string;
  /** What webhooks are signed with. Read to sign, and for nothing else. */
  secret: string | null;
  /** JSON array of `NotificationEvent`. */
  events: string;
  /** Those from the settings follow the settings. */
  origin: 'user' | 'settings';
  /** Whose jobs it is told of; null: everybody's. */
  user_id: string | null;
  /** The only job it is told of; null: all. */
  job_id: number | null;
  enabled: Generated<number>;
  created_at: number;
}

/** The outbox: what was to be told, and whether it was. */
export interface NotificationDeliveriesTable {
  id: Generated<number>;
  /** Random; the receiver knows by it what it has had already. */
  event_id: string;
  target_id: number;
  /** The target's, so that what is due can be chosen without it. */
  destination: string;
  event: NotificationEvent | 'test';
  job_id: number | null;
  /** JSON, the body as it is sent at every try. */
  payload: string;
  status: 'pending' | 'delivered' | 'failed';
  tries: Generated<number>;
  created_at: number;
  /** Not to be tried before. */
  next_at: number;
  tried_at: number | null;
  /** When it was delivered or given up. */
  ended_at: number | null;
  /** What the receiver answered last. */
  http_status: number | null;
  /** Why the last try failed, as a sentence. */
  error: string | null;
}

export interface Database {
  transcription_jobs: JobsTable;
  transcription_queue: QueueTable;
  runs: RunsTable;
  usage_samples: UsageSamplesTable;
  stages: StagesTable;
  chunks: ChunksTable;
  artifacts: ArtifactsTable;
  transcript_versions: TranscriptVersionsTable;
  events: EventsTable;
  queue_state: QueueStateTable;
  watched_files: WatchedFilesTable;
  users: UsersTable;
  api_keys: ApiKeysTable;
  sessions: SessionsTable;
  notification_targets: NotificationTargetsTable;
  notification_deliveries: NotificationDeliveriesTable;
}

export type JobRow = Selectable<JobsTable>;
export type QueueRow = Selectable<QueueTable>;
export type RunRow = Selectable<RunsTable>;
export type StageRow = Selectable<StagesTable>;
export type ChunkRow = Selectable<ChunksTable>;
export type ArtifactRow = Selectable<ArtifactsTable>;
export type TranscriptVersionRow = Selectable<TranscriptVersionsTable>;
export type EventRow = Selectable<EventsTable>;
export type UserRow = Selectable<UsersTable>;
export type ApiKeyRow = Selectable<ApiKeysTable>;
export type SessionRow = Selectable<SessionsTable>;
export type TargetRow = Selectable<NotificationTargetsTable>;
export type DeliveryRow = Selectable<NotificationDeliveriesTable>;

export type JobInsert = Insertable<JobsTable>;
/** Columns that come along with a change of state. State and identity are the transition's own. */
export type JobPatch = Omit<Updateable<JobsTable>, 'id' | 'status' | 'created_at'>;
/** The columns that are set exactly while a job is `processing`: a claim sets them, the end of the work clears them. */
export type LeaseColumn = 'lease_token' | 'lease_until' | 'lease_node' | 'current_run_id';

/** Health, storage, backups, about. */
import { counted } from '../../../words/counted.ts';

export default {
  checks: 'Health check',
  checking: 'Looking at everything. Large models and databases take a while …',
  again: 'Check again',
  checkedAt: (time: string) => `Checked at ${time}`,
  verdict: {
    healthy: 'All is well.',
    degraded: 'Recordings are transcribed, but something should be looked at.',
    unhealthy: 'Recordings cannot be transcribed at the moment.',
  },
  state: { ok: 'Good', optional: 'Not needed', warning: 'Look at this', failed: 'Broken' },
  fine: (count: number) => `Everything that is in order (${count})`,
  supervision: 'Work that is watched over',
  watched: { active: 'In work', stuck: 'Stuck', orphaned: 'Without anybody to watch' },
  noAlerts: 'Nothing is stuck, and nothing was left behind.',
  cleanUp: 'Clean up now',
  cleanUpAbout:
    'Settles recordings that nobody works on any more, ends what was left of them, and removes old logs and files that nobody needs. It happens by itself as well. Programs that are not Longhand’s are never ended.',
  nothing: 'There was nothing to clean up.',
  recovered: (job: number, status: 'pending' | 'failed') =>
    status === 'pending'
      ? `Recording ${job} had been orphaned. It goes on from where it was.`
      : `Recording ${job} had been orphaned, and failed.`,
  ended: (count: number) => `${counted(count, 'process', 'processes')} that had been left behind ended.`,
  survivors: (names: string) => `Could not be ended: ${names}.`,
  logs: (count: number, size: string) => `${counted(count, 'old log file', 'old log files')} removed (${size}).`,
  leftOver: (count: number) => `Left-over files of ${counted(count, 'recording', 'recordings')} removed.`,
  uploads: (count: number) => `${counted(count, 'unused upload', 'unused uploads')} removed.`,
  show: 'Show it',
  service: 'The service',
  facts: {
    since: 'Running since',
    memory: 'Memory it takes itself',
    address: 'Address',
    process: 'Process',
    jobs: 'Recordings',
    version: 'Version',
    licence: 'Licence',
  },
  jobs: (running: number, waiting: number) => `${running} in work, ${waiting} waiting`,
  space: 'Space on the disk',
  takes: (size: string) => `Longhand takes ${size}.`,
  free: (free: string, total: string) => `${free} of ${total} are free.`,
  kinds: {
    recordingsBytes: 'Recordings',
    modelsBytes: 'Models',
    jobFilesBytes: 'Work files and texts',
    databaseBytes: 'Database',
    backupsBytes: 'Backups',
    logsBytes: 'Logs',
  },
  retention: 'How long things are kept',
  retentionAbout: 'Recordings and their texts are kept until you delete them.',
  backups: 'Backups of the database',
  backupsAbout:
    'One is made every day and before each update, and checked. The newest seven are kept. They hold texts, settings of jobs and the history; recordings are files of their own.',
  backUp: 'Back up now',
  made: (name: string) => `Made and checked: ${name}`,
  noBackups: 'There is none yet',
  noBackupsAbout: 'The first one is made within a day, or right now.',
  verified: 'Checked',
  unverified: 'Not whole',
  restore: 'How to restore one',
  restoreAbout: 'On the machine itself: stop the service, put the backup in place of the database, start it again.',
  aboutText:
    'Longhand turns recordings into text on your own machine, and never loses one. Nothing you record leaves it unless you choose a server.',
  docs: 'The API, to read and to try',
  metrics: 'Figures for monitoring',
};

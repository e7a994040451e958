/** What can be done with a job. */
export default {
  pause: 'Pause',
  resume: 'Go on',
  retry: 'Try again',
  retryNow: 'Try again now',
  again: 'Transcribe again',
  stop: 'Stop',
  cancel: 'Cancel',
  sooner: 'Do it sooner',
  usual: 'Back to the usual priority',
  delete: 'Delete …',
  deleteTitle: 'Delete this recording?',
  deleteAbout: (name: string) =>
    `“${name}” goes with its text, its log and everything that was made of it. A recording that was uploaded here goes too; one on this machine’s disk stays. This cannot be undone.`,
  deleteConfirm: 'Delete',
  keep: 'Keep it',
};

/** What the page says where the queue is changed by hand. */
export default {
  reorder: (name: string) => `Move ${name}`,
  drag: {
    how: 'Press space or enter to take hold of a recording, the arrow keys to move it, space or enter again to let it go, escape to leave it where it was.',
    taken: (name: string, place: number) => `${name} taken. Place ${place}.`,
    over: (name: string, place: number) => `${name} is now at place ${place}.`,
    dropped: (name: string, place: number) => `${name} put at place ${place}.`,
    left: (name: string) => `${name} was left where it was.`,
  },
  pauseQueueAbout: 'No recording starts until the queue is resumed, also after a restart of Longhand. Nothing is lost.',
  pauseReason: 'Why',
  pauseReasonHint: 'Shown to everybody who looks at the queue. You can leave it empty.',
  pauseRunning: 'Pause what is in work, too',
  pauseRunningHint: 'Otherwise it goes on to its end.',
};

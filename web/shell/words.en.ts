import { counted } from '../words/counted.ts';

export default {
  transcribe: 'Transcribe',
  history: 'History',
  settings: 'Settings',
  pages: 'Pages',
  skip: 'Skip to the content',
  inWork: 'In work',
  resumed: 'resumed',
  failed: 'Failed',
  moreFailed: (count: number) => `${count} more`,
  allSeen: 'I have seen them',
  left: (time: string) => `${time} left`,
  waiting: (count: number) => counted(count, 'recording waits', 'recordings wait'),
  allDoneIn: (time: string) => `all done in ${time}`,
  away: 'Longhand does not answer at the moment. The page goes on by itself as soon as it does; work on the server is not affected.',
  signIn: 'Sign in',
  name: 'Name',
  password: 'Password',
  keyNeeded:
    'Nobody can sign in here yet: there are keys for programs, and no user with a password. On the machine itself: longhand users add NAME',
  notFound: 'Nothing here',
  notFoundAbout: 'There is no page at this address.',
  toStart: 'To the start',
  trouble: 'This page cannot be shown',
  troubleRemedy: 'Load it again; after an update the page may be newer than what the browser has.',
  reload: 'Load again',
};

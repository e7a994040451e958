/** What whoever watches folders needs of the store. */
export {
  noteTold,
  notHandedIn,
  type WatchedFile,
  type WatchedResult,
  watchedResults,
} from '../store/watched-files.ts';

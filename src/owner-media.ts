/** How an owner makes what players need. */
import { COPY_MEDIA_TYPE, copyBytes, makePlayable, playableAs } from './audio/playable.ts';
import { measureWaveform } from './audio/waveform.ts';
import { Media } from './jobs/media.ts';
import type { Store } from './store/store.ts';
import { jobFolder } from './supervisor/job-files.ts';

export function mediaOf(store: Store, dataDir: string): Media {
  return new Media({
    ...{ store, dataDir },
    sound: { playableAs, makePlayable, measureWaveform, copyBytes, copyMediaType: COPY_MEDIA_TYPE },
    jobFolder: (jobId) => jobFolder(dataDir, jobId),
  });
}

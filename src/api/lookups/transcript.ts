import { transcriptVersion } from '../../jobs/transcript.ts';
import { aboutOf } from '../../jobs/view.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import { FORMATS, transcriptFile } from '../../transcript/formats/index.ts';
import { attachment } from '../attachment.ts';
import { showTranscript } from '../schemas/texts.ts';
import { lookUp, PlainAnswer } from './look-up.ts';

/** The text of a recording, in a format: the newest version, or the one asked for. */
export const transcript = lookUp(
  '/api/jobs/:id/transcript',
  showTranscript,
  async ({ store, dataDir }, { params: { id }, query: { format, download, version } }) => {
    const found = await transcriptVersion(store, id, jobFolder(dataDir, id), version);
    const about = await aboutOf(store, id);
    const { mediaType, extension, isText } = FORMATS[format];
    return new PlainAnswer(await transcriptFile(found.transcript, format, about), mediaType, {
      'x-transcript-version': String(found.number),
      ...(download || !isText ? { 'content-disposition': attachment(about.title, extension) } : {}),
    });
  },
);

import { transcriptOf } from '../../jobs/transcript.ts';
import { nameOf } from '../../jobs/view.ts';
import { jobFolder } from '../../supervisor/job-files.ts';
import { FORMATS, formatTranscript } from '../../transcript/formats/index.ts';
import { attachment } from '../attachment.ts';
import { showTranscript } from '../schemas/texts.ts';
import { lookUp, TextAnswer } from './look-up.ts';

/** The text of a recording, in a format. */
export const transcript = lookUp(
  '/api/jobs/:id/transcript',
  showTranscript,
  async ({ store, dataDir }, { params: { id }, query: { format, download } }) => {
    const found = await transcriptOf(store, id, jobFolder(dataDir, id));
    const { mediaType, extension } = FORMATS[format];
    const headers = download ? { 'content-disposition': attachment(await nameOf(store, id), extension) } : undefined;
    return new TextAnswer(formatTranscript(found, format), mediaType, headers);
  },
);

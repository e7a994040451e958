/** Uploads that are taken up again where they were broken off, as tus 1.0.0 has them (https://tus.io/protocols/resumable-upload). */
import type { FastifySchema } from 'fastify';
import * as z from 'zod';
import { PROBLEM_MEDIA_TYPE, problem } from './problem.ts';

const TAGS = ['Uploads'];

export const PART_MEDIA_TYPE = 'application/offset+octet-stream';

const upload = z.object({ id: z.string().describe('The id of the upload') });

/** What the protocol refuses has a plain sentence; what is refused before that is a problem. */
const refusals = {
  '4XX': {
    description: 'The request was refused',
    content: { 'text/plain': { schema: z.string() }, [PROBLEM_MEDIA_TYPE]: { schema: problem } },
  },
  '5XX': {
    description: 'Not now, or no space',
    content: { 'text/plain': { schema: z.string() }, [PROBLEM_MEDIA_TYPE]: { schema: problem } },
  },
};

function empty(description: string) {
  return z.null().describe(description);
}

const tus = (operationId: string, summary: string, status: number, answer: string) => ({
  tags: TAGS,
  operationId,
  summary,
  response: { [status]: empty(answer), ...refusals },
});

export const createUpload = {
  ...tus('createUpload', 'Begin an upload in parts', 201, 'Made; Location is where its parts go'),
  description: `Send \`Tus-Resumable: 1.0.0\`, \`Upload-Length\` in bytes, and \`Upload-Metadata\` with the \`filename\`, each value in
base64; options of the job may stand there too. With \`autostart\` set to \`true\` the upload becomes a job when it is whole, and
the header X-Longhand-Job of the last answer is its number; with X-Longhand-Duplicate beside it that job had the same recording
before, no other was made, and this is its state. Otherwise: POST /api/jobs with \`upload\`.`,
} satisfies FastifySchema;

export const showUploads = {
  ...tus(
    'showUploadProtocol',
    'What of the protocol is known here, in headers',
    204,
    'Tus-Version, Tus-Extension, Tus-Max-Size',
  ),
} satisfies FastifySchema;

export const showUpload = {
  ...tus('showUpload', 'How much of an upload is there', 200, 'Upload-Offset is where to go on'),
  params: upload,
} satisfies FastifySchema;

export const showUploadOptions = {
  ...tus('showUploadOptions', 'As for all uploads', 204, 'Tus-Version, Tus-Extension, Tus-Max-Size'),
  params: upload,
} satisfies FastifySchema;

export const continueUpload = {
  ...tus('continueUpload', 'Send what comes next', 204, 'Kept; Upload-Offset is where to go on'),
  description: 'Send `Tus-Resumable: 1.0.0` and `Upload-Offset`, the number of bytes that are there.',
  params: upload,
} satisfies FastifySchema;

export const deleteUpload = {
  ...tus('deleteUpload', 'Give an upload up, unless it is the recording of a job', 204, 'Nothing of it is left'),
  params: upload,
} satisfies FastifySchema;

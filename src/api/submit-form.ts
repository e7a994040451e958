/** A form with a recording and what is wanted of it becomes a job. */
import type { FastifyRequest } from 'fastify';
import type { Submitted } from '../jobs/submit.ts';
import { discardUpload, submitUpload, type UploadContext, type WholeUpload, type Wish } from '../jobs/submit-upload.ts';
import { accept } from './accept.ts';
import type { ApiContext } from './context.ts';
import { type Form, InvalidFormError, receiveForm } from './form.ts';
import { type GivenWish, wishOf, wishOfForm } from './wish.ts';

/**
 * Receives the recording and makes a job of it. Where it throws, nothing of the upload is left.
 * @throws as `receiveForm`, `accept` and `submit`
 */
export async function submitForm(context: ApiContext, request: FastifyRequest): Promise<Submitted> {
  const { dataDir, intake } = context;
  const wishIn = (fields: Form['fields']) => wishOf(checked(fields), intake.defaults, request.caller);
  // Nobody sends gigabytes only to hear that there is no room.
  (await context.reservePlace())();
  const { fields, upload } = await receiveForm(request, { dataDir, maxBytes: intake.maxUploadBytes, check: wishIn });
  return await accept(context, (makeRoom) => submitOrDiscard({ ...context, makeRoom }, upload, wishIn(fields)));
}

/** As `submitUpload`; the upload is removed unless a job is for it. */
export async function submitOrDiscard(context: UploadContext, upload: WholeUpload, wish: Wish): Promise<Submitted> {
  try {
    const submitted = await submitUpload(context, upload, wish);
    if (submitted.duplicateOf) await discardUpload(context, upload);
    return submitted;
  } catch (error) {
    // The store may have lost its connection after it had accepted the job: then there is one.
    await discardUpload(context, upload);
    throw error;
  }
}

/** @throws UsageError naming the field; InvalidFormError when one is there twice */
function checked(fields: Form['fields']): GivenWish {
  const names = fields.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidFormError(`the field ${JSON.stringify(twice)} is there twice`);
  return wishOfForm(fields);
}

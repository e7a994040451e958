/** A form with one recording, as browsers and `curl -F` send it (RFC 7578): the recording goes to the disk while it comes. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type {} from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { UsageError } from '../domain/errors.ts';
import { PRIVATE_FILE_MODE } from '../files/directory.ts';
import { pour, requireUploadSpace, UploadTooLargeError } from '../files/receive.ts';
import { makeUploadFolder, newUploadId, partOf, removeUpload, settleUpload } from '../files/upload-folder.ts';
import { fileName, shownName } from '../files/upload-name.ts';
import type { WholeUpload } from '../jobs/submit-upload.ts';

export const FILE_FIELD = 'file';
/** What a form has around its file. */
const FORM_BYTES = 1024 * 1024;
/** A second file is found and refused in words of ours. */
const LIMITS = { fields: 100, files: 2, parts: 102, fieldNameSize: 100, fieldSize: 64 * 1024, headerPairs: 50 };
/** A client that sends on after it was refused is heard so long, so that it reads why. */
const LINGER_MS = 2_000;

/** The form cannot be read. */
export class InvalidFormError extends UsageError {
  readonly statusCode = 400;
  readonly code = 'invalid_form';

  constructor(why: string) {
    super(`The form cannot be used: ${why}.`, `Send multipart/form-data with the recording as "${FILE_FIELD}".`);
  }
}

export interface FormOptions {
  dataDir: string;
  maxBytes: number;
  /** Sees the fields before the file comes, as far as they stand in front of it, and again at the end. Throws to refuse. */
  check(fields: Form['fields']): unknown;
}

/** A form as it came. Whoever gets it sees to the upload: it becomes a job, or is removed. */
export interface Form {
  fields: (readonly [name: string, value: string])[];
  upload: WholeUpload;
}

/**
 * Receives a form. Where it throws nothing is left behind, and the client is heard out for a moment.
 * @throws InvalidFormError, UploadTooLargeError, DiskError, and what `check` throws
 */
export async function receiveForm(request: FastifyRequest, options: FormOptions): Promise<Form> {
  const id = newUploadId();
  try {
    requireForm(request);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > options.maxBytes + FORM_BYTES) throw new UploadTooLargeError(options.maxBytes);
    await requireUploadSpace(options.dataDir, announced);
    return await readForm(request, id, options);
  } catch (error) {
    await removeUpload(options.dataDir, id);
    hearOut(request);
    throw asRefusal(error);
  }
}

/** @throws UsageError with 415 when the request is no form */
function requireForm(request: FastifyRequest): void {
  if (request.isMultipart?.()) return;
  throw Object.assign(new UsageError('The recording must come as multipart/form-data.'), { statusCode: 415 });
}

async function readForm(request: FastifyRequest, id: string, { dataDir, maxBytes, check }: FormOptions): Promise<Form> {
  const fields: Form['fields'] = [];
  let upload: WholeUpload | undefined;
  const limits = { ...LIMITS, fileSize: Number.POSITIVE_INFINITY };
  for await (const part of request.parts({ limits })) {
    if (part.type === 'field') {
      if (part.fieldname === FILE_FIELD) throw new InvalidFormError(`"${FILE_FIELD}" is a text and not a file`);
      if (part.fieldnameTruncated || part.valueTruncated) throw new InvalidFormError('a field is too long');
      fields.push([part.fieldname, String(part.value)]);
      continue;
    }
    if (part.fieldname !== FILE_FIELD) throw new InvalidFormError(`there is a file as "${shownName(part.fieldname)}"`);
    if (upload) throw new InvalidFormError('there is more than one file');
    await check(fields);
    upload = await receiveFile(part.file, part.filename ?? '', makeUploadFolder(dataDir, id), maxBytes);
  }
  if (!upload) throw new InvalidFormError(`there is no file as "${FILE_FIELD}"`);
  await check(fields);
  return { fields, upload };
}

async function receiveFile(
  source: AsyncIterable<Uint8Array>,
  name: string,
  folder: string,
  maxBytes: number,
): Promise<WholeUpload> {
  const hash = createHash('sha256');
  const file = await open(partOf(folder), 'wx', PRIVATE_FILE_MODE);
  let bytes: number;
  try {
    bytes = await pour(source, file, { position: 0, maxBytes, folder, hash });
  } finally {
    await file.close();
  }
  // As browsers write a quotation mark in a form (https://html.spec.whatwg.org/multipage/form-control-infrastructure.html).
  const given = name.replaceAll('%22', '"');
  const filename = shownName(given);
  if (bytes === 0) throw new InvalidFormError(`the file ${JSON.stringify(filename)} is empty`);
  return { path: await settleUpload(folder, fileName(given)), filename, bytes, sha256: hash.digest('hex') };
}

/** What the reader of forms says is the sender's fault; it throws plain errors and Fastify's. What the disk says is not. */
function asRefusal(error: unknown): unknown {
  const { message, code, errno } = error as NodeJS.ErrnoException;
  const isReaders = (error as Error).constructor === Error || code?.startsWith('FST_');
  return isReaders && errno === undefined ? new InvalidFormError(message.replace(/\.$/, '')) : error;
}

/** Reads on and throws away for a moment: a connection that is cut while the client sends takes the answer with it. */
function hearOut({ raw }: FastifyRequest): void {
  if (raw.readableEnded || raw.destroyed) return;
  raw.unpipe();
  raw.resume();
  const enough = setTimeout(() => raw.destroy(), LINGER_MS);
  raw.once('close', () => clearTimeout(enough));
}

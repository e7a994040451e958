import { constants } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { LonghandError } from '../domain/errors.ts';
import { PRIVATE_FILE_MODE } from '../files/directory.ts';
import { sha256OfOpenFile } from '../files/hash.ts';
import { requireUploadSpace } from '../files/receive.ts';
import { makeUploadFolder, newUploadId, partOf, removeUpload, settleUpload } from '../files/upload-folder.ts';
import type { WholeUpload } from './submit-upload.ts';

/** The installation is not whole. */
export class SampleMissingError extends LonghandError {
  readonly statusCode = 404;
  readonly code = 'sample_missing';

  constructor() {
    super({
      kind: 'unknown',
      message: 'The sample recording is not in this installation.',
      remedy: 'Hand in a recording of your own, or install Longhand again.',
    });
  }
}

/**
 * Copies the recording that ships with Longhand to where uploads are: from there on it is one. So its job outlives another
 * version of Longhand, and takes it along when it is deleted.
 * @throws SampleMissingError; DiskError when there is no room for it
 */
export async function takeSample(dataDir: string, sampleRecording: string): Promise<WholeUpload> {
  await requireUploadSpace(dataDir, 0);
  const id = newUploadId();
  const folder = makeUploadFolder(dataDir, id);
  try {
    await copyFile(sampleRecording, partOf(folder), constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? new SampleMissingError() : error;
    });
    const file = await open(partOf(folder), 'r+');
    try {
      await file.chmod(PRIVATE_FILE_MODE);
      const sha256 = await sha256OfOpenFile(file);
      const { size: bytes } = await file.stat();
      await file.sync();
      const filename = basename(sampleRecording);
      return { path: await settleUpload(folder, filename), filename, bytes, sha256 };
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeUpload(dataDir, id);
    throw error;
  }
}

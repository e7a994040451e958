/**
 * Where the service says who it is, for programs that want to find it: `service.json` in its data folder, there while it
 * answers over HTTP. After a kill -9 it is left behind; so whoever reads it asks whether that very process is alive.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeFileAtomically } from '../files/directory.ts';
import { identify, isAlive, type ProcessIdentity } from '../supervisor/identity.ts';

const NAME = 'service.json';

const record = z.object({
  process: z.object({ pid: z.int().positive(), startTime: z.string(), bootId: z.string().nullable() }),
  address: z.string(),
  version: z.string(),
  /** ISO 8601. */
  since: z.string(),
});

/** What stands in the file. */
export type ServiceRecord = z.output<typeof record>;

/** Writes the file, for this user alone: whole, or not at all. */
export async function writeServiceFile(dataDir: string, service: ServiceRecord): Promise<void> {
  await writeFileAtomically(join(dataDir, NAME), `${JSON.stringify(service, null, 2)}\n`);
}

/** Idempotent. Only for who owns the data folder. */
export function removeServiceFile(dataDir: string): void {
  rmSync(join(dataDir, NAME), { force: true });
}

/** The service that the file tells of, if exactly that process is alive. One that cannot be read tells of none. */
export function readServiceFile(dataDir: string): ServiceRecord | undefined {
  const parsed = record.safeParse(contentOf(join(dataDir, NAME)));
  return parsed.success && isAlive(parsed.data.process) ? parsed.data : undefined;
}

/** This process, as it stands in the file. */
export function ownIdentity(): ProcessIdentity {
  const identity = identify(process.pid);
  if (!identity) throw new Error('This process cannot be identified.');
  return identity;
}

function contentOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // No file, or half of one that somebody else wrote.
    const known = error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (known) return undefined;
    throw error;
  }
}

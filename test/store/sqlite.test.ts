import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { storeConformance } from './conformance.ts';
import { temporaryFolder } from './support.ts';

storeConformance('SQLite', async (clock) => {
  const file = join(temporaryFolder(), 'longhand.db');
  const store = await openStore({ file, clock });
  onTestFinished(() => store.close());
  return store;
});

import type { Config, ConfigInput } from '../config/schema.ts';
import type { Engine, EngineSettings } from '../engines/engine.ts';
import type { StartLookUp } from '../session/look-up.ts';
import type { StartOwner } from '../session/owner-process.ts';

/** What commands get from the composition root, each loaded only when a command needs it. */
export interface Shell {
  /** Reads the settings and tells the user of variables that are none. */
  config(flags?: ConfigInput): Promise<Config>;
  startOwner: StartOwner;
  /** For commands that only look something up. */
  startLookUp: StartLookUp;
  engines(): Promise<Engine[]>;
  settings(config: Config): Promise<EngineSettings>;
}

/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** As systemd and the LSB tell that a service does not run, or that nobody knows. */
  notRunning: 3,
  unknown: 4,
  interrupted: 130,
  terminated: 143,
} as const;

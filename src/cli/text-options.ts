import type { Command } from 'commander';

/** What every command that gives texts understands. */
export interface TextFlags {
  format?: string[];
  output?: string;
  json?: boolean;
}

/** Adds `--format`, `--output` and `--json` to a command. */
export function withTextOptions(command: Command, json: string): Command {
  return command
    .option('--format <name>', 'txt, srt, vtt, json or docx; may be repeated', (value, before: string[] = []) => [
      ...before,
      value,
    ])
    .option('--output <dir>', 'write files into DIR instead of standard output')
    .option('--json', json);
}

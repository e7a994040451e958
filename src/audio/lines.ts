import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A file decides what ffmpeg prints of it; what is longer than this is cut. */
const MAX_LINE_CHARS = 8_192;

/** Hands on a stream line by line. Of a line that does not end only the beginning is kept. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  stream.on('data', (bytes: Buffer) => {
    const lines = decoder.write(bytes).split(/\r?\n/);
    lines[0] = begun + lines[0];
    begun = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
    for (const line of lines) onLine(line.slice(0, MAX_LINE_CHARS));
  });
  stream.on('end', () => {
    if (begun !== '') onLine(begun);
  });
}

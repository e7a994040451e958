import { extname } from 'node:path';

/** Extensions of audio and video files that ffmpeg reads, lower case. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  (
    '3g2 3ga 3gp aac ac3 adts aif aifc aiff alac amr ape asf au avi caf dss dts ec3 f4v flac flv gsm m1v m2a m2ts m4a m4b ' +
    'm4p m4r m4v mj2 mka mkv mov mp1 mp2 mp3 mp4 mpa mpc mpe mpeg mpg mpga mts mxf oga ogg ogm ogv opus qt ra ram rf64 rm ' +
    'rmvb shn snd spx tak tta ts vob voc w64 wav wave weba webm wma wmv wv'
  ).split(' '),
);

/** Whether a file's name says that it is audio or video. */
export function looksLikeRecording(path: string): boolean {
  return EXTENSIONS.has(extname(path).slice(1).toLowerCase());
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Orders paths as a person does: `talk 2` before `talk 10`, a folder's files together. The same on every machine. */
export function inNaturalOrder(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (const [index, part] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = collator.compare(part, other) || (part < other ? -1 : part > other ? 1 : 0);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

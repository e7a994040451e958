/** What can be a recording, as far as its name and type tell. What the service cannot read after all it says itself. */

const EXTENSIONS = new Set(
  (
    '3ga 3gp 3gpp aac ac3 aif aifc aiff amr ape asf au avi caf dss flac flv gsm m2ts m4a m4b m4v mka mkv mov mp2 mp3 mp4 mpa ' +
    'mpeg mpg mts mxf oga ogg ogv opus ra rm snd spx ts tta voc w64 wav weba webm wma wmv wv'
  ).split(' '),
);
/** Of which a name without a known ending may be anything. */
const UNTOLD = ['', 'application/octet-stream', 'application/ogg', 'application/mp4', 'application/x-matroska'];

/** Why a file is not sent: `kind` it is something else, `empty` there is nothing in it. */
export type Refusal = 'kind' | 'empty';

export function refusalOf(file: File): Refusal | undefined {
  if (file.size === 0) return 'empty';
  const extension = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase();
  if (extension !== undefined && EXTENSIONS.has(extension)) return undefined;
  return /^(audio|video)\//.test(file.type) || UNTOLD.includes(file.type) ? undefined : 'kind';
}

/** Between reading the head of a file and giving it up: some kinds no browser can read. */
const LOOK_MS = 8_000;

/** @returns how long a recording is, in seconds; undefined where the browser cannot tell */
export function lengthOf(file: Blob): Promise<number | undefined> {
  return new Promise((resolve) => {
    const player = document.createElement('audio');
    const url = URL.createObjectURL(file);
    const end = (seconds?: number) => {
      clearTimeout(timer);
      player.removeAttribute('src');
      URL.revokeObjectURL(url);
      resolve(seconds !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined);
    };
    const timer = setTimeout(end, LOOK_MS);
    player.preload = 'metadata';
    player.onloadedmetadata = () => end(player.duration);
    player.onerror = () => end();
    player.src = url;
  });
}

// `node samples/make.js`: makes the interview that stands beside this file, with the words and when they are spoken.
// Two voices of Debian's `flite` take turns; every word is in PocketSphinx's dictionary.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOST = { speaker: 'Host', voice: 'slt' };
const GUEST = { speaker: 'Guest', voice: 'rms' };
const TURNS = [
  [HOST, 'Welcome to the program. This morning we are talking about the old railroad station.'],
  [GUEST, 'Good morning. It is a great pleasure to be here with you.'],
  [HOST, 'You have worked at the station for more than thirty years. Can you tell us about your first day?'],
  [GUEST, 'My father was an engineer on the railroad. When I was a young man, he gave me a job in the ticket office.'],
  [HOST, 'And what do you remember about the early days?'],
  [
    GUEST,
    'It was a very busy place. Thousands of people came through the doors every day, and the trains were always full.',
  ],
  [HOST, 'Then the government decided to close the station. What happened after that?'],
  [GUEST, 'Many people were very angry. They raised the money, and the state agreed to help.'],
  [HOST, 'Was it difficult to repair the building?'],
  [GUEST, 'Yes, it took almost three years. The roof was in bad condition, and most of the windows were broken.'],
  [HOST, 'What is inside the building today?'],
  [GUEST, 'There is a large museum, a library for children, and a restaurant with a view of the river.'],
  [HOST, 'What is your favorite memory of the station?'],
  [
    GUEST,
    'One winter night there was so much snow that no train could leave. ' +
      'We made coffee for everybody, and the passengers stayed with us until the morning.',
  ],
  [HOST, 'That is a wonderful story. Thank you very much for your time.'],
  [GUEST, 'It was my pleasure. I hope to see all of you at the station.'],
];

const SAMPLE_RATE_HZ = 16_000;
const BYTES_PER_MS = (SAMPLE_RATE_HZ * 2) / 1000;
const PAUSE_MS = 600;
const HERE = dirname(fileURLToPath(import.meta.url));

const scratch = mkdtempSync(join(tmpdir(), 'longhand-sample-'));
try {
  const sound = [silence(PAUSE_MS)];
  const turns = [];
  for (const [{ speaker, voice }, text] of TURNS) {
    const speech = speak(voice, text);
    const startMs = lengthMs(sound);
    sound.push(speech);
    turns.push({ speaker, startMs, endMs: lengthMs(sound), text });
    sound.push(silence(PAUSE_MS));
  }
  writeFlac(Buffer.concat(sound), join(HERE, 'interview.flac'));
  writeFileSync(join(HERE, 'interview.txt'), turns.map(({ text }) => `${text}\n`).join(''));
  const times = { durationMs: lengthMs(sound), sampleRateHz: SAMPLE_RATE_HZ, turns };
  writeFileSync(join(HERE, 'interview.json'), `${JSON.stringify(times, null, 2)}\n`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Signed 16-bit little-endian mono samples at 16 kHz. */
function speak(voice, text) {
  const wav = join(scratch, 'turn.wav');
  execFileSync('flite', ['-voice', voice, '-t', text, '-o', wav]);
  const raw = join(scratch, 'turn.raw');
  execFileSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-i', wav, '-ac', '1', '-ar', '16000', '-f', 's16le', raw]);
  return readFileSync(raw);
}

function silence(ms) {
  return Buffer.alloc(ms * BYTES_PER_MS);
}

function lengthMs(parts) {
  return Math.round(parts.reduce((bytes, part) => bytes + part.length, 0) / BYTES_PER_MS);
}

function writeFlac(samples, file) {
  const input = ['-f', 's16le', '-ac', '1', '-ar', String(SAMPLE_RATE_HZ), '-i', 'pipe:0'];
  const output = ['-c:a', 'flac', '-compression_level', '12', '-bitexact', '-map_metadata', '-1'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...input, ...output, file], { input: samples });
}

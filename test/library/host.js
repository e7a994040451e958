// A program that holds several calls at once, as its first argument says (JSON; the type Call of support.ts).
// Tells on standard error how they come along, prints on standard output how they ended (JSON).
import { runTranscription } from 'longhand';

const calls = JSON.parse(process.argv[2]);
const endings = await Promise.all(calls.map(call));
process.stdout.write(JSON.stringify(endings));

async function call({ input, output, options, abortAt, throws }, index) {
  const abort = new AbortController();
  if (abortAt === 'start') abort.abort(new Error('enough'));
  const onProgress = ({ percent, chunk }) => {
    process.stderr.write(`${index}: ${percent} %${chunk === undefined ? '' : `, ${chunk} done`}\n`);
    if (chunk !== undefined && chunk >= abortAt) abort.abort(new Error('enough'));
    if (throws === 'now') throw new Error('the caller is\nat fault');
    if (throws === 'later') return Promise.reject(new Error('the caller is at fault later'));
  };
  try {
    const given = abortAt === undefined ? { onProgress } : { onProgress, signal: abort.signal };
    return { result: await runTranscription(input, output, { ...given, ...options }) };
  } catch (error) {
    return { thrown: { name: error.name, message: error.message, remedy: error.remedy } };
  }
}

// A program that uses the library: node test/library/example.js RECORDING TEXT [JOB-NUMBER]
// It says nothing when all went well, and ends by itself.
import { runTranscription } from 'longhand';

const [input, output, number] = process.argv.slice(2);
const result = await runTranscription(input, output, number === undefined ? {} : { jobId: Number(number) });
if (!result.success) {
  console.error(result.error.message);
  process.exitCode = 1;
}

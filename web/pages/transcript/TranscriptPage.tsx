import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { AudioLines } from 'lucide-react';
import type { Job } from '../../api-types.ts';
import { Empty, Loading, Page } from '../../components/Page.tsx';
import { Note, ProblemNote } from '../../components/ProblemNote.tsx';
import { clockTime } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { type LoadedTranscript, transcriptQuery } from './queries.ts';
import { TranscriptEditor } from './TranscriptEditor.tsx';
import { transcriptWords } from './words.ts';

/** The text of a recording: to be heard along, read, put right and taken away. */
export function TranscriptPage({ job }: { job: Job }) {
  const words = useWords(transcriptWords);
  const common = useWords(commonWords);
  const { data, error } = useQuery(transcriptQuery(job.id));
  return (
    <Page
      title={job.filename}
      about={data && <About job={job} loaded={data} />}
      width="wide"
      actions={
        <Link to="/jobs/$id" params={{ id: String(job.id) }} search={{ view: 'job' }}>
          {words.howItWent}
        </Link>
      }
    >
      <ProblemNote error={error} />
      {!data && !error && <Loading label={common.loading} />}
      {data?.transcript.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      {data?.transcript.segments.length === 0 && (
        <Empty icon={<AudioLines />} title={words.nothingSaid}>
          <p>{words.nothingSaidAbout}</p>
        </Empty>
      )}
      {data && <TranscriptEditor key={job.id} job={job} loaded={data} />}
    </Page>
  );
}

function About({ job, loaded: { number, transcript } }: { job: Job; loaded: LoadedTranscript }) {
  const words = useWords(transcriptWords);
  const count = transcript.segments.reduce((sum, segment) => sum + segment.words.length, 0);
  const seconds = transcript.durationMs > 0 ? transcript.durationMs / 1000 : job.durationSeconds;
  return [
    words.about(clockTime(seconds), count),
    words.madeBy(transcript.engine, transcript.model),
    words.version(number),
  ].join(' · ');
}

import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { Loading, Page } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { jobQuery } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import { commonWords } from '../../words/common.ts';
import { TranscriptPage } from '../transcript/TranscriptPage.tsx';
import { JobPage } from './JobPage.tsx';

/** One address for a recording: its text when that is there, and until then how the work goes. */
export function JobRoute() {
  const words = useWords(commonWords);
  const { id } = useParams({ from: '/jobs/$id' });
  const { view } = useSearch({ from: '/jobs/$id' });
  const { data: job, error } = useQuery(jobQuery(Number(id)));
  if (error && !job) {
    return (
      <Page title={`${id}`}>
        <ProblemNote error={error} />
      </Page>
    );
  }
  if (!job) return <Loading label={words.loading} />;
  return job.status === 'completed' && view !== 'job' ? <TranscriptPage job={job} /> : <JobPage job={job} />;
}

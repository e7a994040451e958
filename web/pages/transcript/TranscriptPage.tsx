import type { Job } from '../../api-types.ts';
import { Page } from '../../components/Page.tsx';

export function TranscriptPage({ job }: { job: Job }) {
  return <Page title={job.filename}>{null}</Page>;
}

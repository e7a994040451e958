import { Page } from '../../components/Page.tsx';

export function TranscribePage() {
  return <Page title="Transcribe">{null}</Page>;
}

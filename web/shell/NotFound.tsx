import { Link } from '@tanstack/react-router';
import { Empty, Page } from '../components/Page.tsx';
import { useWords } from '../words/catalogue.ts';
import { shellWords } from './words.ts';

/** No page has this address. */
export function NotFound() {
  const words = useWords(shellWords);
  return (
    <Page title={words.notFound}>
      <Empty title={words.notFoundAbout}>
        <Link to="/">{words.toStart}</Link>
      </Empty>
    </Page>
  );
}

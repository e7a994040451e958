import { useQuery } from '@tanstack/react-query';
import { Card } from '../../components/Page.tsx';
import { ProblemNote } from '../../components/ProblemNote.tsx';
import { moment } from '../../format.ts';
import { serviceQuery } from '../../queries.ts';
import { useWords } from '../../words/catalogue.ts';
import rows from './Rows.module.css';
import { settingsWords } from './words.ts';

/** Which Longhand this is, and where to read more. */
export function AboutSection() {
  const words = useWords(settingsWords).upkeep;
  const { data, error } = useQuery(serviceQuery);
  return (
    <Card title="Longhand">
      <p className={rows.about}>{words.aboutText}</p>
      <ProblemNote error={error} />
      {data && (
        <dl className={rows.facts}>
          <dt>{words.facts.version}</dt>
          <dd>{data.version}</dd>
          <dt>{words.facts.since}</dt>
          <dd>{moment(data.since)}</dd>
          <dt>{words.facts.licence}</dt>
          <dd>MIT</dd>
        </dl>
      )}
      <ul className={rows.rows}>
        <li className={rows.row}>
          <a href="/api/docs">{words.docs}</a>
        </li>
        <li className={rows.row}>
          <a href="/metrics">{words.metrics}</a>
        </li>
      </ul>
    </Card>
  );
}

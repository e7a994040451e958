import type { JobDetails } from '../../api-types.ts';
import { Card } from '../../components/Page.tsx';
import { inBytes } from '../../format.ts';
import { useWords } from '../../words/catalogue.ts';
import styles from './Artifacts.module.css';
import { jobWords } from './words.ts';

/** The files that the job made, with what proves that they are whole. */
export function Artifacts({ artifacts }: { artifacts: JobDetails['artifacts'] }) {
  const words = useWords(jobWords);
  if (artifacts.length === 0) return null;
  return (
    <Card title={words.artifacts}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{words.file}</th>
            <th scope="col">{words.madeBy}</th>
            <th scope="col">{words.size}</th>
            <th scope="col">{words.checksum}</th>
          </tr>
        </thead>
        <tbody>
          {artifacts.map(({ name, stage, path, sha256, bytes }) => (
            <tr key={path}>
              <th scope="row" title={path}>
                {name}
              </th>
              <td>{words.stage[stage] ?? stage}</td>
              <td data-figure="">{inBytes(bytes)}</td>
              <td>
                <code className={styles.sum}>{sha256}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

import { type ReactNode, useEffect } from 'react';
import styles from './Page.module.css';

interface PageProps {
  title: string;
  /** Under the title, in a sentence. */
  about?: ReactNode;
  /** Beside the title. */
  actions?: ReactNode;
  /** `wide`: as much as the screen has. */
  width?: 'narrow' | 'wide';
  children: ReactNode;
}

/** A page under the navigation: its title is the name of the tab too. */
export function Page({ title, about, actions, width = 'narrow', children }: PageProps) {
  useTitle(title);
  return (
    <div className={`${styles.page} ${styles[width]}`}>
      <header className={styles.head}>
        <div className={styles.titles}>
          <h1>{title}</h1>
          {about && <p className={styles.about}>{about}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Names the tab of the browser. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Longhand`;
  }, [title]);
}

/** A part of a page, with a heading and a ground of its own. */
export function Card({ title, actions, children }: { title?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.card}>
      {(title || actions) && (
        <header className={styles.cardHead}>
          {title && <h2>{title}</h2>}
          {actions && <div className={styles.actions}>{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** There is nothing here yet: what would be here, and how it comes. */
export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      {icon}
      <p className={styles.emptyTitle}>{title}</p>
      {children}
    </div>
  );
}

/** Something is being fetched. It shows itself only when that takes a while. */
export function Loading({ label }: { label: string }) {
  return (
    <div className={styles.loading} role="status">
      <span className={styles.spinner} aria-hidden="true" />
      {label}
    </div>
  );
}

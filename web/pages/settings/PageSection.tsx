import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../../components/Page.tsx';
import { Note } from '../../components/ProblemNote.tsx';
import { chooseTheme, currentTheme, THEMES } from '../../theme.ts';
import { chooseLanguage, currentLanguage, LANGUAGES, useWords } from '../../words/catalogue.ts';
import rows from './Rows.module.css';
import { settingsWords } from './words.ts';

/** Each language by its own name, for who does not read the one that is shown. */
const LANGUAGE_NAMES = { en: 'English', th: 'ไทย' } as const;

/** How the page looks, in this browser. */
export function PageSection() {
  const words = useWords(settingsWords).people;
  // It is chosen at once, and shown when its sentences are there.
  const [language, setLanguage] = useState(currentLanguage);
  const choose = useMutation({ mutationFn: chooseLanguage });
  const [theme, setTheme] = useState(currentTheme);
  return (
    <Card>
      <fieldset className={rows.choice}>
        <legend>{words.language}</legend>
        {LANGUAGES.map((one) => (
          <label key={one} lang={one}>
            <input
              type="radio"
              name="language"
              checked={language === one}
              onChange={() => {
                setLanguage(one);
                choose.mutate(one, { onError: () => setLanguage(currentLanguage()) });
              }}
            />
            {LANGUAGE_NAMES[one]}
          </label>
        ))}
      </fieldset>
      {choose.isError && (
        <Note tone="bad" role="alert">
          {words.languageFailed}
        </Note>
      )}
      <p className={rows.about}>{words.languageAbout}</p>
      <fieldset className={rows.choice}>
        <legend>{words.theme}</legend>
        {THEMES.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="theme"
              checked={theme === one}
              onChange={() => {
                chooseTheme(one);
                setTheme(one);
              }}
            />
            {words.themes[one]}
          </label>
        ))}
      </fieldset>
    </Card>
  );
}

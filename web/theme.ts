/** Light or dark: as the system has it, or by choice. `public/theme.js` puts the choice in place before anything is drawn. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const CHOICE = 'longhand.theme';

export function currentTheme(): Theme {
  const kept = localStorage.getItem(CHOICE);
  return THEMES.find((known) => known === kept) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') {
    localStorage.removeItem(CHOICE);
    delete dataset.theme;
  } else {
    localStorage.setItem(CHOICE, theme);
    dataset.theme = theme;
  }
}

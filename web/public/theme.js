// Before anything is drawn: the colours that somebody chose, else those of the system.
try {
  const choice = localStorage.getItem('longhand.theme');
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
} catch {
  // Storage that is switched off holds no choice.
}

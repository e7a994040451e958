// `node scripts/setup.js [--for-tests]`: makes a fresh clone ready to run. No static import and no new syntax in this file,
// so that an old Node reaches the sentence that says it is too old.
const version = process.versions.node.split('.').map(Number);

if (version[0] > 20 || (version[0] === 20 && version[1] >= 19)) {
  import('./setup/command.js').then((setUp) => setUp.setUpByHand(process.argv.slice(2)));
} else {
  console.error(`Longhand needs Node.js 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org`);
  process.exitCode = 1;
}

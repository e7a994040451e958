#!/usr/bin/env node
// The `longhand` command: sees to the set-up, then starts the build. No static import and no new syntax in this file, so
// that an old Node reaches the sentence that says it is too old.
const version = process.versions.node.split('.').map(Number);

if (version[0] > 20 || (version[0] === 20 && version[1] >= 19)) {
  import('../scripts/setup/command.js')
    .then((setUp) => setUp.setUpForCommand(process.argv.slice(2)))
    .then((ready) => (ready ? import('../dist/longhand.js') : undefined));
} else {
  console.error(`Longhand needs Node.js 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org`);
  process.exitCode = 1;
}

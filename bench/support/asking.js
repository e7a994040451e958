// node bench/support/asking.js ADDRESS PATH SECONDS CONNECTIONS: asks for the time given, each connection again as soon as it
// was answered, and prints how long each answer took. A process of its own, so that it takes nothing from others.
import { connect } from 'node:net';

const [address = '', path = '', seconds = '', connections = ''] = process.argv.slice(2);
const { hostname, port } = new URL(address);
const REQUEST = `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`;
/** @type {number[]} */
const waits = [];
const started = performance.now();
const until = started + Number(seconds) * 1000;

await Promise.all(Array.from({ length: Number(connections) }, oneAfterTheOther));
console.log(JSON.stringify({ waits, seconds: (performance.now() - started) / 1000 }));

/** @returns {Promise<void>} */
function oneAfterTheOther() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let asked = 0;
    let rest = '';
    const ask = () => {
      if (performance.now() >= until) return socket.end(resolve);
      asked = performance.now();
      return socket.write(REQUEST);
    };
    socket.setNoDelay().setEncoding('latin1');
    socket.on('connect', ask).on('error', reject);
    socket.on('data', (piece) => {
      rest += piece;
      const head = rest.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(rest)?.[1]);
      if (rest.length < head + 4 + length) return;
      if (!rest.startsWith('HTTP/1.1 200')) return reject(new Error(rest.slice(0, 500)));
      rest = '';
      waits.push(performance.now() - asked);
      ask();
    });
  });
}

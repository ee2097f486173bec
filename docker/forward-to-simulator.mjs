// Regrant accepts an Amazon without TLS on its own machine only. This runs beside it, within its network, and makes
// the simulator appear there, under the same address as in the browser: http://localhost:3001.
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

const PORT = 3001;

const server = createServer((inside) => {
  const outside = connect(PORT, 'simulator');
  // Either end going away ends both; the client sees a closed connection and says so.
  pipeline(inside, outside, () => outside.destroy());
  pipeline(outside, inside, () => inside.destroy());
}).listen(PORT, '127.0.0.1');

process.on('SIGTERM', () => process.exit());
server.on('error', (error) => {
  console.error(`The simulator cannot be forwarded: ${error.message}`);
  process.exit(1);
});

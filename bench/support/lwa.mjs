// Login with Amazon as far as vending needs it, a process of its own: every refresh token gets a new access token after
// `argv[2]` milliseconds, and keeps its refresh token.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const delay = Number(process.argv[2]);

const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const refreshToken = new URLSearchParams(body).get('refresh_token');
    const grant = {
      access_token: `Atza|${randomBytes(255).toString('base64url')}`,
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: refreshToken,
    };
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(grant));
    }, delay);
  });
});

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send({ type: 'ready', url: `http://127.0.0.1:${server.address().port}/auth/o2/token` });
});
process.on('disconnect', () => process.exit());

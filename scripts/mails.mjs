// `npm run mails`: samples of every mail in every language, sent to SMTP_URL (default: the mail catcher of npm start).
import { transformFile } from '@swc/core';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const url = process.env['SMTP_URL'] ?? 'smtp://localhost:3025';
const dist = new URL('../dist/mail/', import.meta.url);

// The samples are test data, which no build contains.
const source = fileURLToPath(new URL('../src/mail/testing/samples.ts', import.meta.url));
const { code } = await transformFile(source, {
  swcrc: false,
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'es6' },
});
mkdirSync(new URL('testing/', dist), { recursive: true });
writeFileSync(new URL('testing/samples.js', dist), code);

const { samples, PUBLIC_URL } = await import(new URL('testing/samples.js', dist));
const { compose, messageIdOf } = await import(new URL('compose.js', dist));
const { SmtpMailTransport } = await import(new URL('smtp-mail-transport.js', dist));

const transport = new SmtpMailTransport(url);
const all = samples();
try {
  for (const { name, template, language, facts } of all)
    await transport.deliver({
      ...compose(template, language, facts, PUBLIC_URL),
      from: 'Regrant <regrant@localhost>',
      to: `${language}@samples.example`,
      messageId: messageIdOf({ template, key: `${name} ${language}` }, PUBLIC_URL),
    });
  console.log(`${all.length} mails sent. With npm start: http://localhost:3001/_simulator/mailbox`);
} catch (error) {
  console.error(`Mails cannot be sent to ${new URL(url).host} (${error.code}). Is npm start running?`);
  process.exitCode = 1;
} finally {
  transport.close();
}

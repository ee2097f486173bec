import { createSimulator, type Simulator } from './simulator.js';

const GRACE_MS = 1500;

/** Ends the process with one line that says why. */
function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function readPort(name: string, preset: number): number {
  const value = process.env[name] || String(preset);
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) fail(`${name} must be a port number, 0 to 65535`);
  return Number(value);
}

function readLoginUri(): string | undefined {
  const value = process.env['SIMULATOR_LOGIN_URI'] || undefined;
  if (value && !/^https?:\/\//.test(value)) fail('SIMULATOR_LOGIN_URI must be an http or https address');
  return value;
}

function describeStartFailure(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code !== 'EADDRINUSE') return `The simulator cannot start: ${message}`;
  return `Port ${port} is in use, perhaps by another simulator. Set SIMULATOR_PORT or SIMULATOR_SMTP_PORT.`;
}

function stopOnRequest(simulator: Simulator): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // Whatever hangs: who asked for the end gets it.
    setTimeout(() => process.exit(0), GRACE_MS).unref();
    simulator.close().then(
      () => process.exit(0),
      () => process.exit(0),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A parent that goes away without a word takes the simulator with it.
  process.on('disconnect', stop);
}

const simulator = createSimulator({
  host: process.env['SIMULATOR_HOST'] || '127.0.0.1',
  port: readPort('SIMULATOR_PORT', 3001),
  smtpPort: readPort('SIMULATOR_SMTP_PORT', 3025),
  loginUri: readLoginUri(),
});
stopOnRequest(simulator);
const { url, smtpUrl } = await simulator
  .listen()
  .catch((error: unknown) => fail(describeStartFailure(error)));
console.log(`Simulator is ready: ${url} ${smtpUrl}`);
process.send?.({ type: 'ready', url, smtpUrl });

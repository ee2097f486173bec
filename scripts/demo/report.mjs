import { styleText } from 'node:util';

const coloured = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const paint = (style, text) => (coloured ? styleText(style, text) : text);

/** Tokens and API keys are told apart by their first characters; more of them is nobody's business. */
export function shortened(secret) {
  return `${secret.slice(0, 8)}…`;
}

function withoutSecrets(text) {
  return text.replace(/(Atz[ar]\||rgk_)[^\s"'&,}]{4,}/g, shortened);
}

/** One line per step, with its outcome and how long it took. */
export class Report {
  #steps;
  #width;
  #group;
  #passed = 0;
  #failed = 0;
  #started = performance.now();

  constructor(steps) {
    this.#steps = steps;
    this.#width = Math.max(...steps.map(({ name }) => name.length));
  }

  started({ regrant, amazon }) {
    console.log(`Regrant at ${regrant}, a simulated Amazon and mail server at ${amazon}`);
  }

  passed(step, outcome, milliseconds) {
    this.#passed += 1;
    const time = paint('dim', `${Math.round(milliseconds)} ms`.padStart(8));
    this.#line(step, paint('green', '✓'), `${time}  ${withoutSecrets(outcome)}`);
  }

  /** The step that was on, why it failed, and what the processes logged last. */
  failed(error, log) {
    this.#failed += 1;
    const step = this.#steps[this.#passed];
    const reason = error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
    if (this.#group || this.#passed) this.#line(step, paint('red', '✗'), withoutSecrets(reason));
    else console.log(`${paint('red', '✗')} ${withoutSecrets(reason)}`);
    if (log.length) console.log(`\nLast lines of the log:\n${withoutSecrets(log.join('\n'))}`);
  }

  /** The summary; answers the exit status. */
  finished() {
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    const open = this.#steps.length - this.#passed - this.#failed;
    const parts = [`${this.#passed} of ${this.#steps.length} steps passed in ${seconds} s`];
    if (this.#failed) parts.push(`${this.#failed} failed, ${open} not tried`);
    console.log(`\n${parts.join(', ')}`);
    return this.#passed === this.#steps.length ? 0 : 1;
  }

  #line({ who, name }, mark, rest) {
    if (who !== this.#group) console.log(`\n${paint('bold', who)}`);
    this.#group = who;
    console.log(`  ${mark} ${name.padEnd(this.#width)}  ${rest}`);
  }
}

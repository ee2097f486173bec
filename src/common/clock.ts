/** The time, injected so that tests decide what it is. Business dates come from here, never from SQL's now(). */
export abstract class Clock {
  abstract now(): Date;

  /** The moment `seconds` from now (negative: ago). */
  inSeconds(seconds: number): Date {
    return new Date(this.now().getTime() + seconds * 1000);
  }
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}

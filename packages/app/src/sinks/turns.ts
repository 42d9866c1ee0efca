/** One piece of work after another: each begins when those before it have ended, however they ended. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** @throws what the work throws */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

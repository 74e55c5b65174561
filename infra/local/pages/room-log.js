// The client rule: a room's state is a snapshot and the events after it, applied in the order of `seq`.
//
// An event that was applied already is ignored; one from beyond a gap waits for what is missing; when a
// gap stays open for a second, the missing events are asked for. The socket is only a hint.

const PATIENCE_MS = 1000;

export class RoomLog {
  #waiting = new Map();
  #timer = null;

  // `seq`: the last event that the snapshot holds. `apply(event)` changes the state; `ask(seq)` asks for what comes after it.
  constructor(seq, apply, ask) {
    this.seq = seq;
    this.apply = apply;
    this.ask = ask;
  }

  take(event) {
    if (event.seq === undefined) return;
    if (event.seq > this.seq) this.#waiting.set(event.seq, event);
    for (let next; (next = this.#waiting.get(this.seq + 1)); ) {
      this.#waiting.delete(next.seq);
      this.seq = next.seq;
      this.apply(next);
    }
    this.#watch();
  }

  // The log was loaded anew up to `seq`.
  reset(seq) {
    this.seq = seq;
    for (const number of this.#waiting.keys()) if (number <= seq) this.#waiting.delete(number);
    this.#watch();
  }

  #watch() {
    if (this.#waiting.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = null;
    } else if (this.#timer === null) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.ask(this.seq);
        this.#watch();
      }, PATIENCE_MS);
    }
  }
}

// REST and the socket, as small as they can be.

export class Api {
  constructor(stack, tokens) {
    this.stack = stack;
    this.tokens = tokens;
  }

  static async signIn(stack, person) {
    const api = new Api(stack, null);
    api.tokens = await api.post('/v1/auth/login', { email: person.email, password: person.password });
    return api;
  }

  get me() { return this.tokens.user; }
  get(path) { return this.call('GET', path); }
  post(path, body = {}) { return this.call('POST', path, body); }

  async call(method, path, body, again = true) {
    const headers = {};
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (this.tokens) headers.authorization = `Bearer ${this.tokens.access_token}`;
    const answer = await fetch(this.stack.rest + path, { method, headers, body: body && JSON.stringify(body) });
    if (answer.status === 401 && this.tokens && again) {
      await this.refresh();
      return this.call(method, path, body, false);
    }
    const text = await answer.text();
    const json = text ? JSON.parse(text) : null;
    if (!answer.ok) throw Object.assign(new Error(json?.detail || json?.title || `${answer.status}`), { problem: json });
    return json;
  }

  // Access tokens live for a quarter of an hour; all calls that find theirs over share one refresh.
  refresh() {
    this.refreshing ??= (async () => {
      const body = JSON.stringify({ refresh_token: this.tokens.refresh_token });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${this.stack.rest}/v1/auth/refresh`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error('signed out: choose who you are again');
      this.tokens = { ...this.tokens, ...(await answer.json()) };
    })().finally(() => { this.refreshing = null; });
    return this.refreshing;
  }
}

// A socket that comes back: `onEvent(event)` for each event, `onReady(hello)` after each greeting, `onFrame` for show.
export class Live {
  #asked = 0;
  #answers = new Map();
  #tries = 0;

  constructor(api, { onEvent, onReady, onFrame, onState }) {
    Object.assign(this, { api, onEvent, onReady, onFrame, onState });
    this.#connect();
  }

  ask(action, data = {}) {
    const id = `c${++this.#asked}`;
    const frame = { id, action, data };
    this.socket.send(JSON.stringify(frame));
    this.onFrame('→', frame);
    return new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject }));
  }

  get open() { return this.socket?.readyState === WebSocket.OPEN; }

  async #connect() {
    try {
      const { ticket } = await this.api.post('/v1/realtime/tickets');
      this.socket = new WebSocket(`${this.api.stack.socket}?ticket=${encodeURIComponent(ticket)}`, 'maru.v1');
    } catch {
      return this.#later();
    }
    // A greeting or a beat that is not answered: the socket has closed, and `#later` is on its way.
    this.socket.onopen = () => this.#greet().catch(() => this.socket.close());
    this.socket.onmessage = ({ data }) => this.#heard(JSON.parse(data));
    this.socket.onclose = () => this.#later();
  }

  async #greet() {
    const hello = await this.ask('hello');
    this.#tries = 0;
    this.beat = setInterval(() => this.ask('ping').catch(() => {}), hello.heartbeat_s * 1000);
    this.onState('connected');
    await this.onReady(hello);
  }

  #heard(frame) {
    this.onFrame('←', frame);
    for (const event of frame.events ?? []) this.onEvent(event);
    const waiting = this.#answers.get(frame.id);
    if (waiting) {
      this.#answers.delete(frame.id);
      frame.ok ? waiting.resolve(frame.data) : waiting.reject(new Error(frame.error.detail || frame.error.code));
    }
    if (frame.control === 'reconnect') setTimeout(() => this.socket.close(), frame.after_ms);
  }

  #later() {
    clearInterval(this.beat);
    for (const { reject } of this.#answers.values()) reject(new Error('the socket closed'));
    this.#answers.clear();
    this.onState('connecting again');
    const pause = Math.min(30_000, 500 * 2 ** this.#tries++) * (0.5 + Math.random());
    setTimeout(() => this.#connect(), pause);
  }
}

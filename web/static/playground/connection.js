// A WebSocket whose every frame is noted. The token goes in the handshake and is noted nowhere.

import { redraw } from "../shared/redraw.js";

/** @typedef {{ id: number, at: Date, way: "in" | "out" | "note", text: string, bytes: number }} Noted */

/** What is kept of a conversation. */
const KEPT = 500;
let last = 0;

/** Somebody's side of the chat. */
export class Connection {
  /** @type {Noted[]} */
  log = [];
  /** @type {"closed" | "connecting" | "open"} */
  state = "closed";
  /** @type {{ code: number, reason: string } | null} */
  closed = null;
  /** @type {WebSocket | null} */
  #socket = null;

  /**
   * @param {string} token
   * @param {"protocol" | "query"} by how the token travels
   */
  connect(token, by) {
    this.#socket?.close();
    const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;
    const socket = by === "protocol" ? new WebSocket(address, [`plic.bearer.${token}`]) : new WebSocket(`${address}?token=${encodeURIComponent(token)}`);
    this.#socket = socket;
    this.state = "connecting";
    this.closed = null;
    socket.onopen = () => this.#become(socket, "open", "open");
    socket.onmessage = ({ data }) => void (socket === this.#socket && this.#note("in", String(data)));
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.#socket) return;
      this.closed = { code, reason };
      this.#become(socket, "closed", `close ${code} ${reason}`);
    };
    redraw();
  }

  disconnect() {
    this.#socket?.close(1000);
  }

  /** Sends this text as it is; answers whether it went out. @param {string} text */
  send(text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(text);
    this.#note("out", text);
    return true;
  }

  clear() {
    this.log = [];
    redraw();
  }

  /** @param {WebSocket} socket @param {"open" | "closed"} state @param {string} text */
  #become(socket, state, text) {
    if (socket !== this.#socket) return;
    this.state = state;
    this.#note("note", text);
  }

  /** @param {Noted["way"]} way @param {string} text */
  #note(way, text) {
    const bytes = way === "note" ? 0 : new TextEncoder().encode(text).length;
    this.log = [...this.log, { id: ++last, at: new Date(), way, text, bytes }].slice(-KEPT);
    redraw();
  }
}

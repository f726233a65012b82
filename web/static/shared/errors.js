// What can go wrong, as types: `failure.js` says it to people.

/** What a request failed with; `status` 0 is a server that cannot be reached. `message` is this server's sentence. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {number | null} [retryAfter] seconds
   */
  constructor(status, message, retryAfter = null) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** A failure with a sentence of these pages, in whichever language is spoken when it is shown. */
export class Told extends Error {
  /**
   * @param {() => string} sentence
   * @param {unknown} [cause]
   */
  constructor(sentence, cause) {
    super("told", { cause });
    this.sentence = sentence;
  }
}

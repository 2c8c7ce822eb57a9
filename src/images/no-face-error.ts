/** A picture in which no face was found, where only faces count. */
export class NoFaceError extends Error {
  override name = 'NoFaceError';
  constructor() {
    super('Expected a face. Received: a picture in which none is found.');
  }
}

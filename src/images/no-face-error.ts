/** A picture in which no face was found, where only faces count. */
import { UserError } from '../errors.js';
export class NoFaceError extends UserError {
  override name = 'NoFaceError';
  constructor() {
    super('Expected a face. Received: a picture in which none is found.');
  }
}

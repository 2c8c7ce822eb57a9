export { decodeImage } from '../../images/decode.js';
export { encodeImage } from '../../images/encode.js';

import { ClassifierError } from '../classifier-protocol.js';

/**
 * The visitor's camera, shown in a `<video>`.
 *
 * @example
 * const camera = new Camera(video);
 * await camera.start();
 * const frame = await camera.frame();
 * camera.stop();
 */
export class Camera {
  readonly #video: HTMLVideoElement;
  readonly #onEnd: (() => void) | undefined;
  #stream?: MediaStream;
  /** Counts the starts, so that a stop in the meantime is heeded. */
  #turn = 0;

  /** @param onEnd called when the camera goes away by itself: it was unplugged, or the permission withdrawn */
  constructor(video: HTMLVideoElement, { onEnd }: { onEnd?: () => void } = {}) {
    this.#video = video;
    this.#onEnd = onEnd;
  }

  /** Whether pages may ask for a camera here: browsers grant it to secure origins alone. */
  static get isPossible(): boolean {
    return globalThis.navigator?.mediaDevices?.getUserMedia !== undefined;
  }

  get isOn(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Asks the visitor for the camera, and shows its picture once there is one.
   *
   * @throws ClassifierError `'no camera'` when there is none, or the visitor refuses.
   */
  async start(): Promise<void> {
    if (this.isOn) return;
    const turn = ++this.#turn;
    const stream = await openCamera();
    if (turn !== this.#turn) {
      close(stream);
      return;
    }
    const [track] = stream.getVideoTracks();
    track?.addEventListener('ended', () => {
      if (this.#stream !== stream) return;
      this.stop();
      this.#onEnd?.();
    });
    this.#stream = stream;
    // People expect to see themselves as in a mirror, and the things before them unturned.
    this.#video.classList.toggle('mirrored', track?.getSettings().facingMode !== 'environment');
    this.#video.srcObject = stream;
    await this.#video.play().catch((cause) => {
      // Stopped before the first picture came.
      if (this.#stream !== stream) return;
      this.stop();
      throw new ClassifierError('no camera', messageOf(cause), { cause });
    });
  }

  /** The camera's picture now, not mirrored. */
  frame(): Promise<ImageBitmap> {
    return createImageBitmap(this.#video);
  }

  stop(): void {
    this.#turn++;
    if (this.#stream) close(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
  }
}

async function openCamera(): Promise<MediaStream> {
  if (!Camera.isPossible)
    throw new ClassifierError('no camera', 'Browsers show a camera only to pages that come over https.');
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (cause) {
    throw new ClassifierError('no camera', reasons[(cause as Error).name] ?? messageOf(cause), { cause });
  }
}

/** The errors of getUserMedia, by name. Source: https://www.w3.org/TR/mediacapture-streams */
const reasons: Readonly<Record<string, string>> = {
  NotAllowedError: 'It was not allowed. The browser’s settings for this page let you change that.',
  NotFoundError: 'There is none.',
  NotReadableError: 'Another program may be using it.',
  SecurityError: 'This page may not use cameras.',
};

const close = (stream: MediaStream): void => {
  for (const track of stream.getTracks()) track.stop();
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

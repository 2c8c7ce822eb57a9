import { Camera } from '../element/camera.js';
import { button, element } from './elements.js';

/** Pictures a second while the button is held. */
const rate = 5;

/** A camera with a shutter: a press takes one picture, holding it takes several a second. */
export class Capture {
  readonly root = element('div', { className: 'capture' });
  readonly #video = element('video', { muted: true, playsInline: true, ariaLabel: 'What the camera sees' });
  readonly #shutter = button('Take a picture', { className: 'primary', disabled: true });
  readonly #done = button('Done');
  readonly #camera: Camera;
  readonly #onPicture: (picture: File) => void;
  #timer?: ReturnType<typeof setInterval>;
  #count = 0;

  /** @param onEnd called when the camera is off */
  constructor({ onPicture, onEnd }: { onPicture: (picture: File) => void; onEnd: () => void }) {
    this.#onPicture = onPicture;
    this.#camera = new Camera(this.#video, { onEnd });
    this.root.append(this.#video, element('div', { className: 'row' }, [this.#shutter, this.#done]));
    this.#done.addEventListener('click', () => {
      this.stop();
      onEnd();
    });
    const shutter = this.#shutter;
    // The keyboard clicks, once for each press; a pointer is held.
    shutter.addEventListener('click', (event) => event.detail === 0 && void this.#take());
    shutter.addEventListener('pointerdown', () => this.#hold());
    for (const type of ['pointerup', 'pointerleave', 'pointercancel'] as const)
      shutter.addEventListener(type, () => clearInterval(this.#timer));
  }

  /** @throws ClassifierError `'no camera'` */
  async start(): Promise<void> {
    await this.#camera.start();
    this.#shutter.disabled = false;
    this.#shutter.focus();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#camera.stop();
  }

  #hold(): void {
    void this.#take();
    this.#timer = setInterval(() => void this.#take(), 1000 / rate);
  }

  async #take(): Promise<void> {
    if (!this.#camera.isOn) return;
    const frame = await this.#camera.frame();
    const canvas = new OffscreenCanvas(frame.width, frame.height);
    canvas.getContext('2d')?.drawImage(frame, 0, 0);
    frame.close();
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
    this.#count++;
    const name = `camera-${String(this.#count).padStart(3, '0')}.jpg`;
    this.#onPicture(new File([blob], name, { type: 'image/jpeg' }));
  }
}

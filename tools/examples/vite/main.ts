import { Classifier, ClassifierError, defineClassifierElement } from 'ort-transfer/web';

// The tag, as it comes.
defineClassifierElement();

// Or the class, without anything on the screen.
const classifier = new Classifier('/model.onnx', { assets: '/ort/' });
const file = document.querySelector<HTMLInputElement>('#file')!;
const answer = document.querySelector<HTMLOutputElement>('#answer')!;

file.addEventListener('change', async () => {
  const [picture] = file.files ?? [];
  if (!picture) return;
  try {
    const { predictions } = await classifier.classify(picture);
    answer.textContent = predictions.map((p) => `${p.label} ${p.probability.toFixed(3)}`).join(', ');
  } catch (error) {
    answer.textContent = error instanceof ClassifierError ? error.message : String(error);
  }
});

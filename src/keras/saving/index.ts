import type { Model } from '../models/model.js';

const unsupported = (path: string): never => {
  throw new Error(`Expected a file format that is supported. Received: ${path}.`);
};

export const saveModel = async (_model: Model, path: string): Promise<void> => unsupported(path);
export const saveWeights = async (_model: Model, path: string): Promise<void> => unsupported(path);
export const loadWeights = async (_model: Model, path: string): Promise<void> => unsupported(path);

import type { DataType } from './tensor.js';

/** ONNX's numbers for element types, which files and `Cast` use. */
export const typeCodes: Readonly<Record<DataType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
};

/** Element types by their numbers. */
export const typeNames: ReadonlyMap<number, DataType> = new Map(
  Object.entries(typeCodes).map(([name, code]) => [code, name as DataType]),
);

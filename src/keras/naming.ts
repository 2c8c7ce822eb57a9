const counts = new Map<string, number>();

/** `GlobalAveragePooling2D` → `global_average_pooling2d`, as `keras.src.utils.naming.to_snake_case` writes it. */
export const toSnakeCase = (name: string): string =>
  name
    .replaceAll(/\W+/g, '')
    .replaceAll(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

/** The next free name in Keras's count: `dense`, `dense_1`, `dense_2`. */
export function autoName(prefix: string): string {
  const count = counts.get(prefix) ?? 0;
  counts.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}

/** Starts the count of names anew, as `keras.utils.clear_session` does. */
export const clearSession = (): void => counts.clear();

/** The type of `toSnakeCase`'s result, for names without capitals in a row. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${Lowercase<First>}${SnakeTail<Rest>}`
  : Name;

type SnakeTail<Text extends string> = Text extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeTail<Rest>}`
  : Text;

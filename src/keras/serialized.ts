/** The JSON values of a configuration; keys are Python's. */
export type Config = Record<string, unknown>;

/** A class with its configuration: the form in which Keras writes everything. */
export interface Serialized extends Config {
  class_name: string;
  config: Config;
}

/**
 * How the value under a key of a configuration is read: numbers may also be pairs or lists of numbers; a float is
 * written with a decimal point; an axis may be a list of one; sizes are a list of numbers and nulls.
 */
export type FieldKind =
  | 'number'
  | 'number or null'
  | 'float'
  | 'float or null'
  | 'axis'
  | 'sizes or null'
  | 'text'
  | 'flag'
  | 'activation'
  | 'initializer'
  | 'regularizer'
  | 'constraint';

/** The keys of a configuration that a constructor takes, in Python's spelling. */
export type Fields = Readonly<Record<string, FieldKind>>;

/** Anything that Keras writes so. */
export interface Configured {
  readonly className: string;
  getConfig(): Config;
}

type Base = abstract new (...args: never) => object;

/** A class that is made of its configuration, with the static fields of its base. */
export type ClassOf<T extends Base> = (new (
  options?: never,
) => InstanceType<T>) &
  Omit<T, 'prototype' | 'className'> & { readonly className: string };

/** The classes among a module's exports, by Keras's names; abstract ones bear none. */
export const classesIn = <T extends Base>(module: object, base: T): ReadonlyMap<string, ClassOf<T>> =>
  new Map(
    Object.values(module)
      .filter(
        (type): type is ClassOf<T> => type?.prototype instanceof base && Object.hasOwn(type, 'className'),
      )
      .map((type) => [type.className, type]),
  );

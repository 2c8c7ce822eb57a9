/** The JSON values of a configuration; keys are Python's. */
export type Config = Record<string, unknown>;

/** A class with its configuration: the form in which Keras writes everything. */
export interface Serialized extends Config {
  class_name: string;
  config: Config;
}

/** Anything that Keras writes so. */
export interface Configured {
  readonly className: string;
  getConfig(): Config;
}

/** Nothing tells two states of a file at an address apart without downloading it. */
export const fileStamp = (_url: string): string => '';

/**
 * An error that is meant for people: its message gives the expected value, the received one and a hint. The command
 * line prints it without a stack; every other error is a fault of the program.
 */
export class UserError extends Error {
  override name = 'UserError';
}

/** A value that an argument may not have: Python's exception of this name. */
export class ValueError extends UserError {
  override name = 'ValueError';
}

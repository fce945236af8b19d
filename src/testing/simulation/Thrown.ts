/** The error that callbacks throw in a simulation. Only the operation that a callback belongs to may end with it. */
export class Thrown extends Error {
  override readonly name = "Thrown"

  constructor() {
    super("a callback threw")
  }
}

/** Wraps a callback so that some of its calls throw. */
export type Throwing = <A extends ReadonlyArray<any>, B>(callback: (...args: A) => B) => (...args: A) => B

/** What callbacks throw in a simulation: the operation that they belong to may end with it, and none else. */
export class Thrown extends Error {
  override readonly name = "Thrown"

  constructor() {
    super("a callback threw")
  }
}

/** Makes a callback throw at times. */
export type Throwing = <A extends ReadonlyArray<any>, B>(callback: (...args: A) => B) => (...args: A) => B

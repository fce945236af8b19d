/** A library to compare with, as it is natively used. */
export interface Peer {
  readonly subject: string
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: object) => Promise<unknown>
  readonly getMany: (keys: Array<string>) => Promise<unknown>
  readonly setMany: (entries: ReadonlyArray<readonly [string, object]>) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** A library that loads what is missing. */
export interface Loading {
  readonly subject: string
  readonly ask: (key: string, load: () => Promise<object>) => Promise<unknown>
}

/** Where the server is, and what all names start with. */
export interface Place {
  readonly url: string
  readonly prefix: string
}

/** Imports a package of `bench/package.json`, which type checks must not need. */
export const load = <Module>(name: string): Promise<Module> => import(name)

export const resolved = Promise.resolve()

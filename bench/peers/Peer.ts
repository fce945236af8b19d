/** A library to compare with, used as its documentation recommends. */
export interface Peer {
  readonly subject: string
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: object) => Promise<unknown>
  readonly getMany: (keys: Array<string>) => Promise<unknown>
  readonly setMany: (entries: ReadonlyArray<readonly [string, object]>) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** A library that loads missing values. */
export interface Loading {
  readonly subject: string
  readonly ask: (key: string, load: () => Promise<object>) => Promise<unknown>
}

/** A library that loads missing values, over memory or over Redis. */
export interface Caching extends Loading {
  /** Entries that have become stale, and reads that start a refresh in the background. */
  readonly stale?: {
    readonly put: (key: string, value: object) => Promise<unknown>
    readonly ask: (key: string, load: () => Promise<object>) => Promise<unknown>
  }
  readonly close: () => Promise<unknown>
}

/** The address of the server, and the prefix of all names. */
export interface Place {
  readonly url: string
  readonly prefix: string
}

/** Imports a package of `bench/package.json`. The type check works without these packages. */
export const load = <Module>(name: string): Promise<Module> => import(name)

export const resolved = Promise.resolve()

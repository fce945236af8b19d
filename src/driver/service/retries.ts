/** How often an atomic operation starts again after another writer came first. */
export const defaultRetries = 100

/** Reads `maxRetries`. A value that is not a number is 0: otherwise, the retries might never end. */
export const retriesOf = (maxRetries: unknown = defaultRetries): number =>
  typeof maxRetries === "number" && maxRetries > 0 ? Math.floor(maxRetries) : 0

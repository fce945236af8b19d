/** The shortest TTL of a lease, in milliseconds. With a shorter one, a short pause of the process would lose the lease. */
const shortestTtl = 100

/** Returns why an option is too short for the TTL of a lease, or `undefined`. */
export const tooShort = (option: "ttl" | "lease", ttl: number | undefined): string | undefined =>
  ttl !== undefined && ttl < shortestTtl
    ? `${option} must be at least ${shortestTtl} milliseconds, not ${ttl}`
    : undefined

/** Cloudflare Workers end whatever a request began together with that request. */
export const canShare: boolean = false

/** Cloudflare Workers stop everything that a request has started when the request ends. */
export const canShare: boolean = false

/** The program for Cloudflare Workers. A request runs it, and gets its results. */
import { everywhere, inRequest } from "./everywhere.ts"
import { run } from "./run.ts"

export default {
  fetch: () => run(inRequest(everywhere)).then((results) => Response.json(results))
}

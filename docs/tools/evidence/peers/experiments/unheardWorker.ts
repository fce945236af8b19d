/** A process that does not listen for the `error` events of a library, while Redis closes its connections. */
import { libraries } from "../libraries.ts"
import { network, sleep } from "../redis.ts"

const [, , name, port] = process.argv
const library = libraries.find((it) => it.name === name)!
const net = await network(Number(port))
const store = await library.store!({ url: net.url, listens: false })
await store.set(`unheard-${name}`, { text: "value" })
net.fail("refused")
await sleep(2000)
process.exit(0)

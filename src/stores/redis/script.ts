import { createHash } from "node:crypto"

/** A Lua script, which the server caches by the SHA-1 of its text. */
export interface Script {
  readonly source: string
  readonly sha: string
}

const script = (source: string): Script => ({ source, sha: createHash("sha1").update(source).digest("hex") })

/**
 * Writes ARGV[2] to KEYS[1] if its value is ARGV[1]. Returns 1 if it was, otherwise 0. ARGV[3] is "KEEPTTL", the TTL in
 * milliseconds, or missing for no TTL. Without ARGV[2], the key is deleted.
 */
export const replace = script(`
local stored = redis.pcall("GET", KEYS[1])
if type(stored) == "table" then return stored end
if stored ~= ARGV[1] then return 0 end
local reply
if ARGV[2] == nil then reply = redis.pcall("DEL", KEYS[1])
elseif ARGV[3] == nil then reply = redis.pcall("SET", KEYS[1], ARGV[2])
elseif ARGV[3] == "KEEPTTL" then reply = redis.pcall("SET", KEYS[1], ARGV[2], "KEEPTTL")
else reply = redis.pcall("SET", KEYS[1], ARGV[2], "PX", ARGV[3]) end
if type(reply) == "table" and reply.err then return reply end
return 1
`)

/**
 * Finds entries that may have expired although the server has no TTL for them. Returns the number of removed keys, and
 * a list of the index and the value of each found entry. With ARGV[2], all keys are removed.
 *
 * If an entry has an expiry, its first ARGV[1] bytes contain "expires_at" (JSON), or the flag of an expiry (frame).
 */
export const expired = script(`
local removed, found = 0, {}
for i, name in ipairs(KEYS) do
  if redis.call("PTTL", name) == -1 then
    local head = redis.pcall("GETRANGE", name, 0, ARGV[1])
    if type(head) == "string" then
      local flags = string.byte(head, 1) == 0xEB and string.byte(head, 5) or 0
      if math.floor(flags / 2) % 2 == 1 or string.find(head, '"expires_at"', 1, true) then
        found[#found + 1] = i
        found[#found + 1] = redis.call("GET", name)
      end
    end
  end
  if ARGV[2] then
    local reply = redis.pcall("UNLINK", name)
    if type(reply) == "table" then return reply end
    removed = removed + reply
  end
end
return {removed, found}
`)

import { createHash } from "node:crypto"

/** A Lua script, which the server keeps by the SHA-1 of its text. */
export interface Script {
  readonly source: string
  readonly sha: string
}

const script = (source: string): Script => ({ source, sha: createHash("sha1").update(source).digest("hex") })

/**
 * Writes KEYS[1] if it holds ARGV[1], and answers 1; else 0. What is written is ARGV[2], with the expiry that the key has
 * if ARGV[3] is "KEEPTTL", or for ARGV[3] milliseconds, or for good. Without ARGV[2], the key is deleted.
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
 * Looks for entries that may have expired although the server has no expiry for them, and answers of each the index and
 * the value. With ARGV[2], all keys are removed; the answer begins with how many there were.
 *
 * The time of an entry is within the first ARGV[1] bytes: behind "expires_at" in a document, or in a frame if its flags
 * say so.
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

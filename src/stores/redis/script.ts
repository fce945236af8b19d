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
 * Adds ARGV[1] to the counter at KEYS[1], if it stays within ARGV[2] and ARGV[3]. Returns the counter, after "=" if it was
 * changed and after "!" if it would leave the range. Returns "" and changes nothing if the entry does not have exactly the
 * form in which this version of effect-kv writes a counter.
 *
 * A counter is stored as ARGV[4], its times, ARGV[5], the number, and ARGV[6]. It gets the time ARGV[7]. A missing counter
 * counts as ARGV[8]. ARGV[9] and ARGV[10] are the expiry of a new counter, as it is stored and in milliseconds from now, or
 * empty for no expiry. With ARGV[11], an existing counter gets this expiry, too.
 *
 * An entry with an expiry for which the server has no TTL may have expired, which the caller decides.
 */
export const increment = script(`
local stored = redis.pcall("GET", KEYS[1])
if type(stored) == "table" then return stored end
local value, expires, keep
if stored then
  local at = #ARGV[4] + 1
  if string.sub(stored, 1, at - 1) ~= ARGV[4] then return "" end
  local _, to = string.find(stored, '^"created_at":"[%d%-T:%.%+]+",', at)
  if to then at = to + 1 end
  local from
  from, to = string.find(stored, '^"expires_at":"[%d%-T:%.%+]+",', at)
  if to then
    if redis.call("PTTL", KEYS[1]) == -1 then return "" end
    expires = string.sub(stored, from, to)
    at = to + 1
  end
  if string.sub(stored, at, at + #ARGV[5] - 1) ~= ARGV[5] then return "" end
  local digits = string.sub(stored, at + #ARGV[5], -#ARGV[6] - 1)
  if string.sub(stored, -#ARGV[6]) ~= ARGV[6] then return "" end
  if not (digits == "0" or string.find(digits, "^-?[1-9]%d*$")) or #digits > 17 then return "" end
  value = tonumber(digits)
  if math.abs(value) > 9007199254740991 then return "" end
  keep = ARGV[11] == nil
else
  value = tonumber(ARGV[8])
end
local sum = value + tonumber(ARGV[1])
if sum < tonumber(ARGV[2]) or sum > tonumber(ARGV[3]) then return "!" .. string.format("%.0f", value) end
if not keep then expires = ARGV[9] end
local digits = string.format("%.0f", sum)
local entry = ARGV[4] .. ARGV[7] .. (expires or "") .. ARGV[5] .. digits .. ARGV[6]
local reply
if keep then reply = redis.pcall("SET", KEYS[1], entry, "KEEPTTL")
elseif ARGV[10] == "" then reply = redis.pcall("SET", KEYS[1], entry)
else reply = redis.pcall("SET", KEYS[1], entry, "PX", ARGV[10]) end
if type(reply) == "table" and reply.err then return reply end
return "=" .. digits
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

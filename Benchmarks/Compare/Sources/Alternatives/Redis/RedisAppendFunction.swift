// What a user writes for the jobs on Redis: a library of functions in Lua, loaded once. A client that sends a job again, after a
// connection was lost, gets the position of the first time: the key keeps the number of each client's last job. That holds
// while a client has one job of a key in flight, as the load does.

enum RedisAppendFunction {
    static func text(keepsAllValues: Bool) -> String {
        // begin jobs
        """
        #!lua name=compare
        redis.register_function('append', function(keys, args)
          local key, client, id, value = keys[1], args[1], args[2], args[3]
          local count, done = unpack(redis.call('HMGET', key, 'count', client))
          if done and string.sub(done, 1, #id + 1) == id .. ' ' then return tonumber(string.sub(done, #id + 2)) end
          local position = tonumber(count or 0)
          redis.call('HSET', key, 'count', position + 1, 'newest', value, client, id .. ' ' .. position)
          \(keepsAllValues ? "redis.call('RPUSH', key .. ':values', value)" : "")
          return position
        end)
        """
        // end jobs
    }
}

// Workers on Redis: jobs in a stream that a consumer group reads, acknowledged after the work (redis.io, "Streams": XREADGROUP, XACK;
// what a dead consumer had in hand is taken by XAUTOCLAIM). The lists are Redis's own.

import CHiredis
import Foundation

struct RedisWorkers: WorkerService {
    let name = "redis"
    let servers = ["redis"]

    static let jobs = "jobs"
    static let group = "workers"
    static let batchMax = 16
    /// A job in hand for so long is taken for a dead worker's. The documentation names no value; a job takes a millisecond.
    static let claimAfterMs = 500
    /// How often a worker looks for such jobs.
    static let claimEveryNs: Int64 = 100_000_000
    /// How long it waits for new ones meanwhile.
    static let blockMs = 50
    /// Entries that a client's stream of replies keeps.
    static let repliesKept = 20_000

    func find() throws -> ServiceDescription {
        ServiceDescription(
            version: try RedisServer.find(name).version,
            settings: RedisServer.options(.jobs).joined(separator: " ")
                + "; a stream, XREADGROUP COUNT \(Self.batchMax), XACK after the work, XAUTOCLAIM after \(Self.claimAfterMs) ms"
                + " looked for every \(Self.claimEveryNs / 1_000_000) ms; replies in a stream for each client"
        )
    }

    func promise(_ care: ServiceCare) -> ServicePromise? {
        switch care {
        case .recommended:
            ServicePromise(
                "at least once: nothing acknowledged is lost, a job may be done again",
                excluded: [
                    "duplicated-append":
                        "at least once: a job is done again where its worker died before XACK, or the answer to XADD was lost"
                ]
            )
        case .idempotent:
            ServicePromise(
                "exactly once by the user's code: a function in Lua that keeps the position of each job with the list"
            )
        }
    }

    func startServers(_ instance: Instance) throws {
        let port = try instance.takePort("redis")
        try RedisServer.start(instance, port)
        let connection = try RedisConnection(port: port)
        try connection.ask(["XGROUP", "CREATE", Self.jobs, Self.group, "0", "MKSTREAM"])
        if instance.address.care == .idempotent { try connection.ask(["FUNCTION", "LOAD", RedisAppendOnce.text]) }
    }

    func work(as worker: String, at address: Address, ready: () -> Void) throws {
        var isReady = false
        while !StopRequest.hasCome {
            do {
                let connection = try RedisConnection(port: address.port("redis"))
                let service = RedisWorkerService(connection, worker, isIdempotent: address.care == .idempotent)
                try service.finishOwn()
                if !isReady { ready() }
                isReady = true
                try service.run()
            } catch {
                // The server is away, or loads its data.
                usleep(20_000)
            }
        }
    }

    func client(_ name: String, at address: Address) -> any ServiceClient {
        RedisServiceClient(name, port: address.port("redis"))
    }
}

/// What a user writes against jobs that are done twice: the position of each job, kept with the list in one step.
enum RedisAppendOnce {
    static let text = """
        #!lua name=once
        redis.register_function('append_once', function(keys, args)
          local done = redis.call('GET', keys[2])
          if done then return tonumber(done) end
          local count = redis.call('RPUSH', keys[1], args[1])
          redis.call('SET', keys[2], count, 'EX', 3600)
          return count
        end)
        """
}

// Redis: calls over lists, which is how its documentation builds queues; jobs as a function, which is how it does several steps
// at once. Redis has no workers for the latter: the function runs in the server.

import CHiredis
import Foundation

struct Redis: Alternative {
    let name = "redis"

    func find() throws -> Description { try RedisServer.find(name) }

    func promise(_ work: Work) -> Promise? {
        switch work {
        case .calls:
            Promise(.atMostOnce, isSynced: false, replicas: 0, "a request that a worker had taken is lost with it")
        case .jobs:
            Promise(
                .exactlyOnceByUserCode,
                isSynced: true,
                replicas: 1,
                "the function keeps each client's last job of a key; without that, at least once"
            )
        }
    }

    func userSources(_ work: Work) -> [String] {
        work == .calls ? ["Redis/RedisEchoService.swift"] : ["Redis/RedisAppendFunction.swift"]
    }

    func start(_ instance: Instance) throws {
        let port = try instance.takePort("redis")
        try RedisServer.start(instance, port)
        switch instance.work {
        case .calls: try instance.startRole("worker")
        case .jobs:
            let connection = try RedisConnection(port: port)
            let function = RedisAppendFunction.text(keepsAllValues: instance.address.keepsAllValues)
            try connection.ask(["FUNCTION", "LOAD", "REPLACE", function])
        }
    }

    func serve(role: String, at address: Address, ready: () -> Void) throws {
        let connection = try RedisConnection(port: address.port("redis"))
        ready()
        try RedisEchoService.run(connection)
    }

    func line(_ order: LineOrder) throws -> any ClientLine {
        switch order.address.work {
        case .calls: try RedisCallLine(order)
        case .jobs: try RedisJobLine(order)
        }
    }
}

/// Its bare round trip, without a worker: the server answers.
struct RedisPing: Alternative {
    let name = "redis-ping"
    var isCalibration: Bool { true }

    func find() throws -> Description { try RedisServer.find(name) }

    func promise(_ work: Work) -> Promise? {
        work == .calls
            ? Promise(.atMostOnce, isSynced: false, replicas: 0, "PING: the server answers, no service does") : nil
    }

    func userSources(_ work: Work) -> [String] { [] }

    func start(_ instance: Instance) throws { try RedisServer.start(instance, instance.takePort("redis")) }

    func serve(role: String, at address: Address, ready: () -> Void) {}

    func line(_ order: LineOrder) throws -> any ClientLine { try RedisPingLine(order) }
}

/// A private redis-server.
enum RedisServer {
    static func find(_ alternative: String) throws -> Description {
        let program = try Alternatives.program("redis-server", for: alternative)
        let words = Alternatives.output(of: [program, "--version"]).split(separator: " ")
        let version = words.first { $0.hasPrefix("v=") }?.dropFirst(2) ?? "of unknown version"
        let library = "\(HIREDIS_MAJOR).\(HIREDIS_MINOR).\(HIREDIS_PATCH)"
        return Description(
            version: "Redis \(version), hiredis \(library)",
            settings: [
                .calls: text(options(.calls)) + (alternative == "redis" ? "; lists, BLMPOP with COUNT" : "; PING"),
                .jobs: text(options(.jobs)) + "; a function, called by FCALL",
            ]
        )
    }

    private static func text(_ options: [String]) -> String {
        options.map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: " ")
    }

    static func options(_ work: Work) -> [String] {
        switch work {
        case .calls: ["--save", "", "--appendonly", "no"]
        // Rewriting the log is put off: it would be a fork in the middle of a measurement.
        case .jobs:
            [
                "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-min-size", "4gb",
            ]
        }
    }

    static func start(_ instance: Instance, _ port: Int) throws {
        let data = try instance.makeDirectory("data")
        let program = try Alternatives.program("redis-server", for: instance.name)
        let server = try instance.start(
            "redis",
            [program, "--bind", "127.0.0.1", "--port", "\(port)", "--dir", data] + options(instance.work)
        )
        try server.waitUntilListening(on: port)
    }
}

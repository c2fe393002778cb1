// Every system that is installed, for real: a private instance, a load through its driver, and what came of it.

import Alternatives
import Foundation
import Testing

/// On the main thread: servers end with the thread that started them.
@MainActor @Suite(.serialized) struct LiveSystemTests {
    @Test(.enabled(if: Bench.missing.isEmpty, "\(Bench.missing.joined(separator: "; "))"))
    func everySystemIsInstalled() { #expect(!Bench.works.isEmpty && !Bench.services.isEmpty) }

    @Test(arguments: Bench.works)
    func everyRequestOfALoadIsAnsweredRightly(_ system: String, _ work: Work) async throws {
        let alternative = try #require(Alternatives.named(system))
        try await Bench.withPlace { place in
            let instance = try Instance(alternative, work, in: place)
            defer { instance.end() }
            let order = LineOrder(address: instance.address, client: "client-1", inFlightMax: 8)
            let line = try await alternative.line(order)
            let load = Load(LoadPlan(work: work, payloadBytes: 64, inFlight: 8, seconds: 0.2), firstID: 1)
            try await line.run(load)
            let result = load.finish()
            #expect(result.errors == 0, "\(result.firstError ?? "")")
            #expect(result.requests > 0)
            await line.close()
        }
    }

    @Test(arguments: Bench.services)
    func aWorkerKeepsWhatItAcknowledges(_ name: String, _ care: ServiceCare) async throws {
        let service = try #require(WorkerServices.named(name))
        try await Bench.withPlace { place in
            let instance = try Instance(service, care, in: place)
            defer { instance.end() }
            try instance.startRole("consumer-1")
            let client = try service.client("client-1.1", at: instance.address)
            try client.reconnect()
            let key = Array("key-1".utf8)
            for number in 0..<3 {
                let operation = ServiceOperation(id: UInt64(number + 1), key: key, value: Int64(100 + number))
                guard case .appended(let position)? = try outcome(of: operation, client) else {
                    Issue.record("append \(number) was not answered within 10 s")
                    return
                }
                #expect(position == Int64(number))
            }
            guard case .list(let list)? = try outcome(of: ServiceOperation(id: 4, key: key, value: nil), client) else {
                Issue.record("the read was not answered within 10 s")
                return
            }
            #expect(list == (0..<3).flatMap { number in withUnsafeBytes(of: Int64(100 + number)) { Array($0) } })
        }
    }

    private func outcome(
        of operation: ServiceOperation,
        _ client: any ServiceClient
    ) throws -> ServiceCompletion.Outcome? {
        let deadlineNs = Clock.nowNs + 10_000_000_000
        var outcome: ServiceCompletion.Outcome?
        client.send(operation)
        while outcome == nil, Clock.nowNs < deadlineNs {
            try client.flush()
            try client.receive(until: Clock.nowNs + 20_000_000) { if $0.id == operation.id { outcome = $0.outcome } }
        }
        return outcome
    }
}

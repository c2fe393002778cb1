// Scenarios that are not about speed alone: a server that dies, memory that must not grow.

import BenchResults
import Foundation
import Measurement
import Ringmaster

func restartSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let repeats = max(1, Int(6 * choices.timeScale))
    return choices.transports.map { transport in
        let key = BenchKey(.restart, transport: transport, payloadBytes: 3, inFlight: 1)
        return BenchStep(label: "\(key)", plannedSeconds: 0.8 * Double(repeats) + 0.2) { run in
            var latency = LatencyHistogram()
            var seconds = 0.0
            for _ in 0..<repeats {
                let silence = try silenceAfterKill(transport, place)
                latency.record(silence)
                seconds += Double(silence) / 1e9
            }
            run.add(
                BenchRow(key, .swift, requests: repeats, seconds: seconds, latency: LatencyFigures(latency)),
                latency: latency
            )
        }
    }
}

/// From the server's SIGKILL to the first reply of its successor, in ns: the start of the process is part of it.
private func silenceAfterKill(_ transport: Transport, _ place: BenchPlace) throws -> Int64 {
    let endpoint = Rig.endpoint(transport, place.directory, "restart")
    var order = ServerOrder(variant: .swift, endpoint: endpoint, coalesced: true)
    let first = try ServerProcess(order)
    order.endpoint = try first.endpoint()
    let client: ClientProcess
    do {
        client = try ClientProcess(
            ClientOrder(
                variant: .swift,
                endpoints: [order.endpoint],
                coalesced: true,
                payloadBytes: 3,
                inFlight: 1
            )
        )
        try client.waitUntilReady()
    } catch {
        first.end()
        throw error
    }
    defer { client.end() }
    try client.begin(LoadOrder(pattern: .probe, seconds: 0.6))
    usleep(150_000)
    let killedAt = MonotonicTime.now.nanoseconds
    first.kill()
    let second = try ServerProcess(order)
    defer { second.end() }
    let report = try client.report()
    guard let silence = report.silence, silence.lowerBound <= killedAt + 5_000_000, silence.upperBound > killedAt else {
        throw ChildError("the longest silence was not the one that the kill made; the machine is too busy")
    }
    return silence.upperBound - killedAt
}

func memorySteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let key = BenchKey(
        .memory,
        transport: choices.transports[0],
        payloadBytes: choices.payloadBytes ?? 64,
        inFlight: 4096,
        coalesced: true
    )
    return [
        BenchStep(label: "memory, 10 million requests", plannedSeconds: 4) { run in
            let rig = try Rig(key, .swift, in: place.directory)
            defer { rig.end() }
            var done = 0
            for mark in [100_000, 1_000_000, 10_000_000] {
                let report = try rig.run(
                    LoadOrder(pattern: .pipelined, seconds: 600, requests: mark - done, sampleEvery: 64)
                )
                done += report.requests
                guard done == mark else { throw ChildError("\(done) of \(mark) requests were answered") }
                run.add(MemoryRow(.swift, requests: done, residentBytes: report.residentBytes))
                run.add(report.row(key, .swift))
            }
        }
    ]
}

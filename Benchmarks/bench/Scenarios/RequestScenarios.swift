// Scenarios that send requests: round trip, throughput, scaling, open loop.

import BenchResults
import Measurement

/// The payload that the project's targets are about.
private let referencePayload = 64

func roundtripSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    var steps: [BenchStep] = []
    for transport in choices.transports {
        let standard = transport == .tcp ? [64, 0, 1024, 16_384, 131_072, 1 << 20] : [64, 0, 16_384, 1 << 20]
        for payload in choices.payloadBytes.map({ [$0] }) ?? standard {
            let isReference = transport == .tcp && (payload == referencePayload || choices.payloadBytes != nil)
            let key = BenchKey(.roundtrip, transport: transport, payloadBytes: payload, inFlight: 1)
            // Many short pairs: what the machine does meanwhile lasts longer than one of them.
            let seconds = isReference ? 0.15 : payload == referencePayload ? 0.2 : 0.15
            steps.append(
                PairedMeasurement(
                    key: key,
                    load: LoadOrder(pattern: .sequential, seconds: seconds * choices.timeScale),
                    pairs: choices.pairs ?? (isReference ? 21 : payload == referencePayload ? 7 : 3)
                ).step(place)
            )
        }
    }
    return steps
}

func throughputSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let transport = choices.transports[0]
    let payload = choices.payloadBytes ?? referencePayload
    return [4096, 1, 16, 256, 16_384].flatMap { inFlight in
        [false, true].map { coalesced in
            let isReference = inFlight == 4096
            let key = BenchKey(
                .throughput,
                transport: transport,
                payloadBytes: payload,
                inFlight: inFlight,
                coalesced: coalesced
            )
            return PairedMeasurement(
                key: key,
                load: LoadOrder(
                    pattern: .pipelined,
                    seconds: (isReference ? 0.25 : 0.2) * choices.timeScale,
                    sampleEvery: inFlight == 1 ? 1 : 64
                ),
                pairs: choices.pairs ?? (isReference ? 11 : 2)
            ).step(place)
        }
    }
}

func scalingSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let transport = choices.transports[0]
    let payload = choices.payloadBytes ?? referencePayload
    let grid = [1, 4, 16, 64].flatMap { servers in [1, 4, 16].map { clients in (servers, clients) } }
    return grid.map { servers, clients in
        let key = BenchKey(
            .scaling,
            transport: transport,
            payloadBytes: payload,
            inFlight: 1024,
            servers: servers,
            clients: clients,
            coalesced: true
        )
        return PairedMeasurement(
            key: key,
            load: LoadOrder(pattern: .pipelined, seconds: 0.2 * choices.timeScale, sampleEvery: 64),
            pairs: choices.pairs ?? 1
        ).step(place)
    }
}

func openLoopSteps(_ choices: BenchChoices, _ place: BenchPlace) -> [BenchStep] {
    let transport = choices.transports[0]
    let payload = choices.payloadBytes ?? referencePayload
    let pairs = choices.pairs ?? 1
    return [1000, 10_000, 50_000, 200_000, 500_000, 1_000_000, 2_000_000].map { (rate: Double) in
        let seconds = 0.4 * choices.timeScale
        let key = BenchKey(
            .openLoop,
            transport: transport,
            payloadBytes: payload,
            inFlight: nil,
            coalesced: true
        )
        let load = LoadOrder(
            pattern: .openLoop,
            seconds: seconds,
            requestsPerSecond: rate,
            sampleEvery: rate > 100_000 ? 16 : 1
        )
        let label = "\(key) at \(NumberText.grouped(Int(rate)))/s"
        return BenchStep(label: label, plannedSeconds: Double(2 * pairs) * seconds + 0.5) { run in
            let swift = try Rig(key, .swift, in: place.directory)
            defer { swift.end() }
            let raw = try Rig(key, .rawC, in: place.directory)
            defer { raw.end() }
            for _ in 0..<pairs {
                let own = try swift.run(load)
                let other = try raw.run(load)
                let rawRow = openLoopRow(key, .rawC, rate, other)
                run.add(openLoopRow(key, .swift, rate, own), latency: own.latency, comparedTo: rawRow)
                run.add(rawRow, latency: other.latency)
            }
        }
    }
}

private func openLoopRow(_ key: BenchKey, _ variant: Variant, _ rate: Double, _ report: RigReport) -> OpenLoopRow {
    OpenLoopRow(
        variant,
        transport: key.transport,
        payloadBytes: key.payloadBytes,
        coalesced: key.coalesced,
        targetRate: rate,
        requests: report.requests,
        seconds: report.seconds,
        latency: LatencyFigures(report.latency)
            ?? LatencyFigures(p50Us: 0, p90Us: 0, p99Us: 0, p999Us: 0, maxUs: 0)
    )
}

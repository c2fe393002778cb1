// The figures of `chaos scale`: on logarithmic axes, so that a law n^k is a straight line of slope k.

import Measurement

/// Figures of clusters by their size.
struct ScaleFigures {
    struct Figure {
        let name: String
        let plot: Plot
        let caption: String
    }

    private let measurements: [ScaleMeasurement]
    private let machine: String
    /// Those of most sizes: of one number of slots, by workers.
    private let byWorkers: [ScaleMeasurement]
    /// Of one number of workers, by slots.
    private let bySlots: [ScaleMeasurement]

    init(_ measurements: [ScaleMeasurement], on machine: MachineInfo) {
        self.measurements = measurements
        self.machine = machine.summary
        let slots = Dictionary(grouping: measurements, by: \.size.slots).max { $0.value.count < $1.value.count }
        byWorkers = (slots?.value ?? []).sorted { $0.size.workers < $1.size.workers }
        let workers = Dictionary(grouping: measurements, by: \.size.workers).max { $0.value.count < $1.value.count }
        bySlots = (workers?.value ?? []).sorted { $0.size.slots < $1.size.slots }
    }

    var all: [Figure] {
        var figures: [Figure] = []
        if byWorkers.count > 1 { figures += [traffic, leaderAtRest, processors] }
        if bySlots.count > 1 { figures.append(slots) }
        return figures
    }

    private var traffic: Figure {
        let events = ScaleEvent.allCases.enumerated().map { place, event in
            line("\(event)", byWorkers, .cycling(place)) { of(event, $0) { Double($0.leaderBytesSent) } }
        }
        let shares = [
            line("a worker, leave", byWorkers, .blue, .dashed) { of(.leave, $0, \.workerBytes) },
            line("a client, leave", byWorkers, .purple, .dashed) { of(.leave, $0) { Double($0.clientBytes) } },
            line("the view", byWorkers, .ink, .dotted) { Double($0.atRest.viewBytes) },
        ]
        return Figure(
            name: "traffic",
            plot: Plot(
                title: "Bytes of a resize",
                subtitle: slotsText(byWorkers),
                panels: [
                    Panel(title: "the leader sends", x: workers, y: axis("bytes", events), series: events),
                    Panel(title: "who receives", x: workers, y: axis("bytes", shares), series: shares),
                ]
            ),
            caption:
                "What the leader sends in a resize, and what each worker and client receives, without leases and Raft."
        )
    }

    private var leaderAtRest: Figure {
        let share = [line("share of a CPU, %", byWorkers, .vermillion) { $0.atRest.leaderShare * 100 }]
        let cost = [line("µs a heartbeat", byWorkers, .blue) { $0.atRest.leaderNsPerHeartbeat / 1000 }]
        return Figure(
            name: "leader-at-rest",
            plot: Plot(
                title: "The leader's processor while nothing changes",
                subtitle: machine,
                panels: [
                    Panel(title: "leader", x: workers, y: axis("% of a CPU", share), series: share),
                    Panel(title: "a heartbeat", x: workers, y: axis("µs", cost), series: cost),
                ]
            ),
            caption: "All turns of the leader in stretches without jobs or resizes: by time, and by heartbeat answered."
        )
    }

    private var processors: Figure {
        let leader = ScaleEvent.allCases.enumerated().flatMap { place, event in
            [
                line("leader, \(event)", byWorkers, .cycling(place)) { of(event, $0) { Double($0.leaderNs) / 1e6 } },
                line("longest turn, \(event)", byWorkers, .cycling(place), .dotted) {
                    of(event, $0) { Double($0.leaderTurnNs) / 1e6 }
                },
            ]
        }
        let others = [
            line("a worker, leave", byWorkers, .purple, .dashed) { of(.leave, $0) { $0.workerNs / 1e6 } },
            line("the plan", byWorkers, .ink, .dashed) { Double($0.atRest.planNs) / 1e6 },
        ]
        return Figure(
            name: "processor",
            plot: Plot(
                title: "Processor time of a resize",
                subtitle: machine,
                panels: [
                    Panel(title: "leader", x: workers, y: axis("ms", leader), series: leader),
                    Panel(title: "others", x: workers, y: axis("ms", others), series: others),
                ]
            ),
            caption: "The leader's turns in a resize and the longest of them; a worker's; and the plan by itself."
        )
    }

    private var slots: Figure {
        let bytes = [
            line("the view", bySlots, .ink, .dotted, x: \.slots) { Double($0.atRest.viewBytes) },
            line("the leader sends, leave", bySlots, .vermillion, x: \.slots) {
                of(.leave, $0) { Double($0.leaderBytesSent) }
            },
        ]
        let cpu = [
            line("the plan", bySlots, .ink, .dashed, x: \.slots) { Double($0.atRest.planNs) / 1e6 },
            line("leader, leave", bySlots, .vermillion, x: \.slots) { of(.leave, $0) { Double($0.leaderNs) / 1e6 } },
            line("a worker, leave", bySlots, .purple, .dashed, x: \.slots) { of(.leave, $0) { $0.workerNs / 1e6 } },
        ]
        let x = Axis("slots", scale: .log10)
        return Figure(
            name: "slots",
            plot: Plot(
                title: "A resize by slots",
                subtitle: "\(bySlots[0].size.workers) workers",
                panels: [
                    Panel(title: "bytes", x: x, y: axis("bytes", bytes), series: bytes),
                    Panel(title: "processor", x: x, y: axis("ms", cpu), series: cpu),
                ]
            ),
            caption: "Bytes and processor time of a resize by the number of slots, workers being as many."
        )
    }

    // MARK: Parts

    private var workers: Axis { Axis("workers", scale: .log10) }

    private func axis(_ label: String, _ series: [Series]) -> Axis { Axis(label, scale: .log10) }

    private func slotsText(_ measurements: [ScaleMeasurement]) -> String {
        guard let size = measurements.first?.size else { return "" }
        return "\(NumberText.grouped(size.slots)) slots, \(size.coordinators) coordinators, \(size.clients) clients"
    }

    private func line(
        _ title: String,
        _ measurements: [ScaleMeasurement],
        _ colour: PlotColour,
        _ dash: PlotDash = .solid,
        x: KeyPath<ScaleSize, Int> = \.workers,
        _ value: (ScaleMeasurement) -> Double
    ) -> Series {
        // Nothing has no place on a logarithmic axis.
        let points = measurements.map { Series.Point(x: Double($0.size[keyPath: x]), y: value($0)) }.filter { $0.y > 0 }
        return Series(title, points, colour: colour, dash: dash)
    }

    private func of(_ event: ScaleEvent, _ measurement: ScaleMeasurement, _ value: (ScaleResize) -> Double) -> Double {
        let values = measurement.resizes.filter { $0.event == event }.map(value)
        return values.isEmpty ? 0 : median(values)
    }
}

// The figures of the ring and of recoveries.

import Measurement

extension RunFigure {
    static func ownership(_ measures: RunMeasures, _ context: FigureContext) -> RunFigure? {
        let record = measures.record
        let boxes = OwnershipBoxes(
            record.ownership,
            until: max(record.load.endNs, measures.throughput.bins.last?.span.endNs ?? 0)
        )
        guard !boxes.series.isEmpty else { return nil }
        return RunFigure(
            name: "ownership",
            plot: Plot(
                title: "Who owned which slots",
                subtitle: context.subtitle,
                panels: [
                    Panel(
                        x: context.time,
                        y: .linear("slot", upTo: Double(boxes.slotCount)),
                        boxes: boxes.series,
                        windows: context.windows.map { window in
                            var window = window
                            if window.isLabelledBelow { window.label = "" }
                            return window
                        }
                    )
                ]
            ),
            caption:
                "Each slot of the ring by its owner, from the commit of each view on. What changes colour was handed over;"
                + " the less that is, the better."
                + (boxes.step > 1 ? " One slot of \(boxes.step) is drawn." : "")
        )
    }

    static func recoveries(_ measures: RunMeasures, _ context: FigureContext) -> RunFigure? {
        func share(_ title: String, _ values: [Int64], _ colour: PlotColour, _ dash: PlotDash = .solid) -> Series? {
            guard !values.isEmpty else { return nil }
            let points = values.sorted().enumerated().map { place, ns in
                Series.Point(x: microseconds(ns), y: Double(place + 1) / Double(values.count) * 100)
            }
            return Series(title, points, mark: points.count > 200 ? .line : .linePoints, colour: colour, dash: dash)
        }
        let byKind = Dictionary(grouping: measures.recoveries, by: \.fault.kind).sorted { $0.key < $1.key }
        var series = byKind.enumerated().compactMap { place, kind in
            share("recovery from \(kind.key)", kind.value.compactMap(\.recoveryNs.value), .cycling(place))
        }
        series += [
            share("detection", measures.recoveries.compactMap(\.detectionNs.value), .grey, .dashed),
            share("slots: not served", measures.recoveries.flatMap { $0.unavailabilityNs.value ?? [] }, .ink, .dotted),
        ].compactMap(\.self)
        guard !series.isEmpty else { return nil }
        for place in series.indices { series[place].points = thinned(series[place].points) }
        return RunFigure(
            name: "recoveries",
            plot: Plot(
                title: "Recovery after faults",
                subtitle: context.subtitle,
                panels: [
                    Panel(
                        x: .latency(
                            "time from the beginning of the fault",
                            overUs: series.flatMap { $0.points.map(\.x) }
                        ),
                        y: Axis(
                            "share, %",
                            ticks: stride(from: 0.0, through: 100, by: 20).map { ($0, "\(Int($0))") },
                            lower: 0,
                            upper: 104
                        ),
                        series: series
                    )
                ]
            ),
            caption:
                "What share of faults was over by when: detection, and the first acknowledgement on a key that the victim"
                + " owned. Beside it for each slot of a victim how long it did not answer. Further left is better."
        )
    }

    /// A few hundred of many points, the first and the last among them.
    private static func thinned(_ points: [Series.Point]) -> [Series.Point] {
        let step = max(1, points.count / 400)
        return points.enumerated().filter { $0.offset % step == 0 || $0.offset == points.count - 1 }.map(\.element)
    }
}

/// The owners of slots over time as boxes, few enough to be drawn.
struct OwnershipBoxes {
    let slotCount: Int
    /// One slot of so many stands for all of them.
    let step: Int
    let series: [BoxSeries]

    private struct Stretch: Hashable {
        let worker: String
        let begin: Int64
        let end: Int64
    }

    /// O(views * slots drawn).
    init(_ ownership: Ownership, until endNs: Int64) {
        slotCount = ownership.views.first?.owners.count ?? 0
        step = max(1, slotCount / ReportLimits.plotSlots)
        var boxes: [String: [BoxSeries.Box]] = [:]
        // Neighbours that had the same owner for the same time are one box.
        var pending: [Stretch: (first: Int, next: Int)] = [:]
        func close(_ stretch: Stretch, _ first: Int, _ next: Int) {
            let (begin, end) = (FigureContext.seconds(stretch.begin), FigureContext.seconds(stretch.end))
            boxes[stretch.worker, default: []].append(
                BoxSeries.Box(x: begin...max(begin, end), y: Double(first)...Double(next))
            )
        }
        for slot in stride(from: 0, to: slotCount, by: step) {
            var current: [Stretch: (first: Int, next: Int)] = [:]
            for stretch in Self.stretches(of: slot, ownership, until: endNs) {
                current[stretch] = (pending.removeValue(forKey: stretch)?.first ?? slot, slot + step)
            }
            for (stretch, range) in pending { close(stretch, range.first, range.next) }
            pending = current
        }
        for (stretch, range) in pending { close(stretch, range.first, range.next) }
        let colours = PlotColour.allCases.filter { $0 != .grey && $0 != .ink }.count
        series = boxes.keys.sorted { ($0.count, $0) < ($1.count, $1) }.enumerated().map { place, worker in
            BoxSeries(
                worker,
                boxes[worker]!.sorted { ($0.x.lowerBound, $0.y.lowerBound) < ($1.x.lowerBound, $1.y.lowerBound) },
                colour: .cycling(place),
                isPale: place / colours % 2 == 1
            )
        }
    }

    private static func stretches(of slot: Int, _ ownership: Ownership, until endNs: Int64) -> [Stretch] {
        var stretches: [Stretch] = []
        var since: (worker: String, ns: Int64)?
        for view in ownership.views where view.timeNs < endNs {
            let owner = view.owner(ofSlot: slot)
            if owner == since?.worker { continue }
            if let since { stretches.append(Stretch(worker: since.worker, begin: since.ns, end: view.timeNs)) }
            since = owner.map { ($0, view.timeNs) }
        }
        if let since { stretches.append(Stretch(worker: since.worker, begin: since.ns, end: endNs)) }
        return stretches
    }
}

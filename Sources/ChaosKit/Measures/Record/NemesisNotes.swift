// What a run notes of itself beside its faults and rounds. Any of it may be missing; docs/MEASURES.md lists the names.

import Foundation
import RingmasterProtocol

/// The notes that measures are taken from. A note is the line's `f` with an object as its value, or `f` "note" with an object
/// of such by their names.
struct NemesisNotes {
    private(set) var views: [OwnershipView] = []
    /// The first time that each fault was noticed.
    private(set) var detectedNs: [FaultID: Int64] = [:]
    private(set) var moved: [Epoch: (slots: Int64?, bytes: Int64?)] = [:]
    private(set) var counters = CounterTotals()
    private(set) var oddities: [String] = []

    mutating func take(_ function: String, json: String, timeNs: Int64) {
        // Notes are for people too; only those that should hold something are looked into.
        guard ["note", "view", "detected", "moved", "counters"].contains(function) else { return }
        guard let object = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed) else {
            return
        }
        let notes = function == "note" ? object as? [String: Any] ?? [:] : [function: object]
        for (name, value) in notes.sorted(by: { $0.key < $1.key }) {
            guard let fields = value as? [String: Any] else { continue }
            let isRead =
                switch name {
                case "view": takeView(fields, timeNs)
                case "detected": takeDetection(fields, timeNs)
                case "moved": takeMove(fields)
                case "counters": takeCounters(fields)
                default: true
                }
            if !isRead { oddities.append("a note \"\(name)\" at \(timeNs) ns does not hold what it should") }
        }
    }

    private mutating func takeView(_ fields: [String: Any], _ timeNs: Int64) -> Bool {
        guard let epoch = Self.epoch(fields), let owners = fields["owners"] as? [[Any]] else { return false }
        if owners.isEmpty { return true }
        var ranges: [(first: Int, count: Int, worker: String)] = []
        for owner in owners {
            guard owner.count == 3, let first = (owner[0] as? NSNumber)?.intValue,
                let count = (owner[1] as? NSNumber)?.intValue, let worker = owner[2] as? String,
                (0...RingLimits.slotsMax).contains(first), (0...RingLimits.slotsMax).contains(count)
            else { return false }
            ranges.append((first, count, worker))
        }
        guard let view = OwnershipView(epoch: epoch, timeNs: timeNs, ranges: ranges) else { return false }
        views.append(view)
        return true
    }

    private mutating func takeDetection(_ fields: [String: Any], _ timeNs: Int64) -> Bool {
        guard let number = Self.integer(fields["fault"]) else { return false }
        detectedNs[FaultID(number)] = min(detectedNs[FaultID(number)] ?? .max, timeNs)
        return true
    }

    private mutating func takeMove(_ fields: [String: Any]) -> Bool {
        guard let epoch = Self.epoch(fields) else { return false }
        let known = moved[epoch]
        moved[epoch] = (Self.integer(fields["slots"]) ?? known?.slots, Self.integer(fields["bytes"]) ?? known?.bytes)
        return true
    }

    private mutating func takeCounters(_ fields: [String: Any]) -> Bool {
        let process = fields["process"] as? String ?? ""
        for (name, value) in fields where name != "process" {
            guard let number = Self.integer(value) else { return false }
            counters.take(number, name: name, process: process)
        }
        return true
    }

    private static func epoch(_ fields: [String: Any]) -> Epoch? {
        integer(fields["epoch"]).flatMap { $0 >= 0 ? Epoch(rawValue: UInt64($0)) : nil }
    }

    private static func integer(_ value: Any?) -> Int64? {
        (value as? NSNumber).flatMap { Int64(exactly: $0.doubleValue) == nil ? nil : $0.int64Value }
    }
}

/// Counters that processes tell from time to time, each its own total since it started. One that tells less than before has
/// started anew.
struct CounterTotals {
    private var last: [String: [String: Int64]] = [:]
    private(set) var totals: [String: Int64] = [:]

    mutating func take(_ value: Int64, name: String, process: String) {
        let before = last[process]?[name] ?? 0
        totals[name, default: 0] += value >= before ? value - before : value
        last[process, default: [:]][name] = value
    }
}

// Counts what one simulation reaches.

import CShim
import Ringmaster
import RingmasterProtocol

/// One thread, as everything here.
final class CoverageCounter {
    private var points: [FaultPoint: Int] = [:]
    private var others: [String: Int] = [:]
    private var slotStates: [SlotGates.SlotState: Int] = [:]
    private var methods: [Method: Int] = [:]

    private struct Method: Hashable {
        let name: String
        let isReceived: Bool
    }

    /// What was reached until now.
    var coverage: SimulationCoverage {
        var times = others
        for (point, count) in points { times[CoverageItem.point(point)] = count }
        for (state, count) in slotStates { times[CoverageItem.slot(state)] = count }
        for (method, count) in methods {
            times[method.isReceived ? CoverageItem.received(method.name) : CoverageItem.sent(method.name)] = count
        }
        return SimulationCoverage(times: times)
    }

    func reached(_ point: FaultPoint) {
        points[point, default: 0] += 1
    }

    func sawRole(_ role: String) {
        others[CoverageItem.role(role), default: 0] += 1
    }

    func sawRoundEnd(_ how: String) {
        others[CoverageItem.round(how), default: 0] += 1
    }

    /// What a worker does with its slots after a turn. O(slots).
    func saw(_ worker: SimulatedWorker, slots: Int) {
        guard worker.isPlaced else { return }
        let states = worker.slotStates
        for position in 0..<UInt32(slots) { slotStates[states.state(of: Slot(position)), default: 0] += 1 }
    }

    // MARK: The log

    /// What a coordinator made of an entry.
    func saw(_ outcomes: [CommandOutcome]) {
        for outcome in outcomes {
            guard case .deltas(let deltas) = outcome else {
                others[CoverageItem.entry(Self.name(of: outcome)), default: 0] += 1
                continue
            }
            others[CoverageItem.delta("accepted"), default: 0] += deltas.acceptedCount
            for (_, refusal) in deltas.refusals { others[CoverageItem.delta(Self.name(of: refusal)), default: 0] += 1 }
        }
    }

    private static func name(of outcome: CommandOutcome) -> String {
        switch outcome {
        case .deltas: "deltas"
        case .sessionOpened: "session opened"
        case .sessionsExpired: "sessions expired"
        case .sessionClosed(let wasOpen): wasOpen ? "session closed" : "session closed before"
        case .initialised(let isFirst): isFirst ? "founded" : "founded before"
        case .proposed(_, let accepted): accepted ? "intent accepted" : "intent refused"
        case .committed(_, let accepted): accepted ? "view committed" : "commit refused"
        }
    }

    private static func name(of refusal: DeltaRefusal) -> String {
        switch refusal {
        case .sessionUnknown: "session unknown"
        case .alreadyAcknowledged: "already acknowledged"
        case .duplicate: "duplicate"
        case .staleOwner: "stale owner"
        case .staleBase: "stale base"
        case .sessionFull: "session full"
        }
    }

    // MARK: Messages

    /// A message leaves a socket, or comes to one. O(frames).
    func saw(_ message: VirtualMessage, isReceived: Bool) {
        for part in message { saw(framesOf: part.bytes, isReceived: isReceived) }
    }

    private func saw(framesOf bytes: UnsafeRawBufferPointer, isReceived: Bool) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            var frame = rm_frame()
            let length = rm_frame_read(start.assumingMemoryBound(to: UInt8.self), rest.count, &frame)
            // A subscription, or a publication, which carries no frames.
            guard length > 0 else { return }
            saw(frame, isReceived: isReceived)
            rest = UnsafeRawBufferPointer(rebasing: rest[Int(length)...])
        }
    }

    private func saw(_ frame: rm_frame, isReceived: Bool) {
        guard frame.kind != UInt32(RM_RESPONSE) else {
            guard !isReceived, let error = frame.error else { return }
            let bytes = UnsafeRawBufferPointer(start: error, count: frame.error_length)
            var reader = MessagePackReader(bytes)
            guard (try? reader.readArrayHeader()) != nil, let code = try? reader.readInteger(Int32.self) else { return }
            others[CoverageItem.answer(RPCErrorCode(rawValue: code)), default: 0] += 1
            return
        }
        let name = String(
            decoding: UnsafeRawBufferPointer(start: frame.method, count: frame.method_length),
            as: UTF8.self
        )
        methods[Method(name: name, isReceived: isReceived), default: 0] += 1
        guard name == SimulatedMethods.raft else { return }
        var params = MessagePackReader(UnsafeRawBufferPointer(start: frame.value, count: frame.value_length))
        guard (try? params.readArrayHeader()) == 1, let part = try? params.readBinary(),
            let kind = SimulatedMethods.raftKind(ofPart: part), (1...CoverageItem.raftKinds.count).contains(kind)
        else { return }
        methods[Method(name: "\(name) \(CoverageItem.raftKinds[kind - 1])", isReceived: isReceived), default: 0] += 1
    }
}

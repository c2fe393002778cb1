// The log's second reader in a simulation: what it calls wrong, and what not.

import RingmasterProtocol
import Testing

@testable import ChaosKit

@Suite("The model of a simulation's log") struct LogModelTests {
    /// A state machine, and a model that reads what it is told of it.
    private struct Pair {
        var machine: StateMachine
        var model = LogModel()
        var index: UInt64 = 0
        var breaches: [String] = []
        var client = ClientID(0)

        init(planted: PlantedBug? = nil) throws {
            machine = StateMachine(planted: planted)
            let size = try RingSize(slotCount: 16)
            try apply { $0.initialise(clusterID: 1, size: size) }
            try join(["w1"], epoch: 1)
            try apply { $0.openSession(nonce: 7) }
        }

        mutating func apply(_ write: (inout CommandWriter) -> Void) throws {
            var entry = CommandWriter(timeMs: 1)
            write(&entry)
            try take(entry.bytes)
        }

        mutating func take(_ bytes: [UInt8], at place: UInt64? = nil, by name: NodeName = NodeName(.coordinator, 1))
            throws
        {
            index += 1
            let outcomes = try bytes.withUnsafeBytes { try machine.apply($0) }
            for case .sessionOpened(let opened) in outcomes { client = opened }
            breaches += bytes.withUnsafeBytes {
                model.take($0, at: place ?? index, outcomes, stateHash: machine.hash, by: name)
            }
        }

        mutating func join(_ names: [String], epoch: UInt64, fenced: [String] = []) throws {
            try propose(names, epoch: epoch, fenced: fenced)
            try apply { $0.commit(Epoch(epoch)) }
        }

        mutating func propose(_ names: [String], epoch: UInt64, fenced: [String] = []) throws {
            let members = try names.map {
                MemberRecord(
                    member: Member(try WorkerID(validating: $0)),
                    incarnation: Incarnation(rawValue: 1),
                    endpoint: "tcp://127.0.0.1:1"
                )
            }
            let gone = try fenced.map { try WorkerID(validating: $0) }
            try apply { $0.propose(Intent(epoch: Epoch(epoch), mode: .handoff, members: members, fenced: gone)) }
        }

        /// A worker has run jobs on a list, one after the other.
        mutating func append(_ values: [Int64], to list: [Int64], by worker: String = "w1", from sequence: UInt64)
            throws
        {
            var batch = DeltaBatchWriter(
                worker: try WorkerID(validating: worker),
                incarnation: Incarnation(rawValue: 1)
            )
            var list = list
            for (offset, value) in values.enumerated() {
                let position = Int64(list.count)
                list.append(value)
                let state = list.flatMap { AppendJob.bytes(of: $0) }
                Array("k".utf8).withUnsafeBytes { key in
                    state.withUnsafeBytes { state in
                        AppendJob.bytes(of: position).withUnsafeBytes { reply in
                            batch.add(
                                client: client,
                                sequence: sequence + UInt64(offset),
                                acked: 1,
                                base: UInt64(position),
                                key: key,
                                state: .bytes(state),
                                reply: reply
                            )
                        }
                    }
                }
            }
            let command = batch.finish()
            try apply { $0.deltas(command) }
        }
    }

    @Test func aSoundLogIsFoundSound() throws {
        var pair = try Pair()
        try pair.append([1, 2], to: [], from: 1)
        try pair.append([1, 2], to: [], from: 1)
        try pair.append([9], to: [], from: 3)
        try pair.append([3], to: [1, 2], from: 4)
        #expect(pair.breaches == [])
        #expect(pair.model.position(of: 3) == 2)
        #expect(pair.model.position(of: 9) == nil)
    }

    @Test(arguments: [
        (PlantedBug.duplicateDeltaApplied, "I2"), (.staleBaseAccepted, "I2"), (.staleOwnerAccepted, "I1"),
        (.fencedAccepted, "I1"),
    ]) func aWrongJudgementIsSeen(bug: PlantedBug, invariant: String) throws {
        for planted in [bug, nil] {
            var pair = try Pair(planted: planted)
            try pair.append([1, 2], to: [], from: 1)
            switch bug {
            case .duplicateDeltaApplied:
                // The base is what it would be, so that nothing else refuses it.
                try pair.append([2], to: [1, 2], from: 2)
            case .staleBaseAccepted: try pair.append([3], to: [1], from: 3)
            case .staleOwnerAccepted:
                try pair.join(["w2"], epoch: 2)
                try pair.append([3], to: [1, 2], from: 3)
            default:
                try pair.propose(["w2"], epoch: 2, fenced: ["w1"])
                try pair.append([3], to: [1, 2], from: 3)
            }
            if planted == nil {
                #expect(pair.breaches == [])
            } else {
                #expect(pair.breaches.contains { $0.hasPrefix(invariant) }, "\(pair.breaches)")
            }
        }
    }

    @Test func anotherEntryAtTheSameIndexIsSeen() throws {
        var pair = try Pair()
        var entry = CommandWriter(timeMs: 1)
        entry.openSession(nonce: 8)
        try pair.take(entry.bytes, at: 1, by: NodeName(.coordinator, 2))
        #expect(pair.breaches.contains { $0.hasPrefix("I7") })
    }
}

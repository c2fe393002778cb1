// The cost of single operations: what a request is made of.

import AllocationCounter
import BenchResults
import CShim
import Glibc
import InstructionCounter
import Measurement
import Ringmaster
import RingmasterProtocol

func microStep() -> BenchStep {
    BenchStep(label: "micro-benchmarks", plannedSeconds: 2) { run in
        let counter = rm_instructions_open()
        defer { if counter >= 0 { close(counter) } }
        if counter < 0 {
            run.note("Instructions are not counted on this machine (\(String(cString: strerror(-counter)))).")
        }
        for operation in try frameOperations() + valueOperations() + ringOperations() {
            run.add(measure(operation, counter))
        }
    }
}

/// Something that is done over and over.
private struct Operation {
    let name: String
    /// Does it so many times.
    let run: (Int) -> Void
}

/// The median of nine batches of about 3 ms each.
private func measure(_ operation: Operation, _ counter: Int32) -> MicroRow {
    var count = 1
    while time({ operation.run(count) }) < 1_000_000, count < 1 << 24 { count *= 2 }
    count = max(1, Int(3_000_000 / max(1, time { operation.run(count) } / Double(count))))
    var times: [Double] = []
    for _ in 0..<9 { times.append(time { operation.run(count) } / Double(count)) }

    let instructionsBefore = counter >= 0 ? rm_instructions_read(counter) : 0
    operation.run(count)
    let instructions = counter >= 0 ? Double(rm_instructions_read(counter) - instructionsBefore) / Double(count) : nil

    let allocationsBefore = rm_allocations_read().own
    rm_allocations_enable()
    operation.run(count)
    rm_allocations_disable()
    let allocations = Double(rm_allocations_read().own - allocationsBefore) / Double(count)
    guard let summary = Summary(of: times) else { preconditionFailure("nine batches ran") }
    // A batch has a fixed cost of its own, such as the closure's; under a hundredth of one is that.
    return MicroRow(
        name: operation.name,
        ns: summary.median,
        instructions: instructions,
        allocations: allocations < 0.01 ? 0 : allocations
    )
}

private func time(_ body: () -> Void) -> Double {
    let start = MonotonicTime.now.nanoseconds
    body()
    return Double(MonotonicTime.now.nanoseconds - start)
}

private func frameOperations() throws -> [Operation] {
    let payload = [UInt8](repeating: 0x5a, count: 64)
    let name: [UInt8] = [0xa4] + Array("echo".utf8)
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1024)
    let start = buffer.baseAddress!
    let requestEnd = rm_frame_put_payload_request(start, 5, 7, name, name.count, payload, 64, 5_000_000, 0)!
    let request = Array(buffer[..<(requestEnd - start)])
    let responseEnd = rm_frame_put_payload_response(start, 7, payload, 64)!
    let response = Array(buffer[..<(responseEnd - start)])
    return [
        Operation(name: "frame: write a request, 64 B") { count in
            for index in 0..<count {
                let msgid = UInt32(truncatingIfNeeded: index)
                _ = rm_frame_put_payload_request(start, 5, msgid, name, name.count, payload, 64, 5_000_000, 0)
            }
        },
        Operation(name: "frame: read a request, 64 B") { count in
            var frame = rm_frame()
            for _ in 0..<count { precondition(rm_frame_read(request, request.count, &frame) > 0) }
        },
        Operation(name: "frame: write a response, 64 B") { count in
            for index in 0..<count {
                _ = rm_frame_put_payload_response(start, UInt32(truncatingIfNeeded: index), payload, 64)
            }
        },
        Operation(name: "frame: read a response, 64 B") { count in
            var frame = rm_frame()
            for _ in 0..<count { precondition(rm_frame_read(response, response.count, &frame) > 0) }
        },
    ]
}

private func ringOperations() throws -> [Operation] {
    let members = try (0..<16).map { Member(try WorkerID(validating: "worker-\($0)")) }
    let view = try RingPlan(from: RingView(), to: members).view
    let keys = (0..<64).map { Array("account-\($0)".utf8) }
    return [
        Operation(name: "ring: key to owner") { count in
            var sum = 0
            for index in 0..<count {
                let slot = keys[index & 63].withUnsafeBytes { view.size.slot(of: KeyHash(of: $0)) }
                sum &+= view.ownerIndex(of: slot) ?? 0
            }
            precondition(sum >= 0)
        }
    ]
}

/// A value of the size that control messages have.
private struct Account: Codable, Equatable {
    var name: String
    var balance: Int
    var tags: [String]
}

private func valueOperations() throws -> [Operation] {
    let account = Account(name: "alice", balance: 1_000_000, tags: ["a", "b"])
    let bytes = try MessagePackEncoder().encode(account)
    guard try MessagePackDecoder().decode(Account.self, from: bytes) == account else {
        throw ChildError("a value changed on its way through MessagePack")
    }
    return [
        Operation(name: "value: encode a struct of three fields") { count in
            for _ in 0..<count { _ = try? MessagePackEncoder().encode(account) }
        },
        Operation(name: "value: decode a struct of three fields") { count in
            for _ in 0..<count { _ = try? MessagePackDecoder().decode(Account.self, from: bytes) }
        },
    ]
}

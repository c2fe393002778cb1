// What a peer may send as an identifier, and that an identifier keeps its identity and order.

import Foundation
import RingmasterProtocol
import Testing

struct IdentifiersTests {
    @Test func aWorkerIDTakesOneTo64Bytes() throws {
        #expect(throws: RingError.workerIDEmpty) { try WorkerID(validating: "") }
        #expect(try WorkerID(validating: "w").name == "w")
        #expect(try WorkerID(validating: String(repeating: "w", count: 64)).name.utf8.count == 64)
        #expect(throws: RingError.workerIDTooLong(byteCount: 65)) {
            try WorkerID(validating: String(repeating: "w", count: 65))
        }
    }

    @Test func theLimitOfAWorkerIDCountsBytesNotCharacters() throws {
        #expect(try WorkerID(validating: String(repeating: "ü", count: 32)).name.count == 32)
        #expect(throws: RingError.workerIDTooLong(byteCount: 66)) {
            try WorkerID(validating: String(repeating: "ü", count: 33))
        }
    }

    @Test func workersAreTheSameOnlyWhenTheirBytesAre() throws {
        let composed = try WorkerID(validating: "Gr\u{fc}n")
        let decomposed = try WorkerID(validating: "Gru\u{308}n")
        #expect(composed.name == decomposed.name, "as text the two are equal, or the test shows nothing")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
    }

    @Test func workersAreOrderedByTheirBytes() throws {
        let ascending = try ["A", "a", "a1", "a10", "a2", "e\u{301}", "z", "\u{e9}", "\u{ffee}", "\u{1f600}"].map(
            WorkerID.init(validating:)
        )
        #expect(ascending.reversed().sorted() == ascending)
    }

    @Test func aPeerCannotSendANumberThatNextWouldOverflow() {
        #expect(JobID(rawValue: UInt64.max) == nil)
        #expect(Epoch(rawValue: UInt64.max) == nil)
        #expect(JobID(rawValue: JobID.wireMax.rawValue + 1) == nil)
        #expect(Epoch(rawValue: Epoch.wireMax.rawValue + 1) == nil)
        #expect(JobID(rawValue: JobID.wireMax.rawValue) == JobID.wireMax)
        #expect(Epoch(rawValue: Epoch.wireMax.rawValue) == Epoch.wireMax)
        #expect(JobID.wireMax.next > JobID.wireMax)
        #expect(Epoch.wireMax.next > Epoch.wireMax)
    }

    @Test func nextComesDirectlyAfter() {
        #expect(Epoch.zero.next == Epoch(1))
        #expect(JobID(41).next == JobID(42))
        #expect(Epoch(1) < Epoch(2) && !(Epoch(2) < Epoch(2)))
        #expect(Slot(1) < Slot(2) && !(Slot(2) < Slot(2)))
    }

    @Test func anIdentifierIsCodedAsASingleValue() throws {
        #expect(try coded(WorkerID(validating: "w-1")) == #"["w-1"]"#)
        #expect(try coded(JobID(7)) == "[7]")
        #expect(try coded(Epoch(8)) == "[8]")
        #expect(try coded(Slot(9)) == "[9]")
    }

    @Test func decodingRefusesWhatThePeerMayNotSend() {
        #expect(throws: DecodingError.self) { try decoded(#"[""]"#, as: WorkerID.self) }
        #expect(throws: DecodingError.self) { try decoded("[18446744073709551615]", as: JobID.self) }
        #expect(throws: DecodingError.self) { try decoded("[18446744073709551615]", as: Epoch.self) }
        #expect(throws: DecodingError.self) { try decoded("[4294967296]", as: Slot.self) }
    }

    /// The JSON of a list of the value, checked to decode to the value again.
    private func coded<Value: Codable & Equatable>(_ value: Value) throws -> String {
        let json = try JSONEncoder().encode([value])
        #expect(try JSONDecoder().decode([Value].self, from: json) == [value])
        return String(decoding: json, as: UTF8.self)
    }

    private func decoded<Value: Decodable>(_ json: String, as type: Value.Type) throws -> [Value] {
        try JSONDecoder().decode([Value].self, from: Data(json.utf8))
    }
}

// What a client's process notes of an operation, as it lies in the file between that process and the recorder.

/// An invocation or a completion.
public struct OperationNote: Equatable, Sendable {
    public var type: OperationType
    public var isRead: Bool
    /// Which of the client's lanes: each has one operation under way at the most.
    public var lane: Int
    public var key: Int
    /// From the beginning of the run.
    public var timeNs: Int64
    /// When it was to be asked for.
    public var intendedNs: Int64
    /// Of an append.
    public var value: Int64 = 0
    /// Of an append that is ok.
    public var position: Int64 = 0
    /// Of a read that is ok: the list as `AppendJob` has it.
    public var list: [UInt8] = []

    /// An invocation; its completion is a copy with another type, time and result.
    public init(invoking isRead: Bool, lane: Int, key: Int, value: Int64, timeNs: Int64, intendedNs: Int64) {
        self.init(
            type: .invoke,
            isRead: isRead,
            lane: lane,
            key: key,
            timeNs: timeNs,
            intendedNs: intendedNs,
            value: value
        )
    }

    init(
        type: OperationType,
        isRead: Bool,
        lane: Int,
        key: Int,
        timeNs: Int64,
        intendedNs: Int64,
        value: Int64 = 0,
        position: Int64 = 0,
        list: [UInt8] = []
    ) {
        self.type = type
        self.isRead = isRead
        self.lane = lane
        self.key = key
        self.timeNs = timeNs
        self.intendedNs = intendedNs
        self.value = value
        self.position = position
        self.list = list
    }
}

// In the file: 48 bytes, little-endian, and the list. The first four are the length of it all.
extension OperationNote {
    static let headBytes = 48

    func write(into bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: Self.headBytes, alignment: 8) { head in
            head.storeBytes(of: UInt32(Self.headBytes + list.count).littleEndian, toByteOffset: 0, as: UInt32.self)
            head.storeBytes(of: Self.code(type), toByteOffset: 4, as: UInt8.self)
            head.storeBytes(of: isRead ? 1 : 0, toByteOffset: 5, as: UInt8.self)
            head.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
            head.storeBytes(of: UInt32(lane).littleEndian, toByteOffset: 8, as: UInt32.self)
            head.storeBytes(of: UInt32(key).littleEndian, toByteOffset: 12, as: UInt32.self)
            head.storeBytes(of: timeNs.littleEndian, toByteOffset: 16, as: Int64.self)
            head.storeBytes(of: intendedNs.littleEndian, toByteOffset: 24, as: Int64.self)
            head.storeBytes(of: value.littleEndian, toByteOffset: 32, as: Int64.self)
            head.storeBytes(of: position.littleEndian, toByteOffset: 40, as: Int64.self)
            bytes.append(contentsOf: head)
        }
        bytes.append(contentsOf: list)
    }

    /// Reads the record that begins at `offset`, and puts `offset` behind it; nil where it is not whole.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: inout Int) {
        guard bytes.count - offset >= Self.headBytes else { return nil }
        func integer<Integer: FixedWidthInteger & BitwiseCopyable>(_ place: Int, _ type: Integer.Type) -> Integer {
            Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: type))
        }
        let length = Int(integer(0, UInt32.self))
        precondition(length >= Self.headBytes, "a record of \(length) bytes: the file is no client's")
        guard bytes.count - offset >= length else { return nil }
        self.init(
            type: Self.type(integer(4, UInt8.self)),
            isRead: integer(5, UInt8.self) == 1,
            lane: Int(integer(8, UInt32.self)),
            key: Int(integer(12, UInt32.self)),
            timeNs: integer(16, Int64.self),
            intendedNs: integer(24, Int64.self),
            value: integer(32, Int64.self),
            position: integer(40, Int64.self),
            list: Array(bytes[(offset + Self.headBytes)..<(offset + length)])
        )
        offset += length
    }

    private static func code(_ type: OperationType) -> UInt8 {
        switch type {
        case .invoke: 0
        case .ok: 1
        case .fail: 2
        case .info: 3
        }
    }

    private static func type(_ code: UInt8) -> OperationType {
        switch code {
        case 0: .invoke
        case 1: .ok
        case 2: .fail
        default: .info
        }
    }
}

extension OperationNote {
    /// The event of the history, by the names that it has there for the lane and the key.
    func event(by: HistoryName, key: HistoryName) -> HistoryEvent {
        let intended = type == .invoke && intendedNs != timeNs ? intendedNs : nil
        guard isRead else {
            let position = type == .ok ? position : nil
            return HistoryEvent(
                timeNs: timeNs,
                intendedNs: intended,
                .append(type, by: by, key: key, value: value, position: position)
            )
        }
        let list = type == .ok ? AppendJob.values(list) : nil
        return HistoryEvent(timeNs: timeNs, intendedNs: intended, .read(type, by: by, key: key, list: list))
    }
}

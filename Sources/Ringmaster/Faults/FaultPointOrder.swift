// What a process is told to do to itself, and where: `worker.phase2.loaded:kill`, `worker.job.run:pause=2s`,
// `coordinator.commit.logged:kill@3`.

import RingmasterProtocol

/// At which point a process is to be struck, how, and at which time that it comes there.
public struct FaultPointOrder: Equatable, Sendable {
    public enum Action: Equatable, Sendable {
        /// SIGKILL.
        case kill
        /// SIGSTOP; after the time, or where there is none once somebody else sends it, SIGCONT.
        case pause(Duration?)
    }

    public let point: FaultPoint
    public let action: Action
    /// 1 is the first time after it was armed.
    public let occurrence: Int

    public init(_ point: FaultPoint, _ action: Action, occurrence: Int = 1) {
        precondition(occurrence >= 1, "the first time is 1")
        self.point = point
        self.action = action
        self.occurrence = occurrence
    }

    /// Reads `POINT:kill`, `POINT:pause` or `POINT:pause=TIME`, each perhaps with `@N`. A time is a whole number of `ms` or `s`.
    /// - Throws: `FaultError`. Whoever wrote the order is to correct it.
    public init(parsing text: String) throws(FaultError) {
        guard let colon = text.firstIndex(of: ":") else { throw .orderUnclear(text) }
        let name = String(text[..<colon])
        guard let point = FaultPoint(rawValue: name) else { throw .pointUnknown(name) }
        let parts = text[text.index(after: colon)...].split(separator: "@", omittingEmptySubsequences: false)
        guard let action = parts.first.flatMap(Self.action), parts.count <= 2 else { throw .orderUnclear(text) }
        var occurrence = 1
        if parts.count == 2 {
            guard let number = Int(parts[1]), number >= 1 else { throw .orderUnclear(text) }
            occurrence = number
        }
        self.init(point, action, occurrence: occurrence)
    }

    private static func action(_ text: Substring) -> Action? {
        switch text {
        case "kill": return .kill
        case "pause": return .pause(nil)
        default:
            guard text.hasPrefix("pause=") else { return nil }
            let time = text.dropFirst(6)
            let isInMs = time.hasSuffix("ms")
            guard isInMs || time.hasSuffix("s"), let number = Int(time.dropLast(isInMs ? 2 : 1)) else { return nil }
            // A minute is longer than anything waits for.
            guard (1...(isInMs ? 60_000 : 60)).contains(number) else { return nil }
            return .pause(isInMs ? .milliseconds(number) : .seconds(number))
        }
    }
}

extension FaultPointOrder: CustomStringConvertible {
    public var description: String {
        let action =
            switch action {
            case .kill: "kill"
            case .pause(nil): "pause"
            case .pause(let time?): "pause=\(time.nanosecondsClamped / 1_000_000)ms"
            }
        return "\(point.rawValue):\(action)" + (occurrence > 1 ? "@\(occurrence)" : "")
    }
}

/// Why a process does not take an order. Each names what was written and what may be.
public enum FaultError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No fault point has that name.
    case pointUnknown(String)
    /// The order is none.
    case orderUnclear(String)
    /// No bug of that name can be planted.
    case bugUnknown(String)
    /// A file or pipe that orders come from or reports go to cannot be opened.
    case cannotOpen(path: String, reason: String)

    public var description: String {
        switch self {
        case .pointUnknown(let name):
            "there is no fault point '\(name)'; there are:\n  "
                + FaultPoint.allCases.map(\.rawValue).joined(separator: "\n  ")
        case .orderUnclear(let text):
            "'\(text)' is no order of a fault; one is POINT:kill, POINT:pause or POINT:pause=TIME (1ms to 60s), perhaps with @N"
        case .bugUnknown(let name):
            "there is no bug '\(name)' to plant; there are:\n  "
                + PlantedBug.allCases.map(\.rawValue).joined(separator: "\n  ")
        case .cannotOpen(let path, let reason):
            "'\(path)' cannot be opened: \(reason)"
        }
    }
}

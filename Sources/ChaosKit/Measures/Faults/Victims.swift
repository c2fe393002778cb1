// Whose keys a fault hits: those of the worker that it is done to, or all of them.

/// The keys that a fault can be seen on.
public enum Victims: Sendable, Equatable {
    /// Those of some slots, as owned when the fault began: for each slot whether it is one.
    case slots([Bool])
    /// All, since no worker is the target: every job needs the coordinators, and a network's faults hit whom they hit.
    case everyKey
    /// None, and why.
    case none(String)

    init(_ fault: FaultRecord, _ ownership: Ownership, everyWorker: Set<String>) {
        let targets = Set(fault.target.split(whereSeparator: { ",+ ".contains($0) }).map(String.init))
        let workers = targets.intersection(everyWorker)
        if !workers.isEmpty {
            guard let view = ownership.view(at: fault.span.beginNs) else {
                self = .none("no view of the ring was noted before it")
                return
            }
            let slots = view.slots(of: workers)
            self = slots.contains(true) ? .slots(slots) : .none("its target owned no slot when it began")
        } else if targets.contains(where: { $0.hasPrefix("client") }) {
            self = .none("a client owns no keys")
        } else if targets.contains(where: Self.isWorkersName) {
            self = .none(
                ownership.views.isEmpty
                    ? "no view of the ring was noted, so that its keys are not known" : "its target never owned a slot"
            )
        } else {
            self = .everyKey
        }
    }

    /// `worker-1`, or `w1` as the processes of a run are called.
    private static func isWorkersName(_ name: String) -> Bool {
        name.hasPrefix("worker") || name.first == "w" && name.count > 1 && name.dropFirst().allSatisfy(\.isNumber)
    }
}

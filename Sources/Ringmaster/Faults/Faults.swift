// What makes a process die or stop at a step of the protocol, and what plants a bug in it: for trials alone. Off, and as good
// as free, unless the environment says otherwise.
//
//     RINGMASTER_FAULT          an order, in force from the start
//     RINGMASTER_FAULT_CONTROL  a pipe with a name, from which the process reads orders while it runs, a line each; `off` ends one
//     RINGMASTER_FAULT_REPORT   a file to which it adds a line for each order that it takes and each point at which it is struck
//     RINGMASTER_PLANTED        a bug to plant

import Glibc
import RingmasterProtocol
import Synchronization

/// 1 while an order is in force. All that a fault point costs is to look at it.
let isFaultArmed = Atomic<UInt8>(0)

/// The bug that is planted. nonisolated(unsafe): it is set before the process's first event loop begins, and never again but by
/// a simulation, whose loops are all its own thread's.
nonisolated(unsafe) private(set) var plantedBug: PlantedBug?

/// A step of the protocol: here the process may be made to die or stop.
@inline(__always)
func faultPoint(_ point: FaultPoint) {
    if isFaultArmed.load(ordering: .relaxed) != 0 { Faults.reached(point) }
}

@inline(__always)
func isPlanted(_ bug: PlantedBug) -> Bool { plantedBug == bug }

/// The orders that this process follows.
public enum Faults {
    private struct State {
        var order: FaultPointOrder?
        /// How often the order's point was reached.
        var reached = 0
        var report: Int32?
    }

    private static let state = Mutex(State())

    /// Who is told of each point that is reached, in the place of an order. nonisolated(unsafe): a simulation's, which is the only
    /// thread of its process that comes to any.
    nonisolated(unsafe) private static var observer: ((FaultPoint) -> Void)?

    /// What libzmq's and libuv's threads take to hand to the system what they were given.
    private static let handingOverUs: UInt32 = 2000

    /// Takes orders from the environment. To be called once, before anything else begins.
    /// - Parameter variable: Gives the value of a variable of the environment.
    /// - Throws: `FaultError`: the process should not start, as it would not do what it was started for.
    public static func begin(_ variable: (String) -> String? = environmentVariable) throws(FaultError) {
        if let name = variable("RINGMASTER_PLANTED") {
            guard let bug = PlantedBug(rawValue: name) else { throw .bugUnknown(name) }
            plantedBug = bug
        }
        if let path = variable("RINGMASTER_FAULT_REPORT") {
            let report = try open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC)
            state.withLock { $0.report = report }
        }
        if let text = variable("RINGMASTER_FAULT") { arm(try FaultPointOrder(parsing: text)) }
        if let path = variable("RINGMASTER_FAULT_CONTROL") {
            // For writing too: so it does not end when a writer goes away.
            let control = try open(path, O_RDWR | O_CLOEXEC)
            startThread { follow(control) }
        }
    }

    /// Plants a bug for as long as `body` lasts; nil: leaves what the environment says. For simulations: no other loop runs.
    package static func withPlanted<Result>(_ bug: PlantedBug?, _ body: () throws -> Result) rethrows -> Result {
        let former = plantedBug
        defer { plantedBug = former }
        plantedBug = bug ?? former
        return try body()
    }

    /// Puts an order into force in place of the one before; nil: none.
    public static func arm(_ order: FaultPointOrder?) {
        state.withLock {
            $0.order = order
            $0.reached = 0
        }
        isFaultArmed.store(order == nil ? 0 : 1, ordering: .releasing)
        report("armed \(order.map { "\($0)" } ?? "off")")
    }

    private static func open(_ path: String, _ flags: Int32) throws(FaultError) -> Int32 {
        let descriptor = Glibc.open(path, flags, 0o644)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
        return descriptor
    }

    /// Follows the orders that are written to the pipe, as long as the process lives.
    private static func follow(_ control: Int32) {
        guard let file = fdopen(control, "r") else { return }
        var (line, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        while true {
            let count = getline(&line, &capacity, file)
            guard count > 0, let line else { return }
            let bytes = UnsafeRawBufferPointer(start: line, count: count)
            let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            do throws(FaultError) {
                arm(text == "off" ? nil : try FaultPointOrder(parsing: text))
            } catch {
                report("refused \(text)")
            }
        }
    }

    /// Has a simulation told of the points that its processes come to; nil: of none any more, which costs nothing.
    package static func observe(_ observer: ((FaultPoint) -> Void)?) {
        self.observer = observer
        isFaultArmed.store(observer == nil ? 0 : 1, ordering: .releasing)
    }

    @inline(never)
    static func reached(_ point: FaultPoint) {
        if let observer { return observer(point) }
        let order: FaultPointOrder? = state.withLock { state in
            guard let order = state.order, order.point == point else { return nil }
            state.reached += 1
            guard state.reached == order.occurrence else { return nil }
            state.order = nil
            return order
        }
        guard let order else { return }
        isFaultArmed.store(0, ordering: .relaxed)
        guard point.isAfterHandingOver else { return strike(order) }
        startThread {
            usleep(handingOverUs)
            strike(order)
        }
    }

    /// Kills or stops the whole process. Sent to this thread, the signal strikes before the next instruction.
    private static func strike(_ order: FaultPointOrder) {
        report("reached \(order)")
        switch order.action {
        case .kill:
            pthread_kill(pthread_self(), SIGKILL)
        case .pause(let time):
            if let time { wake(after: time) }
            pthread_kill(pthread_self(), SIGSTOP)
            report("woke \(order)")
        }
    }

    /// Has the system send SIGCONT: nothing in a process that is stopped could.
    private static func wake(after time: Duration) {
        var event = sigevent()
        event.sigev_notify = Int32(SIGEV_SIGNAL)
        event.sigev_signo = SIGCONT
        var timer: timer_t?
        guard timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 else { return }
        var due = itimerspec()
        due.it_value.tv_sec = Int(time.components.seconds)
        due.it_value.tv_nsec = Int(time.components.attoseconds / 1_000_000_000)
        timer_settime(timer, 0, &due, nil)
    }

    /// The value of a variable of this process's environment.
    public static func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                Unmanaged<ThreadBody>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        precondition(status == 0, "a thread for a fault cannot be started: \(String(cString: strerror(status)))")
        pthread_detach(thread)
    }

    private static func report(_ line: String) {
        guard let descriptor = state.withLock({ $0.report }) else { return }
        let bytes = Array((line + "\n").utf8)
        // One write adds the line whole, whatever happens next.
        _ = write(descriptor, bytes, bytes.count)
    }
}

/// What a thread is to do.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

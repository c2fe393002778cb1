// A process of a simulation: an event loop on a clock, a poller and sockets that are not real.

import CShim
import Ringmaster
import RingmasterProtocol

/// One life of a process. It dies once; a process that comes again is another one on the same machine.
final class VirtualHost {
    /// The name of its machine in endpoints.
    let machine: String
    let network: VirtualNetwork
    /// Its own random numbers.
    @exclusivity(unchecked) private var random: RandomSource
    /// How fast its clocks run, and what they showed when the simulation began.
    @exclusivity(unchecked) private var clockRate: Double
    @exclusivity(unchecked) private var clockStartNs: Int64
    /// For how long its machine has slept, and since when it does.
    private var sleptNs: Int64 = 0
    private var asleepSinceNs: Int64?
    /// What somebody has set its wall clock ahead by.
    var wallClockOffsetNs: Int64 = 0

    @exclusivity(unchecked) private(set) var isAlive = true
    @exclusivity(unchecked) private(set) var isPaused = false
    @exclusivity(unchecked) private(set) var turnCount = 0
    @exclusivity(unchecked) private var isTurnPending = false
    @exclusivity(unchecked) private var busyUntilNs: Int64 = 0
    @exclusivity(unchecked) private var alarmAtNs = Int64.max
    private var descriptors: Int32 = 0
    private var sockets: [VirtualSocket] = []
    @exclusivity(unchecked) private(set) var poller: VirtualPoller!
    @exclusivity(unchecked) private(set) var loop: EventLoop!
    private(set) var context: MessagingContext!
    private let face: UnsafeMutablePointer<rm_virtual>
    /// What it sent while it stood still in the middle of a turn.
    private var heldBack: [() -> Void] = []
    @exclusivity(unchecked) private var effects: (left: Int, then: () -> Void)?
    /// What is done to it as soon as its turn is over.
    @exclusivity(unchecked) private var afterTurn: (() -> Void)?
    /// The process whose turn it is. nonisolated(unsafe): a simulation has one thread.
    @exclusivity(unchecked) nonisolated(unsafe) private(set) static var current: VirtualHost?
    /// Called before each of its turns.
    @exclusivity(unchecked) var turning: () -> Void = {}
    /// Called after each of its turns.
    @exclusivity(unchecked) var turned: () -> Void = {}
    /// Takes a turn of the loop, where somebody measures it; it has to call what it is given.
    @exclusivity(unchecked) var metered: ((() -> Void) -> Void)?

    /// What a turn of a loop takes of virtual time.
    private static let turnNs: ClosedRange<Int64> = 2_000...20_000
    private static let turnsMax = 256

    /// - Parameter clockRate: 1: as the simulation's time.
    init(machine: String, network: VirtualNetwork, random: RandomSource, clockRate: Double, clockStartNs: Int64) {
        self.machine = machine
        self.network = network
        self.random = random
        self.clockRate = clockRate
        self.clockStartNs = clockStartNs
        face = .allocate(capacity: 1)
        face.initialize(to: rm_virtual(calls: VirtualCalls.table, object: nil))
        face.pointee.object = Unmanaged.passUnretained(self).toOpaque()
        // The poller is this object's and its loop's, which ends with it.
        poller = VirtualPoller { [unowned(unsafe) self] in clockNs }
        poller.wakes = { [unowned(unsafe) self] in wake() }
        let host = Unmanaged.passUnretained(self)
        // The loop is this object's and ends with it. One thread.
        let box = UncheckedBox(host)
        loop = EventLoop.simulated(
            poller: poller.handle,
            clock: { MonotonicTime(nanoseconds: box.value._withUnsafeGuaranteedRef { $0.clockNs }) },
            host: LoopHost(
                randomBits: { box.value.takeUnretainedValue().random.next() },
                wallClockNs: { box.value.takeUnretainedValue().wallClockNs },
                suspendedNs: { box.value._withUnsafeGuaranteedRef { $0.suspendedNs } },
                probe: { endpoint, _, then in
                    let host = box.value.takeUnretainedValue()
                    host.network.probe(endpoint.text, from: host.machine) { isRefused in
                        guard host.isAlive else { return }
                        host.loop.post { then(isRefused) }
                        host.wake()
                    }
                }
            )
        )
        context = MessagingContext(simulated: OpaquePointer(rm_virtual_handle(face)))
    }

    deinit {
        face.deallocate()
    }

    private struct UncheckedBox: @unchecked Sendable {
        // One thread.
        let value: Unmanaged<VirtualHost>
        init(_ value: Unmanaged<VirtualHost>) { self.value = value }
    }

    func randomBits() -> UInt64 { random.next() }

    // MARK: Clocks

    /// Its monotonic clock.
    var clockNs: Int64 { clockStartNs + Int64(Double(network.time.nowNs) * clockRate) }

    /// The simulation's first moment at which its clock shows that time.
    private func timeNs(ofClock ns: Int64) -> Int64 {
        var time = Int64((Double(ns - clockStartNs) / clockRate).rounded(.down))
        while clockStartNs + Int64(Double(time) * clockRate) < ns { time += 1 }
        return time
    }

    private static let wallClockStartNs: UInt64 = 1_700_000_000_000_000_000

    private var wallClockNs: UInt64 {
        Self.wallClockStartNs &+ UInt64(bitPattern: network.time.nowNs &+ wallClockOffsetNs)
    }

    // MARK: Sockets

    func open(kind: Int) -> VirtualSocket {
        descriptors += 1
        let socket = VirtualSocket(kind: kind, descriptor: descriptors, host: self)
        sockets.append(socket)
        return socket
    }

    func forget(_ socket: VirtualSocket) {
        // The shim may hold the last part's bytes until it returns.
        network.time.after(0) { _ = socket }
        sockets.removeAll { $0 === socket }
    }

    // MARK: Turns

    /// Something is to be done: a turn, as soon as the one before is over.
    func wake() {
        guard isAlive, !isTurnPending else { return }
        isTurnPending = true
        network.time.at(busyUntilNs) { [self] in turn() }
    }

    private func turn() {
        isTurnPending = false
        guard isAlive, !isPaused else { return }
        turnCount += 1
        turning()
        if let metered { metered(step) } else { step() }
        if let action = afterTurn {
            afterTurn = nil
            action()
        }
        guard isAlive else { return }
        let cost = Int64.random(in: Self.turnNs, using: &random)
        busyUntilNs = network.time.nowNs + cost
        if !poller.isAsleep { wake() }
        setAlarm()
        turned()
    }

    private func step() {
        var turns = 0
        Self.current = self
        repeat {
            poller.isAsleep = false
            loop.step(maximumWait: .nanoseconds(-1))
            turns += 1
        } while !poller.isAsleep && turns < Self.turnsMax && isAlive && !isPaused
        Self.current = nil
    }

    private func setAlarm() {
        guard let alarmNs = poller.alarmNs else { return }
        let atNs = timeNs(ofClock: alarmNs)
        guard atNs != alarmAtNs else { return }
        alarmAtNs = atNs
        network.time.at(atNs) { [self] in
            if alarmAtNs == atNs { alarmAtNs = .max }
            wake()
        }
    }

    /// Has it do something on its loop, as a program on it would.
    func perform(_ action: @escaping () -> Void) {
        guard isAlive else { return }
        let box = ActionBox(action)
        loop.post { box.action() }
        wake()
    }

    private struct ActionBox: @unchecked Sendable {
        // One thread.
        let action: () -> Void
        init(_ action: @escaping () -> Void) { self.action = action }
    }

    // MARK: Effects

    /// Something is about to leave the process: a message, a write. Whoever counts them may end it here.
    func effect() {
        guard let left = effects?.left else { return }
        guard left == 1 else { return effects!.left = left - 1 }
        let then = effects!.then
        effects = nil
        then()
    }

    /// Calls `then` right before the process's `count`th effect from now on.
    func beforeEffect(_ count: Int, _ then: @escaping () -> Void) {
        effects = (count, then)
    }

    func forgetEffects() {
        effects = nil
    }

    /// Calls `then` as soon as its turn is over, which it is in.
    func afterTurn(_ then: @escaping () -> Void) {
        afterTurn = then
    }

    func holdBack(_ send: @escaping () -> Void) {
        heldBack.append(send)
    }

    // MARK: Faults

    /// Has its clock run at another rate from now on.
    func setClockRate(_ rate: Double) {
        let now = clockNs
        clockRate = rate
        clockStartNs = now - Int64(Double(network.time.nowNs) * rate)
        // What its clock is to wake it for may be nearer now.
        alarmAtNs = .max
        wake()
    }

    var rate: Double { clockRate }

    /// As CLOCK_BOOTTIME tells it: for how long its monotonic clock has stood still.
    var suspendedNs: Int64 { sleptNs }

    /// Puts its machine to sleep: it stands still, and so does its monotonic clock.
    func sleep() {
        guard isAlive, !isPaused else { return }
        asleepSinceNs = network.time.nowNs
        pause()
    }

    /// Nobody looks at the clock while it sleeps; what it slept is taken off when it wakes.
    private func wakeUp(since sinceNs: Int64) {
        asleepSinceNs = nil
        let slept = Int64(Double(network.time.nowNs - sinceNs) * clockRate)
        clockStartNs -= slept
        sleptNs += slept
        alarmAtNs = .max
    }

    /// Stops it; its kernel goes on taking what comes.
    func pause() {
        guard isAlive, !isPaused else { return }
        isPaused = true
        network.stoodStill(self)
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        if let sinceNs = asleepSinceNs { wakeUp(since: sinceNs) }
        let sends = heldBack
        heldBack = []
        if isAlive { for send in sends { send() } }
        wake()
    }

    /// Ends it at once: nothing that it does from here on has an effect. Its kernel closes its connections.
    func kill() {
        guard isAlive else { return }
        for socket in sockets { network.closed(socket) }
        isAlive = false
        heldBack = []
        effects = nil
    }

    /// Lets a dead process's loop go through what its objects need to be taken down.
    func drain() {
        for _ in 0..<16 {
            poller.isAsleep = false
            loop.step(maximumWait: .zero)
        }
    }
}

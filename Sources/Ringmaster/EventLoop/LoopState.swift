// What an event loop keeps between and during its turns.

/// The state of a loop that its thread alone touches.
final class LoopState {
    static let tokensMax = 64
    /// Turns that may pass without asking the kernel while sockets in hand are busy.
    static let turnsWithoutWaitMax = 16

    let ready = JobQueue()
    @exclusivity(unchecked) var timers = TimerHeap()
    @exclusivity(unchecked) var now: MonotonicTime
    @exclusivity(unchecked) var sockets: [LoopSocket?] = []
    var freeTokens: [Int] = []
    var watches: [DescriptorWatch?] = []
    /// Watches whose descriptors were readable in this turn.
    @exclusivity(unchecked) var readableWatches: [DescriptorWatch] = []
    @exclusivity(unchecked) var touched: [LoopSocket] = []
    @exclusivity(unchecked) var readable: [LoopSocket] = []
    @exclusivity(unchecked) var dispatching: [LoopSocket] = []
    @exclusivity(unchecked) var sinks: [any Flushable] = []
    @exclusivity(unchecked) var turnsWithoutWait = 0
    /// When the kernel's alarm rings; `distantFuture` where it is not set.
    @exclusivity(unchecked) var alarm = MonotonicTime.distantFuture
    let tokens = UnsafeMutablePointer<UInt64>.allocate(capacity: tokensMax)

    init(now: MonotonicTime) {
        self.now = now
    }

    deinit {
        tokens.deallocate()
    }
}

/// Something that gathers output during a turn.
protocol Flushable: AnyObject {
    /// Sends what was gathered. Called once at the end of the turn for each `flushLater`.
    func flush()
}

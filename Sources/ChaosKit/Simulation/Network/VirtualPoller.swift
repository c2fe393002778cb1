// What an event loop of a simulation waits with: never really, as time passes only between the events.

import CShim

/// The sockets of a loop that something came to, and its alarm. It notes when the loop would sleep.
final class VirtualPoller {
    /// By descriptor: small numbers, as those of a kernel are.
    @exclusivity(unchecked) private var tokens: [UInt64?] = []
    @exclusivity(unchecked) private var ready: [Int32] = []
    @exclusivity(unchecked) private var isWoken = false
    /// On the loop's own clock.
    @exclusivity(unchecked) private(set) var alarmNs: Int64?
    /// Whether the loop asked to sleep, and nothing kept it awake.
    @exclusivity(unchecked) var isAsleep = false
    /// The loop's own clock.
    let clockNs: () -> Int64
    /// Called when something came while the loop may be asleep.
    var wakes: () -> Void = {}

    private let face: UnsafeMutablePointer<rm_virtual>
    /// The `rm_poller *`.
    var handle: OpaquePointer { OpaquePointer(rm_virtual_handle(face)) }

    init(clockNs: @escaping () -> Int64) {
        self.clockNs = clockNs
        face = .allocate(capacity: 1)
        face.initialize(to: rm_virtual(calls: VirtualCalls.table, object: nil))
        face.pointee.object = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        face.deallocate()
    }

    func add(_ descriptor: Int32, _ token: UInt64) {
        while tokens.count <= Int(descriptor) { tokens.append(nil) }
        tokens[Int(descriptor)] = token
    }

    func remove(_ descriptor: Int32) {
        if tokens.indices.contains(Int(descriptor)) { tokens[Int(descriptor)] = nil }
        ready.removeAll { $0 == descriptor }
    }

    private func token(of descriptor: Int32) -> UInt64? {
        tokens.indices.contains(Int(descriptor)) ? tokens[Int(descriptor)] : nil
    }

    /// Something came on a descriptor.
    func mark(_ descriptor: Int32) {
        guard token(of: descriptor) != nil else { return }
        if !ready.contains(descriptor) { ready.append(descriptor) }
        wakes()
    }

    func setAlarm(_ timeNs: Int64) {
        alarmNs = timeNs
    }

    func wake() {
        isWoken = true
        wakes()
    }

    func wait(_ timeoutNs: Int64, _ out: UnsafeMutablePointer<UInt64>, _ capacity: Int) -> Int {
        var count = 0
        while count < capacity, let descriptor = ready.first {
            ready.removeFirst()
            guard let token = token(of: descriptor) else { continue }
            out[count] = token
            count += 1
        }
        if isWoken, count < capacity {
            isWoken = false
            out[count] = RM_POLLER_WAKE
            count += 1
        }
        if let alarmNs, alarmNs <= clockNs(), count < capacity {
            self.alarmNs = nil
            out[count] = RM_POLLER_ALARM
            count += 1
        }
        isAsleep = count == 0 && timeoutNs != 0
        return count
    }
}

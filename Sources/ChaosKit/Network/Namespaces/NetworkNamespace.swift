// A network namespace with one device in it, whose packets come to the run.

import CShimNetwork
import Dispatch
import Glibc
import RingmasterCommand

/// A namespace of a process of the run. Nothing of it has a name or outlives its descriptors: it is gone with the run, however
/// that ends, and with the last process in it.
struct NetworkNamespace: Sendable {
    /// The namespace's own.
    let descriptor: Int32
    /// Its device's packets.
    let packets: Int32

    /// Makes one whose device has this address.
    /// - Throws: `RunError.cannotStart`.
    init(at address: UInt32) throws(RunError) {
        // A thread that has entered a namespace stays there, so one is given to it.
        let made = Self.onThread { () -> (Int32, Int32) in
            let descriptor = rm_namespace_make()
            guard descriptor >= 0 else { return (descriptor, descriptor) }
            return (descriptor, rm_tun_make("eth0", address, Self.packetBytesMax))
        }
        guard made.0 >= 0, made.1 >= 0 else {
            if made.0 >= 0 { close(made.0) }
            throw Self.failure(min(made.0, made.1))
        }
        (descriptor, packets) = made
    }

    /// As of ethernet with large frames: a job is one packet.
    static let packetBytesMax: Int32 = 9000

    static func failure(_ status: Int32) -> RunError {
        let reason = String(cString: strerror(-status))
        return .cannotStart(
            node: "the network",
            reason: "\(reason); --network namespaces needs root (CAP_NET_ADMIN) and /dev/net/tun"
        )
    }

    /// How another process finds it.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// A datagram socket in it, at any port of the address.
    func datagramSocket(at address: UInt32) -> Int32? {
        let made = Self.onThread { [path] () -> Int32 in
            guard rm_namespace_enter(path) == 0 else { return -1 }
            let socket = InternetSocket.open(SOCK_DGRAM)
            return InternetSocket.bind(socket, to: SocketPlace(address: address, port: 0)) ? socket : -1
        }
        return made >= 0 ? made : nil
    }

    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value {
        let (done, value) = (DispatchSemaphore(value: 0), ThreadValue<Value>())
        startThread {
            value.value = body()
            done.signal()
        }
        done.wait()
        guard let value = value.value else { preconditionFailure("the thread has ended without its word") }
        return value
    }
}

/// @unchecked Sendable: written before the semaphore is signalled, read after.
private final class ThreadValue<Value>: @unchecked Sendable {
    var value: Value?
}

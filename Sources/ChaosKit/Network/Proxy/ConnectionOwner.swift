// Whose a connection is: the kernel knows which socket has its other end, and which process has that socket.

import Glibc

/// Looks for the process at the other end of a TCP connection of this machine.
///
/// The kernel is asked for that one socket (sock_diag(7), no privileges needed), and the processes that come into question
/// for who holds it (/proc/PID/fd).
enum ConnectionOwner {
    /// - Parameters:
    ///   - end: Its own address and port.
    ///   - accepted: Those that it is connected to.
    /// - Returns: nil where none of them has it; it may also be closed already.
    static func process(holding end: SocketPlace, connectedTo accepted: SocketPlace, among pids: [pid_t]) -> pid_t? {
        guard let inode = inode(of: end, accepted), inode != 0 else { return nil }
        let name = "socket:[\(inode)]"
        return pids.first { holds(name, $0) }
    }

    /// The kernel's number of the socket.
    private static func inode(of end: SocketPlace, _ other: SocketPlace) -> UInt32? {
        let descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue), Self.sockDiag)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let request = request(end, other)
        guard send(descriptor, request, request.count, 0) == request.count else { return nil }
        var reply = [UInt8](repeating: 0, count: 1024)
        // The kernel answers while it is asked.
        let count = recv(descriptor, &reply, reply.count, Int32(MSG_DONTWAIT))
        guard count >= Self.inodeAt + 4 else { return nil }
        return reply.withUnsafeBytes { bytes in
            let kind = bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
            return kind == Self.byFamily ? bytes.loadUnaligned(fromByteOffset: Self.inodeAt, as: UInt32.self) : nil
        }
    }

    // linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h.
    private static let sockDiag: Int32 = 4
    private static let byFamily: UInt16 = 20
    private static let requestFlag: UInt16 = 1
    /// In the reply: the head of 16 bytes, then inet_diag_msg, whose last field it is.
    private static let inodeAt = 16 + 68

    /// nlmsghdr and inet_diag_req_v2: the one TCP socket with these ends.
    private static func request(_ end: SocketPlace, _ other: SocketPlace) -> [UInt8] {
        var bytes: [UInt8] = []
        func add<Number: FixedWidthInteger>(_ number: Number) { withUnsafeBytes(of: number) { bytes += $0 } }
        func addAddress(_ address: UInt32) {
            add(address.bigEndian)
            for _ in 0..<3 { add(0 as UInt32) }
        }
        add(72 as UInt32)
        add(byFamily)
        add(requestFlag)
        add(1 as UInt32)
        add(0 as UInt32)
        add(UInt8(AF_INET))
        add(UInt8(IPPROTO_TCP))
        add(0 as UInt16)
        add(UInt32.max)
        add(end.port.bigEndian)
        add(other.port.bigEndian)
        addAddress(end.address)
        addAddress(other.address)
        add(0 as UInt32)
        // Any cookie.
        add(UInt32.max)
        add(UInt32.max)
        return bytes
    }

    private static func holds(_ name: String, _ pid: pid_t) -> Bool {
        let folder = "/proc/\(pid)/fd"
        guard let directory = opendir(folder) else { return false }
        defer { closedir(directory) }
        var target = [CChar](repeating: 0, count: 64)
        let at = dirfd(directory)
        while let entry = readdir(directory) {
            let count = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { file in
                    readlinkat(at, file, &target, target.count)
                }
            }
            if count == name.utf8.count, target[..<count].elementsEqual(name.utf8.map { CChar(bitPattern: $0) }) {
                return true
            }
        }
        return false
    }
}

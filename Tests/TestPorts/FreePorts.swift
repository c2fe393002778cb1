// TCP ports of loopback for servers that tests start, each of which must know all of them beforehand.

import Glibc

public enum FreePorts {
    /// Ports that nobody uses at this moment, all different.
    public static func take(_ count: Int) -> [Int] {
        let sockets = (0..<count).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        defer { for socket in sockets { close(socket) } }
        return sockets.map { socket in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
                }
            }
            precondition(isBound, "no port can be had: \(String(cString: strerror(errno)))")
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}

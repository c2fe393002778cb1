// Peers that are no ZeroMQ sockets, and one that is another process.

import Glibc
import Testing

/// A TCP port on loopback that accepts connections (the kernel does) and never says a word.
final class SilentListener {
    let port: UInt16
    private var descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        try #require(isListening)
    }

    deinit {
        close()
    }

    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }
}

/// A TCP connection to a port on loopback.
final class RawConnection {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: port)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { [descriptor] in
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
    }

    deinit {
        close(descriptor)
    }

    func write(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
}

private func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}

/// A child process with a ROUTER socket that hears and never answers: Debian's Python, which has the zmq module.
final class PythonPeer {
    let port: UInt16
    private var process: pid_t = 0

    init() throws {
        let script = """
            import sys, zmq
            socket = zmq.Context().socket(zmq.ROUTER)
            print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
            while True:
                socket.recv_multipart()
            """
        var pipe: [Int32] = [-1, -1]
        let made = Glibc.pipe(&pipe)
        try #require(made == 0)
        for descriptor in pipe { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/usr/bin/python3", "-c", script].map { (text: String) in
            strdup(text)
        }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        let status = posix_spawn(&process, "/usr/bin/python3", &actions, nil, &arguments, environ)
        Glibc.close(pipe[1])
        try #require(status == 0, "Debian's python3 is needed")
        let file = fdopen(pipe[0], "r")
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 16)
        let text = fgets(&line, 16, file).map { String(cString: $0).filter(\.isNumber) }
        guard let text, let port = UInt16(text) else {
            Glibc.kill(process, SIGKILL)
            waitpid(process, nil, 0)
            throw NoPeer()
        }
        self.port = port
    }

    /// python3 or its zmq module is missing.
    struct NoPeer: Error {}

    func stop() {
        Glibc.kill(process, SIGSTOP)
    }

    func kill() {
        Glibc.kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }
}

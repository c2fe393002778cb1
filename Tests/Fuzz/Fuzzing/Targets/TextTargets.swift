// Text from outside: endpoints, keys and the files with them.

import Glibc
import Ringmaster

/// Endpoints.
final class EndpointTarget: FuzzTarget {
    let name: StaticString = "endpoints"
    let seeds = [
        "tcp://127.0.0.1:7400", "tcp://*:0", "tcp://[::1]:65535", "tcp://localhost:*", "tcp://host.example:80",
        "ipc:///tmp/a",
        "ipc://@abstract", "ipc://*", "inproc://name", "tcp://127.0.0.1;127.0.0.1:1", "tcp://0.0.0.0:1",
        "udp://127.0.0.1:1",
        "ipc://" + String(repeating: "a", count: 107),
    ].map { Array($0.utf8) }

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        let text = String(decoding: input, as: UTF8.self)
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(text)
        } catch {
            guard case .invalidEndpoint = error else { throw BrokenPromise("text that is none is invalidEndpoint") }
            return "refused"
        }
        try promise("an endpoint keeps its text", endpoint.text == text)
        try promise("no NUL cuts an endpoint short", !text.utf8.contains(0))
        guard endpoint.transport == .tcp else { return "read: \(endpoint.transport)" }
        let isLoopback = ["tcp://127.", "tcp://localhost:", "tcp://[::1]:"].contains { text.hasPrefix($0) }
        try promise("only loopback stays on this host", endpoint.leavesThisHost || isLoopback)
        return endpoint.leavesThisHost ? "read: tcp, leaves this host" : "read: tcp, stays"
    }
}

/// Lists of allowed keys, and files with key pairs: read from a file that is written anew each time.
final class KeyFileTarget: FuzzTarget {
    let name: StaticString = "key files"
    private let descriptor: Int32
    private let path: String

    init() {
        // In memory, where the machine has such a folder.
        let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(folder)/ringmaster.fuzz.XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        precondition(descriptor >= 0, "cannot make a file in \(folder)")
        // It needs no name, and so leaves nothing behind.
        unlink(&template)
        path = "/proc/self/fd/\(descriptor)"
    }

    deinit {
        close(descriptor)
    }

    let seeds = [
        "# Ringmaster key pair. Keep it secret.\npublic rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\n"
            + "secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n",
        "secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
        "# list\nrq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7 # somebody\n\nD:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\n",
        "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
    ].map { Array($0.utf8) }

    func read(_ input: [UInt8], _ random: inout SplitMix64) throws(BrokenPromise) -> String {
        ftruncate(descriptor, 0)
        let written = input.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        try promise("the file takes the input", written == input.count)
        let text = String(decoding: input, as: UTF8.self)
        var verdict: [String] = []
        do {
            let pair = try KeyFile.read(path)
            try promise("a pair comes from a secret line", text.contains("secret"))
            try promise(
                "a public key is written as it was",
                (try? CurvePublicKey(pair.publicKey.text)) == pair.publicKey
            )
            verdict.append("a pair")
        } catch let error as BrokenPromise {
            throw error
        } catch {
            try check(error)
        }
        do {
            let list = try AllowList(contentsOf: path)
            for key in list.keys { try promise("a listed key stands in the file", text.contains(key.text)) }
            verdict.append(list.keys.isEmpty ? "an empty list" : "a list")
        } catch let error as BrokenPromise {
            throw error
        } catch {
            try check(error)
        }
        return verdict.isEmpty ? "refused" : "read: " + verdict.joined(separator: " and ")
    }

    private func check(_ error: any Error) throws(BrokenPromise) {
        guard case .invalidKey = error as? TransportError else {
            throw BrokenPromise("a bad file is invalidKey, not \(error)")
        }
    }
}

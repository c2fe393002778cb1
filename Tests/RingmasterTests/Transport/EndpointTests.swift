// That an endpoint is checked before libzmq sees it, and that whether it leaves the host is never guessed in its favour.

import Testing

@testable import Ringmaster

struct EndpointTests {
    @Test(arguments: [
        "tcp://127.0.0.1:5555", "tcp://127.0.0.1:*", "tcp://*:0", "tcp://[::1]:80", "tcp://host.example:65535",
        "ipc:///tmp/a", "ipc://relative", "ipc://@abstract", "ipc://*", "inproc://name",
    ])
    func aWellFormedEndpointIsTaken(text: String) throws {
        #expect(try Endpoint(text).text == text)
    }

    @Test(arguments: [
        "", "tcp", "tcp:/host:1", "://x", "udp://host:1", "TCP://host:1", "tcp://", "tcp://host", "tcp://:80",
        "tcp://host:", "tcp://host:65536", "tcp://host:-1", "tcp://host:+1", "tcp://host:http", "tcp://host:1\0",
        "tcp://127.0.0.1:0;10.0.0.1:5555", "ipc://", "ipc://a\0b", "ipc://" + String(repeating: "x", count: 108),
        "inproc://",
    ])
    func aMalformedEndpointIsNamedWithTheReason(text: String) {
        do throws(TransportError) {
            _ = try Endpoint(text)
            Issue.record("'\(text)' was taken")
        } catch {
            guard case .invalidEndpoint(let named, let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(named == text && !reason.isEmpty)
        }
    }

    @Test(arguments: [
        "tcp://127.0.0.1:1", "tcp://127.255.0.1:1", "tcp://[::1]:1", "tcp://localhost:1", "ipc:///tmp/a", "inproc://a",
    ])
    func loopbackStaysOnThisHost(text: String) throws {
        #expect(try !Endpoint(text).leavesThisHost)
    }

    @Test(arguments: [
        "tcp://*:1", "tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://[::]:1", "tcp://[::ffff:127.0.0.1]:1",
        "tcp://eth0:1", "tcp://127.0.0.1.example:1", "tcp://localhost.example:1", "tcp://128.0.0.1:1", "tcp://::1:1",
    ])
    func everythingElseLeavesIt(text: String) throws {
        #expect(try Endpoint(text).leavesThisHost)
    }

    @Test func onlyWhatIsPlainlyIPv4IsBoundAsSuch() {
        #expect(!Endpoint("tcp://127.0.0.1:1").usesIPv6)
        #expect(!Endpoint("tcp://localhost:1").usesIPv6)
        #expect(Endpoint("tcp://*:1").usesIPv6)
        #expect(Endpoint("tcp://[::1]:1").usesIPv6)
        #expect(Endpoint("tcp://host.example:1").usesIPv6)
    }

    @Test func onlyAPathInTheFileSystemIsOne() throws {
        #expect(Endpoint("ipc:///tmp/a").ipcPath == "/tmp/a")
        #expect(Endpoint("ipc://@name").ipcPath == nil)
        #expect(Endpoint("ipc://*").ipcPath == nil)
        #expect(Endpoint("tcp://*:1").ipcPath == nil)
    }
}

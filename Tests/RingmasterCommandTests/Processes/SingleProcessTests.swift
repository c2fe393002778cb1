// `coordinator` and `worker` as single processes, with keys, metrics and logs.

import Foundation
import Ringmaster
import Testing

@testable import RingmasterCommand

@Suite(.serialized, .timeLimit(.minutes(2)))
struct SingleProcessTests {
    private func port() throws -> UInt16 { try FreePort.find(on: "127.0.0.1", preferred: nil) }

    @Test
    func termHasAWorkerLeaveAndACoordinatorClose() async throws {
        let endpoint = "tcp://127.0.0.1:\(try port())"
        let coordinator = try Program(["coordinator", "--listen", endpoint, "--log-format", "json"])
        defer { coordinator.end() }
        let worker = try Program(["join", "--cluster", endpoint, "--name", "solo"])
        defer { worker.end() }
        #expect(try await Program.run("submit", "set", "k", "1", "--cluster", endpoint).output == "1\n")
        kill(worker.pid, SIGTERM)
        let left = await worker.waitForEnd()
        #expect(left.status == 0)
        #expect(left.errors.contains("message=\"worker has left\""))
        #expect(try await Program.run("status", "--cluster", endpoint).output.contains("no workers"))
        kill(coordinator.pid, SIGTERM)
        let closed = await coordinator.waitForEnd()
        #expect(closed.status == 0)
        for line in closed.errors.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["label"] as? String == "ringmaster.coordinator", "\(line)")
        }
    }

    @Test
    func aWorkerThatNoLeaderReleasesEndsWithItsStatus() async throws {
        let endpoint = "tcp://127.0.0.1:\(try port())"
        let coordinator = try Program(["coordinator", "--listen", endpoint])
        defer { coordinator.end() }
        let worker = try Program(["worker", "--cluster", endpoint, "--name", "solo", "--leave-timeout", "300ms"])
        defer { worker.end() }
        #expect(try await Program.run("submit", "set", "k", "1", "--cluster", endpoint).output == "1\n")
        kill(coordinator.pid, SIGKILL)
        kill(worker.pid, SIGTERM)
        let result = await worker.waitForEnd()
        #expect(result.status == 75)
        #expect(result.errors.contains("No leader released the worker within 0.3 seconds"))
    }

    @Test
    func keysLetInWhoIsAllowedAndNobodyElse() async throws {
        let folder = try TestFolder()
        for name in ["cluster", "friend", "stranger"] {
            #expect(try await Program.run("keygen", "\(folder.path)/\(name).key").status == 0)
        }
        let publicKey = try String(contentsOfFile: "\(folder.path)/cluster.key.pub", encoding: .utf8)
        let friend = try String(contentsOfFile: "\(folder.path)/friend.key.pub", encoding: .utf8)
        let allowed = try folder.write(publicKey + friend, to: "allowed")
        let endpoint = "tcp://127.0.0.1:\(try port())"
        let keys = ["--key=\(folder.path)/cluster.key", "--allow=\(allowed)"]
        let coordinator = try Program(["coordinator", "--listen", endpoint] + keys)
        defer { coordinator.end() }
        let worker = try Program(["worker", "--cluster", endpoint, "--name", "w"] + keys)
        defer { worker.end() }
        let server = "--server-key=\(folder.path)/cluster.key.pub"
        func submit(_ key: String, _ timeout: String) async throws -> Program.Result {
            try await Program.run(
                "submit",
                "add",
                "k",
                "1",
                "--cluster",
                endpoint,
                "--key=\(folder.path)/\(key).key",
                server,
                "--timeout",
                timeout
            )
        }
        #expect(try await submit("friend", "10s").output == "1\n")
        let refused = try await submit("stranger", "1s")
        #expect(refused.status == 69)
        let plain = try await Program.run("read", "k", "--cluster", endpoint, "--timeout", "1s")
        #expect(plain.status == 69)
        let again = try await Program.run("keygen", "\(folder.path)/cluster.key")
        #expect(again.status == 73)
        #expect(again.errors.contains("it exists already"))
    }

    @Test
    func metricsAreServedToWhoeverGetsThem() async throws {
        let (endpoint, metrics) = ("tcp://127.0.0.1:\(try port())", try port())
        let coordinator = try Program(["coordinator", "--listen", endpoint, "--metrics", "\(metrics)"])
        defer { coordinator.end() }
        var text = ""
        #expect(
            await eventually {
                text = get("/metrics", port: metrics)
                return text.contains("ringmaster_coordinator_leader 1\n")
            }
        )
        #expect(text.contains("# TYPE ringmaster_jobs_total counter\nringmaster_jobs_total 0\n"))
    }

    /// What an HTTP server on loopback answers; empty where there is none.
    private func get(_ path: String, port: UInt16) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        let connected = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return "" }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, 0) == request.count else { return "" }
        var (answer, chunk): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 4096))
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += chunk[..<count]
        }
    }
}

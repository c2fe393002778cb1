// A client in Python calls a Swift server.

import Ringmaster
import Testing

@Suite(.timeLimit(.minutes(1))) struct PythonClientTests {
    private let server: RPCServer
    private let runs = Tally()
    private let cancellations = Tally()

    init() async throws {
        var service = RPCService()
        service.handleRaw("echo") { request, reply in reply.send(request) }
        service.handle("add") { (a: Int, b: Int) in a + b }
        service.handle("greet") { (person: Person) in "hello, \(person.name) (\(person.age.map(String.init) ?? "?"))" }
        service.handle("fail") { (message: String) -> Int in
            throw RemoteError(code: .init(rawValue: 1234), message: message)
        }
        service.handle("describe") { (context: RequestContext) -> [Double] in
            let left = context.deadline.map { $0 - ContinuousClock.now }
            return [left.map { $0 / .milliseconds(1) } ?? -1, Double(context.attempt)]
        }
        service.handle("count") { [runs] (step: Int) in runs.add(step) }
        service.handle("wait") { [cancellations] () -> Int in
            do {
                try await Task.sleep(for: .seconds(60))
            } catch {
                _ = cancellations.add(1)
                throw error
            }
            return 0
        }
        server = try await RPCServer(service, at: "tcp://127.0.0.1:*")
    }

    private func answer(_ command: String...) async throws -> String {
        let words = command
        let client =
            switch words.count {
            case 2: try PythonProcess("client.py", server.endpoint.text, words[0], words[1])
            case 3: try PythonProcess("client.py", server.endpoint.text, words[0], words[1], words[2])
            default: try PythonProcess("client.py", server.endpoint.text, words[0], words[1], words[2], words[3])
            }
        return try await client.line()
    }

    @Test func aRawCallBringsItsBytesBack() async throws {
        #expect(try await answer("raw", "echo", "00ff10") == #"{"result": "00ff10"}"#)
        await server.shutDown()
    }

    @Test func aCallWithValuesBringsItsResult() async throws {
        #expect(try await answer("call", "add", "40", "2") == #"{"result": 42}"#)
        #expect(try await answer("call", "greet", #"{"name": "Ada", "age": null}"#) == #"{"result": "hello, Ada (?)"}"#)
        #expect(try await answer("call", "greet", #"{"age": 36, "name": "Ada"}"#) == #"{"result": "hello, Ada (36)"}"#)
        await server.shutDown()
    }

    @Test func errorsArriveWithTheirCodes() async throws {
        #expect(try await answer("call", "ad", "1") == #"{"error": [1, "the server has no method 'ad'"]}"#)
        #expect(try await answer("call", "add", "1") == #"{"error": [2, "'add' takes 2 params; 1 came"]}"#)
        #expect(try await answer("call", "echo", "1") == #"{"error": [2, "the method takes one param, a bin"]}"#)
        #expect(try await answer("call", "fail", #""too cold""#) == #"{"error": [1234, "too cold"]}"#)
        await server.shutDown()
    }

    @Test func allFramesOfAMessageAreAnswered() async throws {
        // One turn of the server's loop takes in the whole message, so the replies fill as few messages as they can.
        #expect(try await answer("many", "echo", "100") == #"{"messages": 1, "own": true}"#)
        #expect(await server.statistics.requests == 100)
        await server.shutDown()
    }

    @Test func theHandlerLearnsTheBudgetAndTheAttempt() async throws {
        let text = try await answer("budget", "describe", "30000000", "3")
        let numbers = text.split { !"0123456789.-".contains($0) }.compactMap { Double($0) }
        try #require(numbers.count == 2, "\(text)")
        #expect((1...30_000).contains(numbers[0]))
        #expect(numbers[1] == 3)
        await server.shutDown()
    }

    @Test func aCancellationReachesTheHandlerAndNothingIsAnswered() async throws {
        #expect(try await answer("cancel", "wait") == #"{"result": "nothing"}"#)
        #expect(await server.statistics.cancelled == 1)
        #expect(await eventually { cancellations.value == 1 })
        await server.shutDown()
    }

    @Test func aResendOverANewConnectionGetsTheFirstReplyAndRunsNothing() async throws {
        #expect(try await answer("resend", "count", "5") == #"{"first": 5, "second": 5}"#)
        #expect(runs.value == 5)
        #expect(await server.statistics.duplicates == 1)
        await server.shutDown()
    }

    @Test func longFormatsAreTakenForWhatTheyHold() async throws {
        // [0, 7, "echo", [bin "hi"]] with an array 16, a uint 64, a str 8, an array 32 and a bin 32.
        let request = "dc0004 00 cf0000000000000007 d9046563686f dd00000001 c6000000026869"
        #expect(try await answer("body", request, "1") == #"{"frames": [[1, 7, null, "6869"]]}"#)
        await server.shutDown()
    }

    @Test func aBrokenFrameIsAnsweredAndTheConnectionGoesOn() async throws {
        // The method of the first is an int; the frame behind it in the same message is lost with it.
        let broken = "9400070791c0" + "940008a46563686f91c400"
        let error = #"[1, 7, [10, "the request is not a frame of the protocol (docs/PROTOCOL.md)"], null]"#
        #expect(try await answer("body", broken, "1") == #"{"frames": [\#(error)]}"#)
        #expect(await server.statistics.malformed == 1)
        #expect(await server.statistics.requests == 0)
        await server.shutDown()
    }
}

private struct Person: Codable {
    let name: String
    let age: Int?
}

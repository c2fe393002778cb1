// What the responder answers, and how the text looks.

import Testing

@testable import RingmasterCommand

struct MetricsTests {
    @Test(arguments: [
        ("GET /metrics HTTP/1.1\r\n\r\n", "200 OK"), ("GET /metrics?x=1 HTTP/1.0\r\n\r\n", "200 OK"),
        ("GET / HTTP/1.1\r\n\r\n", "404 Not Found"), ("GET /metricsx HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed"), ("\u{1}\u{2}\n\n", "400 Bad Request"),
        ("GET /metrics\r\n\r\n", "400 Bad Request"),
    ])
    func onlyMetricsAreServed(request: String, status: String) {
        #expect(HTTPResponse.answer(to: request) { "x 1\n" }.hasPrefix("HTTP/1.0 \(status)\r\n"))
    }

    @Test
    func aBusyProcessAndASilentPeerAreAnswered() {
        #expect(HTTPResponse.answer(to: "GET /metrics HTTP/1.1\n\n") { nil }.contains("503"))
        #expect(HTTPResponse.answer(to: nil) { "" }.contains("400"))
    }

    @Test
    func labelsAreEscaped() {
        let text = MetricsText.worker(nil)
        #expect(
            text
                == "# HELP ringmaster_worker_up 1 while the worker runs.\n# TYPE ringmaster_worker_up gauge\nringmaster_worker_up 0\n"
        )
    }

    @Test(arguments: [("9100", "127.0.0.1:9100"), ("0.0.0.0:1", "0.0.0.0:1")])
    func addressesAreOnLoopbackUnlessSaidOtherwise(text: String, address: String) {
        #expect(MetricsAddress(text: text)?.description == address)
    }

    @Test(arguments: ["", "x", "70000", "host:1", "1:2:3", "127.0.0.1:", "-1"])
    func addressesThatAreNoneAreRefused(text: String) {
        #expect(MetricsAddress(text: text) == nil)
    }
}

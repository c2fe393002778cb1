import Ringmaster

var service = RPCService()
service.handle("add") { (a: Int, b: Int) in a + b }
service.handleRaw("echo") { request, reply in reply.send(request) }

let server = try await RPCServer(service, at: Endpoint(CommandLine.arguments[1]))
print("listening at \(server.endpoint)")
await server.run()
